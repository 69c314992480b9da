package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link BatchNormBenchmark} in libtorch. */
public class BatchNormTorch extends TorchBenchmark<BatchNormBenchmark> {
  /** As there. */
  @Param({"128x64x1", "128x400x1", "4096x64x1", "4096x400x1", "128x32x196"})
  public String shape = "";

  private Tensor x;
  private Tensor dY;
  private Tensor gain;
  private Tensor bias;
  private Tensor runningMean;
  private Tensor runningVariance;
  private TensorOptional gainOption;
  private TensorOptional biasOption;
  private TensorOptional meanOption;
  private TensorOptional varianceOption;

  @Override
  protected void prepare(BatchNormBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    long[] images =
        dims[2] == 1 ? new long[] {dims[0], dims[1]} : new long[] {dims[0], dims[1], dims[2]};
    x = leaf(ours.x, images);
    dY = tensor(ours.dY, images);
    gain = leaf(ours.gain);
    bias = leaf(ours.bias);
    runningMean = tensor(ours.runningMean);
    runningVariance = tensor(ours.runningVariance);
    gainOption = new TensorOptional(gain);
    biasOption = new TensorOptional(bias);
    meanOption = new TensorOptional(runningMean);
    varianceOption = new TensorOptional(runningVariance);
  }

  private Tensor norm(boolean training) {
    return torch.batch_norm(
        x,
        gainOption,
        biasOption,
        meanOption,
        varianceOption,
        training,
        BatchNormBenchmark.MOMENTUM,
        BatchNormBenchmark.EPSILON,
        false);
  }

  @Benchmark
  public Object batchNorm() {
    return forward(
        () -> {
          Tensor y = norm(true);
          return outputs(y, runningMean, runningVariance);
        });
  }

  @Benchmark
  public Object batchNormBoth() {
    return both(
        () -> {
          Tensor y = norm(true);
          backward(tensors(y), tensors(dY));
          return outputs(y, runningMean, runningVariance, x.grad(), gain.grad(), bias.grad());
        });
  }

  @Benchmark
  public Object fixedNorm() {
    return forward(() -> outputs(norm(false)));
  }

  @Benchmark
  public Object fixedNormBoth() {
    return both(
        () -> {
          Tensor y = norm(false);
          backward(tensors(y), tensors(dY));
          return outputs(y, x.grad(), gain.grad(), bias.grad());
        });
  }
}
