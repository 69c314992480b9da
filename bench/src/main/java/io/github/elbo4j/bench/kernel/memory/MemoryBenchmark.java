package io.github.elbo4j.bench.kernel.memory;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Moving elements about: what the machine's memory does at best. */
public class MemoryBenchmark extends KernelBenchmark {
  /**
   * Elements, two arrays of which lie in a core's L2 cache, in the L3 cache, in neither: the copy
   * in these three is what the other kernels' rates are compared with.
   */
  @Param({"32768", "1048576", "16777216"})
  public String shape = "";

  Tensor a;
  Tensor b;

  /** Fresh arguments for two more calls, beside those that were measured. */
  @Override
  protected String verifiedShape(String shape) {
    return shape.replace("16777216", "1048579");
  }

  @Override
  protected void prepare(Numbers numbers) {
    int n = Integer.parseInt(shape);
    a = numbers.uniform(n);
    b = numbers.uniform(n);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(a.size());
    return switch (benchmark) {
      case "fill" -> w.writes(a);
      case "copy" -> w.reads(a).writes(b);
      case "add" -> w.reads(a).updates(b);
      case "swap" -> w.updates(a, b);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("memory.fill")
  public Tensor fill() {
    k.memory().fill(a, 1.5f);
    return a;
  }

  @Benchmark
  @Covers("memory.copy")
  public Tensor copy() {
    k.memory().copy(a, b);
    return b;
  }

  @Benchmark
  @Covers("memory.add")
  public Tensor add() {
    k.memory().add(a, b);
    return b;
  }

  @Benchmark
  @Covers("memory.swap")
  public Tensor swap() {
    k.memory().swap(a, b);
    return a;
  }
}
