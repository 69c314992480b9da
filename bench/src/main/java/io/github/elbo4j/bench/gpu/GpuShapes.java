package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.compose.ColumnsBenchmark;
import io.github.elbo4j.bench.kernel.compose.ComposeBenchmark;
import io.github.elbo4j.bench.kernel.covariance.CholeskyBenchmark;
import io.github.elbo4j.bench.kernel.covariance.CovarianceBenchmark;
import io.github.elbo4j.bench.kernel.dense.BatchNormBenchmark;
import io.github.elbo4j.bench.kernel.dense.ConvolutionBenchmark;
import io.github.elbo4j.bench.kernel.dense.DenseBenchmark;
import io.github.elbo4j.bench.kernel.dense.MaskedBenchmark;
import io.github.elbo4j.bench.kernel.dense.NormalizationBenchmark;
import io.github.elbo4j.bench.kernel.discrete.CategoricalBenchmark;
import io.github.elbo4j.bench.kernel.discrete.CodebookBenchmark;
import io.github.elbo4j.bench.kernel.discrete.ConcreteBenchmark;
import io.github.elbo4j.bench.kernel.discrete.ScoreBenchmark;
import io.github.elbo4j.bench.kernel.divergence.CorrelationBenchmark;
import io.github.elbo4j.bench.kernel.divergence.DiscrepancyBenchmark;
import io.github.elbo4j.bench.kernel.divergence.ProcessBenchmark;
import io.github.elbo4j.bench.kernel.flow.CouplingBenchmark;
import io.github.elbo4j.bench.kernel.flow.FlowBenchmark;
import io.github.elbo4j.bench.kernel.flow.SplineBenchmark;
import io.github.elbo4j.bench.kernel.flow.SylvesterBenchmark;
import io.github.elbo4j.bench.kernel.gaussian.GaussianBenchmark;
import io.github.elbo4j.bench.kernel.importance.ImportanceBenchmark;
import io.github.elbo4j.bench.kernel.likelihood.DensityBenchmark;
import io.github.elbo4j.bench.kernel.likelihood.LikelihoodBenchmark;
import io.github.elbo4j.bench.kernel.memory.MemoryBenchmark;
import io.github.elbo4j.bench.kernel.optim.OptimBenchmark;
import io.github.elbo4j.bench.kernel.pixels.PixelsBenchmark;
import io.github.elbo4j.bench.kernel.random.DropoutBenchmark;
import io.github.elbo4j.bench.kernel.random.RandomBenchmark;
import io.github.elbo4j.bench.kernel.reduce.ReduceBenchmark;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;

/**
 * What is measured on a GPU: the benchmarks of every family, in a shape of a training step and in
 * one that is several times a GPU's L2 cache.
 *
 * @param type the benchmarks of a family
 * @param memoryBound whether its kernels are meant to take no longer than moving their arguments
 * @param tiny a shape to see that it runs at all
 * @param shapes to measure, the large one last
 */
