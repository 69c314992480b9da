package io.github.elbo4j.bench.kernel.importance;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.importance.BoundStream;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Importance weights: bounds, normalised weights, effective sample sizes, tail indices. */
public class ImportanceBenchmark extends KernelBenchmark {
  /** Data points x samples: an IWAE's batch, many, few samples, an evaluation's. */
  @Param({"128x50", "4096x50", "4096x5", "20x5000"})
  public String shape = "";

  Tensor logW;
  Tensor bound;
  Tensor weights;
  Tensor ess;
  Tensor g;
  Tensor dLogW;
  Tensor z;
  Tensor dz;
  private BoundStream stream;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    logW = numbers.normal(dims);
    for (int i = 0; i < logW.size(); i++) {
      logW.array()[logW.offset() + i] = 3 * logW.get(i) - 90;
    }
    bound = Tensor.zeros(dims[0]);
    ess = Tensor.zeros(dims[0]);
    weights = Tensor.zeros(dims);
    g = numbers.normal(dims[0]);
    dLogW = Tensor.zeros(dims);
    z = numbers.normal(logW.size(), 20);
    dz = Tensor.zeros(logW.size(), 20);
    stream = new BoundStream(dims[0], 0);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(logW.size()).reads(logW);
    return switch (benchmark) {
      case "bound", "renyiNearOne" -> w.writes(bound, weights, ess);
      case "boundBackward" -> Work.of(logW.size()).reads(weights, g).updates(dLogW);
      case "boundBoth" -> work("bound").and(work("boundBackward"));
      case "doublyReparameterizedBackward" -> Work.of(z.size()).reads(weights, z).updates(dz);
      case "stream" -> w.writes(bound, ess);
      case "tailIndex" -> w.writes(bound, weights);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("importance.bound")
  @AtLeast(shape = "4096x50", value = 4)
  public Tensor bound() {
    k.importance().bound(logW, 0, bound, weights, ess);
    return bound;
  }

  @Benchmark
  @Covers("importance.bound")
  public Tensor renyiNearOne() {
    k.importance().bound(logW, 0.9f, bound, weights, ess);
    return bound;
  }

  @Benchmark
  @Covers("importance.boundBackward")
  public Tensor boundBackward() {
    k.importance().boundBackward(weights, g, dLogW);
    return dLogW;
  }

  @Benchmark
  @Covers({"importance.bound", "importance.boundBackward"})
  public Tensor boundBoth() {
    bound();
    return boundBackward();
  }

  @Benchmark
  @Covers("importance.doublyReparameterizedBackward")
  public Tensor doublyReparameterizedBackward() {
    k.importance().doublyReparameterizedBackward(weights, 0, z, dz);
    return dz;
  }

  @Benchmark
  @Covers({"importance.push", "importance.finish"})
  public Tensor stream() {
    stream.reset();
    k.importance().push(stream, logW);
    k.importance().finish(stream, bound, ess);
    return bound;
  }

  @Benchmark
  @Covers("importance.tailIndex")
  public Tensor tailIndex() {
    k.importance().tailIndex(logW, bound, weights);
    return bound;
  }
}
