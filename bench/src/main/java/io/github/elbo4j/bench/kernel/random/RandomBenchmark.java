package io.github.elbo4j.bench.kernel.random;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Philox: raw words, uniforms, normals. */
public class RandomBenchmark extends KernelBenchmark {
  /** Elements: the noise of a VAE step, of a large batch, and more than L2 holds. */
  @Param({"2560", "262144", "4000000"})
  public String shape = "";

  private final NoiseKey key = new NoiseKey(1, 2);
  Tensor out;
  int[] words;

  @Override
  protected void prepare(Numbers numbers) {
    int n = Integer.parseInt(shape);
    out = Tensor.zeros(n);
    words = new int[n];
  }

  @Override
  protected Work work(String benchmark) {
    Work work = Work.of(words.length);
    return benchmark.equals("bits") ? work.writes(words) : work.writes(out);
  }

  @Benchmark
  @Covers("random.bits")
  public int[] bits() {
    k.random().bits(key, 0, words, 0, words.length);
    return words;
  }

  @Benchmark
  @Covers("random.uniform")
  public Tensor uniform() {
    k.random().uniform(key, 0, out);
    return out;
  }

  @Benchmark
  @Covers("random.normal")
  @AtLeast(shape = "262144", value = 5)
  public Tensor normal() {
    k.random().normal(key, 0, out);
    return out;
  }
}
