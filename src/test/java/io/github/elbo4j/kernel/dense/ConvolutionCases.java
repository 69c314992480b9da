package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

final class ConvolutionCases implements FamilyCases {
  private static final ConvShape TINY = ConvShape.square(1, 1, 1, 1, 1, 1, 0);
  private static final ConvShape RAGGED =
      new ConvShape(3, 5, new ConvShape.Axis(9, 3, 2, 1, 2), new ConvShape.Axis(23, 2, 3, 2, 3));
  private static final ConvShape BROAD = ConvShape.square(2, 3, 5, 37, 3, 1, 1);

  /** Images and geometry: edges, several portions of rows, one and several images, model sizes. */
  private record Sized(int images, ConvShape shape) {
    /** One of each way in which rows are copied: a stride of 1 and of 2, beside a ragged one. */
    boolean hot() {
      return images == 3 || images == 6;
    }
  }

  private static final List<Sized> SIZES =
      List.of(
          new Sized(0, RAGGED),
          new Sized(0, ConvShape.square(40, 40, 4, 4, 3, 1, 1)),
          new Sized(1, TINY),
          new Sized(20, TINY),
          new Sized(7, RAGGED),
          new Sized(3, BROAD),
          new Sized(33, ConvShape.square(3, 2, 4, 4, 4, 1, 0)),
          new Sized(2, ConvShape.square(40, 17, 20, 30, 3, 1, 1)),
          new Sized(5, ConvShape.square(1, 32, 28, 28, 4, 2, 1)),
          new Sized(6, ConvShape.square(5, 7, 14, 14, 4, 2, 1)),
          new Sized(2, ConvShape.square(16, 20, 14, 14, 4, 2, 1)),
          new Sized(2, ConvShape.square(2, 40, 33, 34, 2, 1, 0)),
          new Sized(1, ConvShape.square(33, 12, 4, 5, 3, 1, 1)),
          new Sized(2, ConvShape.transposed(6, 3, 7, 5, 4, 2, 1)));

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sized s : SIZES) {
      for (boolean transposed : new boolean[] {false, true}) {
        for (Activation f : List.of(Activation.NONE, Activation.TANH, Activation.GELU)) {
          boolean ragged = s.images() == 7 && f == Activation.TANH;
          boolean hot = ragged || (s.hot() && f == Activation.NONE);
          KernelCase forward = forward(s, transposed, f);
          cases.add(hot ? forward.asHot() : forward);
          KernelCase backward = backward(s, transposed, f);
          cases.add(hot ? backward.asHot() : backward);
        }
      }
    }
    return cases;
  }

  private static String label(Sized s, boolean bias, Activation f) {
    return s + " " + f + (bias ? " bias" : "");
  }

  /** With a bias unless there is no activation. */
  private static KernelCase forward(Sized s, boolean transposed, Activation f) {
    ConvShape shape = s.shape();
    boolean biased = f != Activation.NONE;
    return KernelCase.of(
        transposed ? "convolution.transposed" : "convolution.forward",
        label(s, biased, f),
        fixture -> {
          Tensor x = fixture.input("x", s.images(), transposed ? shape.outSize() : shape.inSize());
          Tensor w = fixture.uniform("w", -0.4, 0.4, shape.outChannels(), shape.patch());
          int channels = transposed ? shape.inChannels() : shape.outChannels();
          Tensor bias = biased ? fixture.input("bias", channels) : null;
          double[] terms = apply(shape, transposed, abs(x, 1), abs(w, 1.2));
          int columns = transposed ? shape.inSize() : shape.outSize();
          Tensor pre = f.needsPre() ? fixture.output("pre", sum(terms), s.images(), columns) : null;
          Tensor y = fixture.output("y", sum(terms), s.images(), columns);
          return k -> {
            if (transposed) {
              k.convolution().transposed(shape, x, w, bias, f, pre, y);
            } else {
              k.convolution().forward(shape, x, w, bias, f, pre, y);
            }
          };
        });
  }

  /** All gradients, in place unless there is no activation, when there is no dX. */
  private static KernelCase backward(Sized s, boolean transposed, Activation f) {
    ConvShape shape = s.shape();
    boolean all = f != Activation.NONE;
    return KernelCase.of(
        transposed ? "convolution.transposedBackward" : "convolution.backward",
        label(s, all, f),
        fixture -> {
          int from = transposed ? shape.outSize() : shape.inSize();
          int to = transposed ? shape.inSize() : shape.outSize();
          int channels = transposed ? shape.inChannels() : shape.outChannels();
          Tensor x = fixture.input("x", s.images(), from);
          Tensor w = fixture.input("w", shape.outChannels(), shape.patch());
          Tensor pre = fixture.input("pre", s.images(), to);
          Tensor y = values(f, pre, fixture.input("y", s.images(), to));
          Tensor dY = fixture.input("dY", s.images(), to);
          Tensor dPre = all ? fixture.output("dPre", Tolerance.ELEMENT, s.images(), to) : dY;
          double[] g = abs(dY, 2);
          double[] toX = apply(shape, !transposed, g, abs(w, 1));
          double[] toW =
              ConvolutionReference.weightGradient(
                  shape, transposed ? g : abs(x, 1), transposed ? abs(x, 1) : g);
          double[] toBias =
              ConvolutionReference.channelSums(g, channels, Math.max(1, to / channels));
          Tensor dX = all ? gradient(fixture, "dX", toX, s.images(), from) : null;
          Tensor dW = gradient(fixture, "dW", toW, shape.outChannels(), shape.patch());
          Tensor dBias = all ? gradient(fixture, "dBias", toBias, channels) : null;
          Tensor given = f.needsPre() ? pre : null;
          return k -> {
            if (transposed) {
              k.convolution().transposedBackward(shape, x, w, f, given, y, dY, dPre, dX, dW, dBias);
            } else {
              k.convolution().backward(shape, x, w, f, given, y, dY, dPre, dX, dW, dBias);
            }
          };
        });
  }

  private static Tensor gradient(Fixture fixture, String name, double[] terms, int... dims) {
    return fixture.accumulated(name, sum(terms), dims);
  }

  private static double[] apply(ConvShape shape, boolean transposed, double[] x, double[] w) {
    return transposed
        ? ConvolutionReference.transpose(shape, x, w)
        : ConvolutionReference.convolve(shape, x, w);
  }

  private static Tensor values(Activation f, Tensor pre, Tensor y) {
    for (int i = 0; i < y.size(); i++) {
      y.array()[y.offset() + i] = (float) DenseReference.value(f, pre.get(i));
    }
    return y;
  }

  private static double[] abs(Tensor t, double scale) {
    return Arrays.stream(Doubles.read(t)).map(v -> scale * Math.abs(v)).toArray();
  }

  private static Tolerance sum(double[] terms) {
    return new Tolerance(1e-5, 1e-5, terms);
  }

  @Override
  public List<GradCase> gradients() {
    List<GradCase> cases = new ArrayList<>();
    for (boolean transposed : new boolean[] {false, true}) {
      String hook = transposed ? "convolution.transposedBackward" : "convolution.backward";
      for (Activation f : List.of(Activation.NONE, Activation.SIGMOID, Activation.SILU)) {
        cases.add(new GradCase(hook, f + " x, w, bias", () -> check(transposed, f)));
      }
    }
    return cases;
  }

  private static void check(boolean transposed, Activation f) {
    ConvShape s =
        new ConvShape(2, 3, new ConvShape.Axis(5, 2, 2, 1, 2), new ConvShape.Axis(4, 3, 1, 2, 1));
    int from = transposed ? s.outSize() : s.inSize();
    int to = transposed ? s.inSize() : s.outSize();
    int channels = transposed ? 2 : 3;
    int pixels = to / channels;
    double[] x = GradCheck.random(1, 2 * from, 1);
    double[] w = GradCheck.random(2, 3 * s.patch(), 0.5);
    double[] bias = GradCheck.random(3, channels, 0.5);
    double[] dY = GradCheck.random(4, 2 * to, 1);
    double[] pre = pre(s, transposed, x, w, bias, pixels);
    double[] g = DenseReference.preGradient(f, f.needsPre() ? pre : null, values(f, pre), dY);
    GradCheck.check(
        "dX",
        x,
        apply(s, !transposed, g, w),
        v -> GradCheck.dot(dY, values(f, pre(s, transposed, v, w, bias, pixels))));
    GradCheck.check(
        "dW",
        w,
        ConvolutionReference.weightGradient(s, transposed ? g : x, transposed ? x : g),
        v -> GradCheck.dot(dY, values(f, pre(s, transposed, x, v, bias, pixels))));
    GradCheck.check(
        "dBias",
        bias,
        ConvolutionReference.channelSums(g, channels, pixels),
        v -> GradCheck.dot(dY, values(f, pre(s, transposed, x, w, v, pixels))));
  }

  private static double[] pre(
      ConvShape s, boolean transposed, double[] x, double[] w, double[] bias, int pixels) {
    return ConvolutionReference.biased(apply(s, transposed, x, w), bias, pixels);
  }

  private static double[] values(Activation f, double[] pre) {
    return Arrays.stream(pre).map(v -> DenseReference.value(f, v)).toArray();
  }
}
