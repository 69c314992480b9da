package io.github.elbo4j.bench.kernel.pixels;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Bytes to floats. */
public class PixelsBenchmark extends KernelBenchmark {
  /** Batch x pixels. */
  @Param({"128x784", "20x1000", "2048x784"})
  public String shape = "";

  private final NoiseKey key = new NoiseKey(1, 2);
  ByteTensor x;
  Tensor out;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    x = numbers.pixels(dims[0], dims[1]);
    out = Tensor.zeros(dims);
  }

  @Override
  protected Work work(String benchmark) {
    return Work.of(out.size()).reads(x).writes(out);
  }

  @Benchmark
  @Covers("pixels.scale")
  public Tensor scale() {
    k.pixels().scale(x, out);
    return out;
  }

  @Benchmark
  @Covers("pixels.binarize")
  public Tensor binarize() {
    k.pixels().binarize(key, 0, x, out);
    return out;
  }
}
