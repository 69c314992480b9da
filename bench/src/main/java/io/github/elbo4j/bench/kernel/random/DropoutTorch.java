package io.github.elbo4j.bench.kernel.random;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link DropoutBenchmark} in libtorch, which keeps the mask for the backward pass. */
public class DropoutTorch extends TorchBenchmark<DropoutBenchmark> {
  /** As there. */
  @Param({"128x64", "128x400", "4096x64", "4096x400"})
  public String shape = "";

  private Tensor x;
  private Tensor dY;

  @Override
  protected void prepare(DropoutBenchmark ours) {
    x = leaf(ours.x);
    dY = tensor(ours.dY);
  }

  @Benchmark
  public Object dropout() {
    return forward(
        () -> {
          torch.dropout(x, DropoutBenchmark.P, true);
          return outputs((Tensor) null);
        });
  }

  @Benchmark
  public Object dropoutBoth() {
    return both(
        () -> {
          Tensor y = torch.dropout(x, DropoutBenchmark.P, true);
          backward(tensors(y), tensors(dY));
          return outputs(null, null);
        });
  }
}
