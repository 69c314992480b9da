package io.github.elbo4j.bench.kernel.likelihood;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Categorical log-likelihood over logits. */
public class CategoricalBenchmark extends KernelBenchmark {
  /** Rows x data dimensions x levels: pixels as levels, and few levels. */
  @Param({"128x64x256", "4096x16x16", "4096x20x5"})
  public String shape = "";

  Tensor logits;
  ByteTensor x;
  Tensor logLik;
  Tensor g;
  Tensor dLogits;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    logits = numbers.normal(dims[0], dims[1] * dims[2]);
    x = numbers.pixels(dims[0], dims[1]);
    for (int i = 0; i < x.size(); i++) {
      int at = x.offset() + i;
      x.array()[at] = (byte) ((x.array()[at] & 255) % dims[2]);
    }
    logLik = Tensor.zeros(dims[0]);
    g = numbers.normal(dims[0]);
    dLogits = Tensor.zeros(dims[0], dims[1] * dims[2]);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(logits.size()).reads(logits).reads(x);
    return switch (benchmark) {
      case "categorical" -> w.writes(logLik);
      case "categoricalBackward" -> w.reads(g).updates(dLogits);
      case "categoricalBoth" -> work("categorical").and(work("categoricalBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("levels.categorical")
  public Tensor categorical() {
    k.levels().categorical(logits, x, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("levels.categoricalBackward")
  public Tensor categoricalBackward() {
    k.levels().categoricalBackward(logits, x, g, dLogits);
    return dLogits;
  }

  @Benchmark
  @Covers({"levels.categorical", "levels.categoricalBackward"})
  public Tensor categoricalBoth() {
    categorical();
    return categoricalBackward();
  }
}
