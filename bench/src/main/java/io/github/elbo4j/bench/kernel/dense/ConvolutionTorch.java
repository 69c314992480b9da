package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link ConvolutionBenchmark} in libtorch. */
public class ConvolutionTorch extends TorchBenchmark<ConvolutionBenchmark> {
  /** As there. */
  @Param({"128x1x28x32x4x2x1", "128x32x14x64x4x2x1"})
  public String shape = "";

  private static final long[] ONES = {1, 1};
  private static final long[] ZEROS = {0, 0};

  private Tensor x;
  private Tensor y;
  private Tensor w;
  private Tensor inBias;
  private Tensor outBias;
  private TensorOptional inBiasOption;
  private TensorOptional outBiasOption;
  private long[] stride;
  private long[] padding;

  @Override
  protected void prepare(ConvolutionBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    int out = ConvolutionBenchmark.geometry(dims).height().out();
    x = leaf(ours.x, dims[0], dims[1], dims[2], dims[2]);
    y = leaf(ours.y, dims[0], dims[3], out, out);
    w = leaf(ours.w, dims[3], dims[1], dims[4], dims[4]);
    inBias = leaf(ours.inBias);
    outBias = leaf(ours.outBias);
    inBiasOption = new TensorOptional(inBias);
    outBiasOption = new TensorOptional(outBias);
    stride = new long[] {dims[5], dims[5]};
    padding = new long[] {dims[6], dims[6]};
  }

  private Tensor convolved() {
    return torch.conv2d(x, w, outBiasOption, stride, padding, ONES, 1);
  }

  private Tensor turned() {
    return torch.conv_transpose2d(y, w, inBiasOption, stride, padding, ZEROS, 1, ONES);
  }

  @Benchmark
  public Object forward() {
    return forward(() -> outputs(convolved()));
  }

  @Benchmark
  public Object forwardBoth() {
    return both(
        () -> {
          Tensor out = convolved();
          backward(tensors(out), tensors(y.detach()));
          return outputs(out, x.grad(), w.grad(), outBias.grad());
        });
  }

  @Benchmark
  public Object transposed() {
    return forward(() -> outputs(turned()));
  }

  @Benchmark
  public Object transposedBoth() {
    return both(
        () -> {
          Tensor back = turned();
          backward(tensors(back), tensors(x.detach()));
          return outputs(back, y.grad(), w.grad(), inBias.grad());
        });
  }
}
