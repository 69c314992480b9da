package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.dense.ConvShape;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The convolutions of an encoder of images, and their transposes in its decoder. */
public class ConvolutionBenchmark extends KernelBenchmark {
  /** Images x channels x height and width x output channels x kernel x stride x padding. */
  @Param({"128x1x28x32x4x2x1", "128x32x14x64x4x2x1"})
  public String shape = "";

  ConvShape geometry;
  Tensor w;
  Tensor x;
  Tensor y;
  Tensor dW;
  Tensor inBias;
  Tensor outBias;
  Tensor dInBias;
  Tensor dOutBias;
  Tensor out;
  Tensor back;
  Tensor dX;
  Tensor dBack;

  static ConvShape geometry(int[] dims) {
    return ConvShape.square(dims[1], dims[3], dims[2], dims[2], dims[4], dims[5], dims[6]);
  }

  /** A few images. */
  @Override
  protected String verifiedShape(String shape) {
    return "5" + shape.substring(shape.indexOf('x'));
  }

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    geometry = geometry(dims);
    x = numbers.uniform(dims[0], geometry.inSize()); // so that its sum, dInBias, does not cancel
    y = numbers.normal(dims[0], geometry.outSize());
    w = numbers.normal(dims[3], geometry.patch());
    inBias = numbers.normal(dims[1]);
    outBias = numbers.normal(dims[3]);
    out = Tensor.zeros(dims[0], geometry.outSize());
    back = Tensor.zeros(dims[0], geometry.inSize());
    dX = Tensor.zeros(dims[0], geometry.inSize());
    dBack = Tensor.zeros(dims[0], geometry.outSize());
    dW = Tensor.zeros(dims[3], geometry.patch());
    dInBias = Tensor.zeros(dims[1]);
    dOutBias = Tensor.zeros(dims[3]);
  }

  @Override
  protected Work work(String benchmark) {
    long products = (long) y.size() * geometry.patch();
    Work layer = Work.of(products).flops(2 * products).reads(w);
    return switch (benchmark) {
      case "forward" -> layer.reads(x, outBias).writes(out);
      case "backward" -> layer.flops(4 * products).reads(x, y).updates(dX, dW, dOutBias);
      case "forwardBoth" -> work("forward").and(work("backward"));
      case "transposed" -> layer.reads(y, inBias).writes(back);
      case "transposedBackward" ->
          layer.flops(4 * products).reads(x, y).updates(dBack, dW, dInBias);
      case "transposedBoth" -> work("transposed").and(work("transposedBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("convolution.forward")
  public Tensor forward() {
    k.convolution().forward(geometry, x, w, outBias, Activation.NONE, null, out);
    return out;
  }

  /** The gradient of the output is y. */
  @Benchmark
  @Covers("convolution.backward")
  public Tensor backward() {
    k.convolution().backward(geometry, x, w, Activation.NONE, null, out, y, y, dX, dW, dOutBias);
    return dW;
  }

  /** libtorch calls oneDNN, which runs at the speed of its products: as fast is what is asked. */
  @Benchmark
  @Covers({"convolution.forward", "convolution.backward"})
  @AtLeast(1)
  public Tensor forwardBoth() {
    forward();
    return backward();
  }

  @Benchmark
  @Covers("convolution.transposed")
  public Tensor transposed() {
    k.convolution().transposed(geometry, y, w, inBias, Activation.NONE, null, back);
    return back;
  }

  /** The gradient of the output is x. */
  @Benchmark
  @Covers("convolution.transposedBackward")
  public Tensor transposedBackward() {
    k.convolution()
        .transposedBackward(geometry, y, w, Activation.NONE, null, back, x, x, dBack, dW, dInBias);
    return dW;
  }

  @Benchmark
  @Covers({"convolution.transposed", "convolution.transposedBackward"})
  @AtLeast(1)
  public Tensor transposedBoth() {
    transposed();
    return transposedBackward();
  }
}
