package io.github.elbo4j.bench.kernel.reduce;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link ReduceBenchmark} in libtorch. */
public class ReduceTorch extends TorchBenchmark<ReduceBenchmark> {
  /** As there. */
  @Param({"128x20", "4096x100"})
  public String shape = "";

  private static final long ROWS = 0;

  private final Scalar weight = new Scalar(0.01);
  private final Scalar lambda = new Scalar(0.25);
  private Tensor x;
  private Tensor scalar;
  private Tensor dScalar;

  @Override
  protected void prepare(ReduceBenchmark ours) {
    x = leaf(ours.x);
    scalar = tensor(ours.scalar);
    dScalar = tensor(ours.scalar);
  }

  private Tensor freeNats() {
    return x.mean(ROWS).clamp_min(lambda).sum();
  }

  @Benchmark
  public Object addSum() {
    return forward(() -> outputs(scalar.add_(x.sum(), weight)));
  }

  @Benchmark
  public Object freeBits() {
    return forward(() -> outputs(scalar.add_(freeNats())));
  }

  @Benchmark
  public Object freeBitsBoth() {
    return both(
        () -> {
          Tensor objective = scalar.add(freeNats());
          backward(tensors(objective), tensors(dScalar));
          return outputs(objective, x.grad());
        });
  }
}
