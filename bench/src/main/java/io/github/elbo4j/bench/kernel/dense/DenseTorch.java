package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link DenseBenchmark} in libtorch, whose weights are [out, in] in memory. */
public class DenseTorch extends TorchBenchmark<DenseBenchmark> {
  /** As there. */
  @Param({"128x784x400", "128x400x20", "128x20x400", "128x400x784", "1000x200x784"})
  public String shape = "";

  /** As there. */
  @Param("RELU")
  public String activation = "";

  private Tensor x;
  private Tensor weight;
  private Tensor bias;
  private Tensor dY;
  private Tensor w;

  @Override
  protected void prepare(DenseBenchmark ours) {
    x = leaf(ours.x);
    bias = leaf(ours.bias);
    dY = tensor(ours.dY);
    w = tensor(ours.w);
    weight = leaf(transposed(ours.w));
  }

  private static io.github.elbo4j.tensor.Tensor transposed(io.github.elbo4j.tensor.Tensor a) {
    var t = io.github.elbo4j.tensor.Tensor.zeros(a.columns(), a.rows());
    for (int i = 0; i < a.size(); i++) {
      t.array()[i % a.columns() * a.rows() + i / a.columns()] = a.get(i);
    }
    return t;
  }

  private Tensor layer() {
    return torch.relu(torch.linear(x, weight, bias));
  }

  @Benchmark
  public Object forward() {
    return forward(() -> outputs(layer()));
  }

  @Benchmark
  public Object both() {
    return both(
        () -> {
          Tensor y = layer();
          backward(tensors(y), tensors(dY));
          return outputs(y, null, x.grad(), weight.grad().t(), bias.grad());
        });
  }

  @Benchmark
  public Object gemm() {
    return forward(() -> outputs(torch.mm(x, w)));
  }

  @Benchmark
  public Object gemmTransposedA() {
    return forward(() -> outputs(torch.mm(x.t(), dY)));
  }

  @Benchmark
  public Object gemmTransposedB() {
    return forward(() -> outputs(torch.mm(dY, w.t())));
  }
}
