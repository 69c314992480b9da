package io.github.elbo4j.bench.kernel.memory;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link MemoryBenchmark} in libtorch. */
public class MemoryTorch extends TorchBenchmark<MemoryBenchmark> {
  /** As there. */
  @Param({"32768", "1048576", "16777216"})
  public String shape = "";

  private final Scalar value = new Scalar(1.5);
  private Tensor a;
  private Tensor b;

  @Override
  protected void prepare(MemoryBenchmark ours) {
    a = tensor(ours.a);
    b = tensor(ours.b);
  }

  @Benchmark
  public Object fill() {
    return forward(() -> outputs(a.fill_(value)));
  }

  @Benchmark
  public Object copy() {
    return forward(() -> outputs(b.copy_(a)));
  }
}
