package io.github.elbo4j.bench.kernel.random;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Dropout, whose mask is drawn in both passes. */
public class DropoutBenchmark extends KernelBenchmark {
  static final float P = 0.2f;

  /** Rows x columns. */
  @Param({"128x64", "128x400", "4096x64", "4096x400"})
  public String shape = "";

  private final NoiseKey noise = new NoiseKey(1, 2).at(3);

  Tensor x;
  Tensor y;
  Tensor dY;
  Tensor dX;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    x = numbers.normal(dims);
    dY = numbers.normal(dims);
    y = Tensor.zeros(dims);
    dX = Tensor.zeros(dims);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(x.size());
    return switch (benchmark) {
      case "dropout" -> w.reads(x).writes(y);
      case "dropoutBackward" -> w.reads(dY).updates(dX);
      case "dropoutBoth" -> work("dropout").and(work("dropoutBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("random.dropout")
  public Tensor dropout() {
    k.random().dropout(x, P, noise, y);
    return y;
  }

  @Benchmark
  @Covers("random.dropoutBackward")
  public Tensor dropoutBackward() {
    k.random().dropoutBackward(dY, P, noise, dX);
    return dX;
  }

  @Benchmark
  @Covers({"random.dropout", "random.dropoutBackward"})
  public Tensor dropoutBoth() {
    dropout();
    return dropoutBackward();
  }
}
