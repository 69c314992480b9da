package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Moving elements about: what the machine's memory does at best. */
public class MemoryBenchmark extends KernelBenchmark {
  /** Batch x pixels. */
  @Param({"128x784", "2048x784"})
  public String shape = "";

  private Tensor a = Tensor.EMPTY;
  private Tensor b = Tensor.EMPTY;

  @Override
  void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    a = numbers.normal(dims);
    b = numbers.uniform(dims);
  }

  @Override
  Work work(String benchmark) {
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