record GpuShapes(
    Class<? extends KernelBenchmark> type, boolean memoryBound, String tiny, List<String> shapes) {
  /** Shape that PyTorch is asked for a fused reparameterisation in. */
  static final String REPARAMETERIZED = "262144x1x64";

  /** Shape that PyTorch is asked for batched Cholesky factors in. */
  static final String FACTORED = "4096x32x1";

  static final List<GpuShapes> ALL =
      List.of(
          moves(MemoryBenchmark.class, "1027", "1048576", "67108864"),
          moves(PixelsBenchmark.class, "5x7", "2048x784", "65536x784"),
          moves(GaussianBenchmark.class, "5x2x7", "4096x1x64", "20x50x50", REPARAMETERIZED),
          moves(LikelihoodBenchmark.class, "5x2x7", "4096x1x784", "20x50x784", "65536x1x784"),
          moves(DensityBenchmark.class, "5x7", "4096x784", "65536x784"),
          moves(
              io.github.elbo4j.bench.kernel.likelihood.CategoricalBenchmark.class,
              "5x3x4",
              "4096x16x16",
              "4096x64x256"),
          moves(ReduceBenchmark.class, "5x7", "4096x100", "524288x100"),
          moves(ComposeBenchmark.class, "5x2x7", "4096x1x64", "20x50x50", "262144x1x64"),
          moves(OptimBenchmark.class, "1027", "652824", "33554432"),
          moves(NormalizationBenchmark.class, "5x7", "4096x400", "131072x400"),
          moves(BatchNormBenchmark.class, "5x3x2", "4096x400x1", "131072x400x1"),
          moves(DropoutBenchmark.class, "5x7", "4096x400", "131072x400"),
          moves(CouplingBenchmark.class, "5x6", "4096x64", "524288x64"),
          moves(FlowBenchmark.class, "1x5x6", "1x4096x64", "32768x1x64", "1x262144x64"),
          moves(SplineBenchmark.class, "5x3x4", "4096x64x8", "65536x64x8"),
          moves(CategoricalBenchmark.class, "5x3x4", "4096x20x10", "131072x20x10"),
          moves(ScoreBenchmark.class, "3x2x5", "4096x1x64", "128x50x64", "262144x1x64"),
          moves(ImportanceBenchmark.class, "5x7", "4096x50", "20x5000", "131072x50"),
          computes(ColumnsBenchmark.class, "7x3", "512x64", "65536x64"),
          computes(RandomBenchmark.class, "1027", "262144", "33554432"),
          computes(ConcreteBenchmark.class, "5x3x4", "4096x20x10", "131072x20x10"),
          computes(CodebookBenchmark.class, "5x7x3", "4096x512x64", "65536x512x64"),
          computes(CovarianceBenchmark.class, "3x2x5", "20x50x50", "1024x1x64", "4096x1x32"),
          computes(CholeskyBenchmark.class, "16x3x2", "1024x64x8", "256x128x8", FACTORED),
          computes(SylvesterBenchmark.class, "1x5x6", "4096x1x32", "1x65536x64"),
          computes(CorrelationBenchmark.class, "7x3", "512x10", "4096x10"),
          computes(DiscrepancyBenchmark.class, "7x3", "1024x10", "4096x10"),
          computes(ProcessBenchmark.class, "5x3x2", "4096x64x10", "65536x64x10"),
          computes(DenseBenchmark.class, "5x7x3", "128x784x400", "128x400x784", "4096x2048x2048"),
          computes(MaskedBenchmark.class, "3x2x5x7", "128x1x512x512", "20x50x64x200"),
          computes(
              ConvolutionBenchmark.class,
              "2x1x8x3x4x2x1",
              "128x1x28x32x4x2x1",
              "128x32x14x64x4x2x1"));

  /** Matrix products: square ones, and those of a step. */
  static final List<GpuShapes> GEMM =
      List.of(
          computes(
              DenseBenchmark.class,
              "5x7x3",
              "1000x1000x1000",
              "4096x4096x4096",
              "128x784x400",
              "128x400x784",
              "1000x200x784"));

  /** The two of forward and backward that PyTorch is asked for. */
  private static final Set<String> BOTH = Set.of("reparameterizeDrawnBoth", "factorBoth");

  /**
   * What is measured of the family: its benchmarks of one hook; of forward and backward together
   * what has no benchmark of its own, and what PyTorch is asked for.
   */
  List<String> methods() {
    List<Method> benchmarks =
        Arrays.stream(type.getMethods())
            .filter(m -> m.isAnnotationPresent(Benchmark.class))
            .sorted(Comparator.comparing(Method::getName))
            .toList();
    Set<String> covered = new HashSet<>();
    benchmarks.stream().filter(m -> !isBoth(m)).forEach(m -> covered.addAll(hooks(m)));
    return benchmarks.stream()
        .filter(m -> !isBoth(m) || BOTH.contains(m.getName()) || !covered.containsAll(hooks(m)))
        .map(Method::getName)
        .toList();
  }

  /** The hooks that a benchmark of the family calls. */
  List<String> hooks(String benchmark) {
    try {
      return hooks(type.getMethod(benchmark));
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> hooks(Method benchmark) {
    @Nullable Covers covers = benchmark.getAnnotation(Covers.class);
    return covers == null ? List.of() : List.of(covers.value());
  }

  private static boolean isBoth(Method benchmark) {
    return benchmark.getName().toLowerCase(Locale.ROOT).endsWith("both");
  }

  private static GpuShapes moves(
      Class<? extends KernelBenchmark> type, String tiny, String... shapes) {
    return new GpuShapes(type, true, tiny, List.of(shapes));
  }

  private static GpuShapes computes(
      Class<? extends KernelBenchmark> type, String tiny, String... shapes) {
    return new GpuShapes(type, false, tiny, List.of(shapes));
  }
}
