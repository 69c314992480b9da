package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.compose.ComposeReference;
import io.github.elbo4j.kernel.covariance.CholeskyReference;
import io.github.elbo4j.kernel.covariance.CovarianceReference;
import io.github.elbo4j.kernel.dense.ConvolutionReference;
import io.github.elbo4j.kernel.dense.DenseReference;
import io.github.elbo4j.kernel.dense.NormalizationReference;
import io.github.elbo4j.kernel.discrete.CategoricalReference;
import io.github.elbo4j.kernel.discrete.CodebookReference;
import io.github.elbo4j.kernel.discrete.ConcreteReference;
import io.github.elbo4j.kernel.discrete.ScoreReference;
import io.github.elbo4j.kernel.divergence.CorrelationReference;
import io.github.elbo4j.kernel.divergence.DiscrepancyReference;
import io.github.elbo4j.kernel.divergence.ProcessReference;
import io.github.elbo4j.kernel.flow.CouplingReference;
import io.github.elbo4j.kernel.flow.FlowReference;
import io.github.elbo4j.kernel.flow.SplineReference;
import io.github.elbo4j.kernel.flow.SylvesterReference;
import io.github.elbo4j.kernel.gaussian.GaussianReference;
import io.github.elbo4j.kernel.importance.ImportanceReference;
import io.github.elbo4j.kernel.likelihood.FusedLikelihoodReference;
import io.github.elbo4j.kernel.likelihood.LevelsReference;
import io.github.elbo4j.kernel.likelihood.LikelihoodReference;
import io.github.elbo4j.kernel.memory.MemoryReference;
import io.github.elbo4j.kernel.optim.OptimReference;
import io.github.elbo4j.kernel.pixels.PixelsReference;
import io.github.elbo4j.kernel.random.RandomReference;
import io.github.elbo4j.kernel.reduce.ReduceReference;

/** The scalar backend in double: the law that every other backend is measured by. */
final class ReferenceBackend {
  private ReferenceBackend() {}

  static Backend create() {
    return new Backend(
        "reference",
        new MemoryReference(),
        new RandomReference(),
        new PixelsReference(),
        new GaussianReference(),
        new CovarianceReference(),
        new CholeskyReference(),
        new LikelihoodReference(),
        new FusedLikelihoodReference(),
        new LevelsReference(),
        new FlowReference(),
        new SylvesterReference(),
        new CouplingReference(),
        new SplineReference(),
        new ImportanceReference(),
        new ConcreteReference(),
        new CategoricalReference(),
        new ScoreReference(),
        new CodebookReference(),
        new CorrelationReference(),
        new DiscrepancyReference(),
        new ProcessReference(),
        new DenseReference(),
        new NormalizationReference(),
        new ConvolutionReference(),
        new ReduceReference(),
        new ComposeReference(),
        new OptimReference());
  }
}
