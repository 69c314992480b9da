package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The law for {@link ConvolutionKernels}: pure functions in double. All three visit the same pairs
 * of an output element and an input element that it sees through one weight.
 */
public final class ConvolutionReference extends ConvolutionKernels {
  /** What is done with a pair: indices of the output, the input and the weight between them. */
  @FunctionalInterface
  private interface Visitor {
    void visit(int output, int input, int weight);
  }

  private static void eachPair(ConvShape s, int images, Visitor visitor) {
    for (int image = 0; image < images; image++) {
      for (int o = 0; o < s.outChannels(); o++) {
        for (int p = 0; p < s.height().out(); p++) {
          for (int q = 0; q < s.width().out(); q++) {
            int output = ((image * s.outChannels() + o) * s.height().out() + p) * s.width().out();
            eachTap(s, image, o, p, q, output + q, visitor);
          }
        }
      }
    }
  }

  private static void eachTap(
      ConvShape s, int image, int o, int p, int q, int output, Visitor visitor) {
    for (int c = 0; c < s.inChannels(); c++) {
      for (int i = 0; i < s.height().kernel(); i++) {
        for (int j = 0; j < s.width().kernel(); j++) {
          int row = seen(s.height(), p, i);
          int column = seen(s.width(), q, j);
          if (row >= 0 && row < s.height().in() && column >= 0 && column < s.width().in()) {
            int input = (image * s.inChannels() + c) * s.height().in() + row;
            int weight = (o * s.inChannels() + c) * s.height().kernel() + i;
            visitor.visit(output, input * s.width().in() + column, weight * s.width().kernel() + j);
          }
        }
      }
    }
  }

  /** The input that output p sees through tap i. */
  private static int seen(ConvShape.Axis axis, int p, int i) {
    return p * axis.stride() - axis.padding() + i * axis.dilation();
  }

  /** The convolution of x without a bias, [images, outSize]. */
  static double[] convolve(ConvShape s, double[] x, double[] w) {
    int images = x.length / s.inSize();
    double[] y = new double[images * s.outSize()];
    eachPair(s, images, (output, input, weight) -> y[output] += w[weight] * x[input]);
    return y;
  }

  /** The transposed convolution of y without a bias, [images, inSize]. */
  static double[] transpose(ConvShape s, double[] y, double[] w) {
    int images = y.length / s.outSize();
    double[] x = new double[images * s.inSize()];
    eachPair(s, images, (output, input, weight) -> x[input] += w[weight] * y[output]);
    return x;
  }

  /** The gradient of the weight: x on the shape's input side, y on its output side. */
  static double[] weightGradient(ConvShape s, double[] x, double[] y) {
    double[] dW = new double[s.outChannels() * s.patch()];
    eachPair(
        s, x.length / s.inSize(), (output, input, weight) -> dW[weight] += x[input] * y[output]);
    return dW;
  }

  /** Adds bias[c] to every element of channel c. */
  static double[] biased(double[] a, double @Nullable [] bias, int pixels) {
    for (int i = 0; bias != null && i < a.length; i++) {
      a[i] += bias[i / pixels % bias.length];
    }
    return a;
  }

  /** Sums over the images and pixels of each channel. */
  static double[] channelSums(double[] a, int channels, int pixels) {
    double[] sums = new double[channels];
    for (int i = 0; i < a.length; i++) {
      sums[i / pixels % channels] += a[i];
    }
    return sums;
  }

  private static void activated(double[] v, Activation f, @Nullable Tensor pre, Tensor y) {
    Doubles.write(v, pre);
    Doubles.write(Arrays.stream(v).map(e -> DenseReference.value(f, e)).toArray(), y);
  }

  private static double[] preGradient(
      Activation f, @Nullable Tensor pre, Tensor y, Tensor dY, Tensor dPre) {
    double[] g =
        DenseReference.preGradient(f, Doubles.readOptional(pre), Doubles.read(y), Doubles.read(dY));
    Doubles.write(g, dPre);
    return g;
  }

  @Override
  protected void doForward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y) {
    double[] v = convolve(shape, Doubles.read(x), Doubles.read(w));
    activated(biased(v, Doubles.readOptional(bias), shape.outPixels()), f, pre, y);
  }

  @Override
  protected void doBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    double[] g = preGradient(f, pre, y, dY, dPre);
    Doubles.accumulate(transpose(shape, g, Doubles.read(w)), dX);
    Doubles.accumulate(weightGradient(shape, Doubles.read(x), g), dW);
    Doubles.accumulate(channelSums(g, shape.outChannels(), shape.outPixels()), dBias);
  }

  @Override
  protected void doTransposed(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y) {
    double[] v = transpose(shape, Doubles.read(x), Doubles.read(w));
    int pixels = shape.height().in() * shape.width().in();
    activated(biased(v, Doubles.readOptional(bias), pixels), f, pre, y);
  }

  @Override
  protected void doTransposedBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    double[] g = preGradient(f, pre, y, dY, dPre);
    Doubles.accumulate(convolve(shape, g, Doubles.read(w)), dX);
    Doubles.accumulate(weightGradient(shape, g, Doubles.read(x)), dW);
    int pixels = shape.height().in() * shape.width().in();
    Doubles.accumulate(channelSums(g, shape.inChannels(), pixels), dBias);
  }
}
