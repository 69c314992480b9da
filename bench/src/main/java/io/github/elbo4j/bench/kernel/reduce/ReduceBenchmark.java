package io.github.elbo4j.bench.kernel.reduce;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** From terms to the scalar objective. */
public class ReduceBenchmark extends KernelBenchmark {
  /** Data points x latent dimensions. */
  @Param({"128x20", "4096x100"})
  public String shape = "";

  Tensor x;
  Tensor dX;
  Tensor scalar;
  Tensor dScalar;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    x = numbers.uniform(dims);
    dX = Tensor.zeros(dims);
    scalar = numbers.normal(1);
    dScalar = Tensor.of(scalar.toArray(), 0, 1);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(x.size());
    return switch (benchmark) {
      case "addSum", "freeBits" -> w.reads(x).updates(scalar);
      case "addSumBackward" -> w.reads(scalar).updates(dX);
      case "freeBitsBoth" -> work("freeBits").and(work("freeBitsBackward"));
      case "freeBitsBackward" -> w.reads(x, dScalar).updates(dX);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("reduce.addSum")
  public Tensor addSum() {
    k.reduce().addSum(x, 0.01f, scalar);
    return scalar;
  }

  @Benchmark
  @Covers("reduce.addSumBackward")
  public Tensor addSumBackward() {
    k.reduce().addSumBackward(scalar, 0.01f, dX);
    return dX;
  }

  @Benchmark
  @Covers("reduce.freeBits")
  public Tensor freeBits() {
    k.reduce().freeBits(x, 0.25f, 1, scalar);
    return scalar;
  }

  @Benchmark
  @Covers("reduce.freeBitsBackward")
  public Tensor freeBitsBackward() {
    k.reduce().freeBitsBackward(x, 0.25f, 1, dScalar, dX);
    return dX;
  }

  @Benchmark
  @Covers({"reduce.freeBits", "reduce.freeBitsBackward"})
  public Tensor freeBitsBoth() {
    freeBits();
    return freeBitsBackward();
  }
}
