package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.compose.ComposeCuda;
import io.github.elbo4j.kernel.covariance.CholeskyCuda;
import io.github.elbo4j.kernel.covariance.CovarianceCuda;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaProbe;
import io.github.elbo4j.kernel.cuda.GemmProvider;
import io.github.elbo4j.kernel.cuda.GemmProviders;
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
import java.util.List;
import java.util.Map;

/** The backend of CUDA devices, one a device. */
public final class CudaBackend {
  private static final Map<Key, Backend> BACKENDS = new HashMap<>();

  private record Key(int device, Precision precision) {}

  private CudaBackend() {}

  /**
   * The backend of device {@code -Delbo4j.device}, 0 unless set.
   *
   * @throws IllegalStateException with the reason when there is none
   */
  public static Backend get() {
    return get(device());
  }

  /** The backend of a device, in float32. */
  public static Backend get(int device) {
    return get(device, Precision.FP32);
  }

  /**
   * The backend of a device; the same object for the same arguments. It keeps its {@link
   * GemmProvider}s until the JVM ends, as the device is kept.
   *
   * @throws IllegalStateException with the reason when there is none, or when it has not what
   *     {@code -Delbo4j.cuda.gemm} or the precision asks for
   */
  public static synchronized Backend get(int device, Precision precision) {
    return BACKENDS.computeIfAbsent(new Key(device, precision), CudaBackend::create);
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

  /** What can multiply matrices on the device of {@link #get()}; none where there is no device. */
  public static List<GemmProviders.Status> gemm(Precision precision) {
    return status().available()
        ? GemmProviders.statuses(Cuda.open(device()), precision)
        : List.of();
  }

  /**
   * Which of them does, such as {@code gemm: cublas (auto), fp32}, then a line for each; nothing
   * where there is no device.
   */
  static String explainGemm(Precision precision) {
    StringBuilder text = new StringBuilder();
    for (GemmProviders.Status s : gemm(precision)) {
      if (text.isEmpty()) {
        String running = runningGemm(Cuda.open(device()), precision);
        text.append("gemm: ").append(running).append(", ").append(precision).append('\n');
      }
      text.append("gemm ").append(s.name()).append(": ");
      text.append(s.available() ? "available" : "not available");
      text.append(" (").append(s.reason()).append(")\n");
    }
    return text.toString();
  }

  private static String runningGemm(Cuda cuda, Precision precision) {
    String asked = GemmProviders.asked();
    String why = asked.equals("auto") ? " (auto)" : " (" + asked + " was asked for)";
    try (GemmProvider gemm = GemmProviders.open(cuda, precision)) {
      return gemm.name() + why;
    } catch (IllegalStateException | IllegalArgumentException e) {
      return "none" + why;
    }
  }

  /** The device that {@code -Delbo4j.device} names. */
  public static int device() {
    String number = System.getProperty("elbo4j.device", "0");
    try {
      return Integer.parseInt(number);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "-Delbo4j.device=" + number + " must be the number of a device, from 0 on", e);
    }
  }

  private static Backend create(Key key) {
    Cuda cuda = Cuda.open(key.device());
    GemmProvider gemm = GemmProviders.open(cuda, key.precision());
    // Layers may be rounded, covariances not: penalties compare them with 0 and 1.
    GemmProvider exact =
        key.precision() == Precision.FP32 ? gemm : GemmProviders.open(cuda, Precision.FP32);
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
        new DenseCuda(cuda, gemm),
        new NormalizationCuda(cuda),
        new ConvolutionCuda(cuda),
        new ReduceCuda(cuda),
        new ComposeCuda(cuda, exact),
        new OptimCuda(cuda));
  }
}
