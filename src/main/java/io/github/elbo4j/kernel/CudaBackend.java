package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.covariance.CholeskySimd;
import io.github.elbo4j.kernel.covariance.CovarianceSimd;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.dense.ConvolutionSimd;
import io.github.elbo4j.kernel.dense.DenseSimd;
import io.github.elbo4j.kernel.dense.NormalizationSimd;
import io.github.elbo4j.kernel.discrete.CategoricalCuda;
import io.github.elbo4j.kernel.discrete.CodebookCuda;
import io.github.elbo4j.kernel.discrete.ConcreteCuda;
import io.github.elbo4j.kernel.discrete.ScoreCuda;
import io.github.elbo4j.kernel.divergence.CorrelationCuda;
import io.github.elbo4j.kernel.divergence.DiscrepancyCuda;
import io.github.elbo4j.kernel.divergence.ProcessSimd;
import io.github.elbo4j.kernel.flow.CouplingSimd;
import io.github.elbo4j.kernel.flow.FlowSimd;
import io.github.elbo4j.kernel.flow.SplineSimd;
import io.github.elbo4j.kernel.flow.SylvesterSimd;
import io.github.elbo4j.kernel.gaussian.GaussianCuda;
import io.github.elbo4j.kernel.importance.ImportanceCuda;
import io.github.elbo4j.kernel.likelihood.FusedLikelihoodSimd;
import io.github.elbo4j.kernel.likelihood.LevelsSimd;
import io.github.elbo4j.kernel.likelihood.LikelihoodSimd;
import io.github.elbo4j.kernel.memory.MemoryCuda;
import io.github.elbo4j.kernel.optim.OptimSimd;
import io.github.elbo4j.kernel.pixels.PixelsSimd;
import io.github.elbo4j.kernel.random.RandomSimd;
import io.github.elbo4j.kernel.reduce.ReduceSimd;
import java.util.HashMap;
import java.util.Map;

/** The backend of CUDA devices, one a device. */
public final class CudaBackend {
  private static final Map<Integer, Backend> BACKENDS = new HashMap<>();

  private CudaBackend() {}

  /**
   * The backend of device {@code -Delbo4j.device}, 0 unless set.
   *
   * @throws IllegalStateException with the reason when there is none
   */
  public static Backend get() {
    return get(Integer.getInteger("elbo4j.device", 0));
  }

  /** The backend of a device; the same object for the same number. */
  public static synchronized Backend get(int device) {
    return BACKENDS.computeIfAbsent(device, d -> create(Cuda.open(d)));
  }

  private static Backend create(Cuda cuda) {
    return new Backend(
        "cuda",
        new MemoryCuda(cuda),
        new RandomSimd(),
        new PixelsSimd(),
        new GaussianCuda(cuda),
        new CovarianceSimd(),
        new CholeskySimd(),
        new LikelihoodSimd(),
        new FusedLikelihoodSimd(),
        new LevelsSimd(),
        new FlowSimd(),
        new SylvesterSimd(),
        new CouplingSimd(),
        new SplineSimd(),
        new ImportanceCuda(cuda),
        new ConcreteCuda(cuda),
        new CategoricalCuda(cuda),
        new ScoreCuda(cuda),
        new CodebookCuda(cuda),
        new CorrelationCuda(cuda),
        new DiscrepancyCuda(cuda),
        new ProcessSimd(),
        new DenseSimd(),
        new NormalizationSimd(),
        new ConvolutionSimd(),
        new ReduceSimd(),
        new OptimSimd());
  }
}
