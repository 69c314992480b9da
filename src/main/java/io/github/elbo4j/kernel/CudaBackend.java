package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.compose.ComposeCuda;
import io.github.elbo4j.kernel.covariance.CholeskyCuda;
import io.github.elbo4j.kernel.covariance.CovarianceCuda;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaProbe;
import io.github.elbo4j.kernel.dense.ConvolutionCuda;
import io.github.elbo4j.kernel.dense.DenseCuda;
import io.github.elbo4j.kernel.dense.NormalizationCuda;
import io.github.elbo4j.kernel.discrete.CategoricalCuda;
import io.github.elbo4j.kernel.discrete.CodebookCuda;
import io.github.elbo4j.kernel.discrete.ConcreteCuda;
import io.github.elbo4j.kernel.discrete.ScoreCuda;
import io.github.elbo4j.kernel.divergence.CorrelationCuda;
import io.github.elbo4j.kernel.divergence.DiscrepancyCuda;
import io.github.elbo4j.kernel.divergence.ProcessCuda;
import io.github.elbo4j.kernel.flow.CouplingCuda;
import io.github.elbo4j.kernel.flow.FlowCuda;
import io.github.elbo4j.kernel.flow.SplineCuda;
import io.github.elbo4j.kernel.flow.SylvesterCuda;
import io.github.elbo4j.kernel.gaussian.GaussianCuda;
import io.github.elbo4j.kernel.importance.ImportanceCuda;
import io.github.elbo4j.kernel.likelihood.FusedLikelihoodCuda;
import io.github.elbo4j.kernel.likelihood.LevelsCuda;
import io.github.elbo4j.kernel.likelihood.LikelihoodCuda;
import io.github.elbo4j.kernel.memory.MemoryCuda;
import io.github.elbo4j.kernel.optim.OptimCuda;
import io.github.elbo4j.kernel.pixels.PixelsCuda;
import io.github.elbo4j.kernel.random.RandomCuda;
import io.github.elbo4j.kernel.reduce.ReduceCuda;
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
    return get(device());
  }

  /** The backend of a device; the same object for the same number. */
  public static synchronized Backend get(int device) {
    return BACKENDS.computeIfAbsent(device, d -> create(Cuda.open(d)));
  }

  /** Whether the device of {@link #get()} can be had, and what it is. */
  static Backends.Status status() {
    String reason = CudaProbe.whyNot();
    if (reason != null) {
      return new Backends.Status("cuda", false, reason);
    }
    try {
      return new Backends.Status("cuda", true, Cuda.open(device()).description());
    } catch (IllegalStateException | IllegalArgumentException e) {
      return new Backends.Status("cuda", false, String.valueOf(e.getMessage()));
    }
  }

  private static int device() {
    String number = System.getProperty("elbo4j.device", "0");
    try {
      return Integer.parseInt(number);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "-Delbo4j.device=" + number + " must be the number of a device, from 0 on", e);
    }
  }

  private static Backend create(Cuda cuda) {
    return new Backend(
        "cuda",
        new MemoryCuda(cuda),
        new RandomCuda(cuda),
        new PixelsCuda(cuda),
        new GaussianCuda(cuda),
        new CovarianceCuda(cuda),
        new CholeskyCuda(cuda),
        new LikelihoodCuda(cuda),
        new FusedLikelihoodCuda(cuda),
        new LevelsCuda(cuda),
        new FlowCuda(cuda),
        new SylvesterCuda(cuda),
        new CouplingCuda(cuda),
        new SplineCuda(cuda),
        new ImportanceCuda(cuda),
        new ConcreteCuda(cuda),
        new CategoricalCuda(cuda),
        new ScoreCuda(cuda),
        new CodebookCuda(cuda),
        new CorrelationCuda(cuda),
        new DiscrepancyCuda(cuda),
        new ProcessCuda(cuda),
        new DenseCuda(cuda),
        new NormalizationCuda(cuda),
        new ConvolutionCuda(cuda),
        new ReduceCuda(cuda),
        new ComposeCuda(cuda),
        new OptimCuda(cuda));
  }
}
