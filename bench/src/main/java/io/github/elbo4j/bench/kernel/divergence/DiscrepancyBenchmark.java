package io.github.elbo4j.bench.kernel.divergence;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels.Kernel;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Maximum mean discrepancy. */
public class DiscrepancyBenchmark extends KernelBenchmark {
  /** Points of each sample x dimensions. */
  @Param({"128x10", "1024x10"})
  public String shape = "";

  @Param({"RBF", "INVERSE_MULTIQUADRATIC"})
  public String kernel = "";

  static final float[] SCALES = {1, 10};

  Tensor x;
  Tensor y;
  Tensor dMmd;
  private Tensor mmd;
  private Tensor dX;
  private Tensor dY;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    x = numbers.normal(dims);
    y = numbers.uniform(dims);
    dMmd = numbers.uniform(1);
    mmd = Tensor.zeros(1);
    dX = Tensor.zeros(dims);
    dY = Tensor.zeros(dims);
  }

  @Override
  protected Work work(String benchmark) {
    Work pairs = Work.of((long) x.rows() * y.rows());
    return switch (benchmark) {
      case "mmd" -> pairs.reads(x, y).writes(mmd);
      case "mmdBackward" -> pairs.reads(x, y, dMmd).updates(dX, dY);
      case "mmdBoth" -> work("mmd").and(work("mmdBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("discrepancy.mmd")
  public Tensor mmd() {
    k.discrepancy().mmd(x, y, Kernel.valueOf(kernel), SCALES, true, mmd);
    return mmd;
  }

  @Benchmark
  @Covers("discrepancy.mmdBackward")
  public Tensor mmdBackward() {
    k.discrepancy().mmdBackward(x, y, Kernel.valueOf(kernel), SCALES, true, dMmd, dX, dY);
    return dX;
  }

  @Benchmark
  @Covers({"discrepancy.mmd", "discrepancy.mmdBackward"})
  public Tensor mmdBoth() {
    mmd();
    return mmdBackward();
  }
}
