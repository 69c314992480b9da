package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.compose.ComposeSimd;
import io.github.elbo4j.kernel.covariance.CholeskySimd;
import io.github.elbo4j.kernel.covariance.CovarianceSimd;
import io.github.elbo4j.kernel.dense.ConvolutionSimd;
import io.github.elbo4j.kernel.dense.DenseSimd;
import io.github.elbo4j.kernel.dense.NormalizationSimd;
import io.github.elbo4j.kernel.discrete.CategoricalSimd;
import io.github.elbo4j.kernel.discrete.CodebookSimd;
import io.github.elbo4j.kernel.discrete.ConcreteSimd;
import io.github.elbo4j.kernel.discrete.ScoreSimd;
import io.github.elbo4j.kernel.divergence.CorrelationSimd;
import io.github.elbo4j.kernel.divergence.DiscrepancySimd;
import io.github.elbo4j.kernel.divergence.ProcessSimd;
import io.github.elbo4j.kernel.flow.CouplingSimd;
import io.github.elbo4j.kernel.flow.FlowSimd;
import io.github.elbo4j.kernel.flow.SplineSimd;
import io.github.elbo4j.kernel.flow.SylvesterSimd;
import io.github.elbo4j.kernel.gaussian.GaussianSimd;
import io.github.elbo4j.kernel.importance.ImportanceSimd;
import io.github.elbo4j.kernel.likelihood.FusedLikelihoodSimd;
import io.github.elbo4j.kernel.likelihood.LevelsSimd;
import io.github.elbo4j.kernel.likelihood.LikelihoodSimd;
import io.github.elbo4j.kernel.memory.MemorySimd;
import io.github.elbo4j.kernel.optim.OptimSimd;
import io.github.elbo4j.kernel.pixels.PixelsSimd;
import io.github.elbo4j.kernel.random.RandomSimd;
import io.github.elbo4j.kernel.reduce.ReduceSimd;

/**
 * The Vector API backend. Only loaded where the incubator module is there, see {@link Backends}.
 */
final class SimdBackend {
  private SimdBackend() {}

  static Backend create() {
    return new Backend(
        "simd",
        new MemorySimd(),
        new RandomSimd(),
        new PixelsSimd(),
        new GaussianSimd(),
        new CovarianceSimd(),
        new CholeskySimd(),
        new LikelihoodSimd(),
        new FusedLikelihoodSimd(),
        new LevelsSimd(),
        new FlowSimd(),
        new SylvesterSimd(),
        new CouplingSimd(),
        new SplineSimd(),
        new ImportanceSimd(),
        new ConcreteSimd(),
        new CategoricalSimd(),
        new ScoreSimd(),
        new CodebookSimd(),
        new CorrelationSimd(),
        new DiscrepancySimd(),
        new ProcessSimd(),
        new DenseSimd(),
        new NormalizationSimd(),
        new ConvolutionSimd(),
        new ReduceSimd(),
        new ComposeSimd(),
        new OptimSimd());
  }

  /** Lanes and bits of the vectors in use. */
  static String description() {
    return SimdMath.L + " lanes of float32, " + SimdMath.F.vectorBitSize() + "-bit vectors";
  }
}
