package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link NormalizationBenchmark} in libtorch. */
public class NormalizationTorch extends TorchBenchmark<NormalizationBenchmark> {
  /** As there. */
  @Param({"128x64", "128x400", "4096x64", "4096x400"})
  public String shape = "";

  private Tensor x;
  private Tensor dY;
  private Tensor gain;
  private Tensor bias;
  private TensorOptional gainOption;
  private TensorOptional biasOption;
  private long[] columns;

  @Override
  protected void prepare(NormalizationBenchmark ours) {
    x = leaf(ours.x);
    dY = tensor(ours.dY);
    gain = leaf(ours.gain);
    bias = leaf(ours.bias);
    gainOption = new TensorOptional(gain);
    biasOption = new TensorOptional(bias);
    columns = new long[] {ours.x.columns()};
  }

  private Tensor layer() {
    return torch.layer_norm(
        x, columns, gainOption, biasOption, NormalizationBenchmark.EPSILON, false);
  }

  @Benchmark
  public Object softmax() {
    return forward(() -> outputs(torch.softmax(x, 1)));
  }

  @Benchmark
  public Object softmaxBoth() {
    return both(
        () -> {
          Tensor y = torch.softmax(x, 1);
          backward(tensors(y), tensors(dY));
          return outputs(y, x.grad());
        });
  }

  @Benchmark
  public Object logSoftmaxBoth() {
    return both(
        () -> {
          Tensor y = torch.log_softmax(x, 1);
          backward(tensors(y), tensors(dY));
          return outputs(y, x.grad());
        });
  }

  @Benchmark
  public Object layerNorm() {
    return forward(() -> outputs(layer()));
  }

  @Benchmark
  public Object layerNormBoth() {
    return both(
        () -> {
          Tensor y = layer();
          backward(tensors(y), tensors(dY));
          return outputs(y, x.grad(), gain.grad(), bias.grad());
        });
  }
}
