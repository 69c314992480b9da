package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link MaskedBenchmark} in libtorch: {@code linear(x, mask * weight, bias)}, as MADE is written.
 */
public class MaskedTorch extends TorchBenchmark<MaskedBenchmark> {
  /** As there. */
  @Param({"128x1x64x512", "128x1x512x512", "20x50x64x200"})
  public String shape = "";

  private Tensor x;
  private Tensor weight;
  private Tensor mask;
  private Tensor bias;
  private Tensor dY;
  private Tensor pre;
  private Tensor context;
  private Tensor dSamples;

  @Override
  protected void prepare(MaskedBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    x = leaf(ours.x);
    bias = leaf(ours.bias);
    weight = leaf(transposed(ours.w));
    mask = tensor(transposed(ours.mask));
    dY = tensor(ours.dY);
    pre = leaf(ours.dY, dims[0], dims[1], dims[3]);
    context = leaf(ours.context, dims[0], 1, dims[3]);
    dSamples = tensor(ours.dY, dims[0], dims[1], dims[3]);
  }

  private static io.github.elbo4j.tensor.Tensor transposed(io.github.elbo4j.tensor.Tensor a) {
    var t = io.github.elbo4j.tensor.Tensor.zeros(a.columns(), a.rows());
    for (int i = 0; i < a.size(); i++) {
      t.array()[i % a.columns() * a.rows() + i / a.columns()] = a.get(i);
    }
    return t;
  }

  private Tensor layer() {
    return torch.relu(torch.linear(x, mask.mul(weight), bias));
  }

  private Tensor conditioned() {
    return torch.tanh(pre.add(context));
  }

  @Benchmark
  public Object masked() {
    return forward(() -> outputs(layer()));
  }

  @Benchmark
  public Object maskedBoth() {
    return both(
        () -> {
          Tensor y = layer();
          backward(tensors(y), tensors(dY));
          return outputs(y, x.grad(), weight.grad().t(), bias.grad());
        });
  }

  @Benchmark
  public Object condition() {
    return forward(() -> outputs(conditioned()));
  }

  @Benchmark
  public Object conditionBoth() {
    return both(
        () -> {
          Tensor y = conditioned();
          backward(tensors(y), tensors(dSamples));
          return outputs(y, pre.grad(), context.grad());
        });
  }
}
