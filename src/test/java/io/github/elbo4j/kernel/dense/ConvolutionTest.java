package io.github.elbo4j.kernel.dense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolution against loops written from its definition, its adjoint, its geometry, its errors. */
class ConvolutionTest {
  private static final int IMAGES = 2;

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor normal(long seed, int rows, int columns) {
    Tensor t = Tensor.zeros(rows, columns);
    double[] numbers = GradCheck.random(seed, t.size(), 1);
    for (int i = 0; i < numbers.length; i++) {
      t.array()[i] = (float) numbers[i];
    }
    return t;
  }

  /** An image with its zeros around it, so that the loops need no bounds. */
  private static double[][] padded(ConvShape s, Tensor x, int image, int c) {
    int ph = s.height().padding();
    int pw = s.width().padding();
    double[][] a = new double[s.height().in() + 2 * ph][s.width().in() + 2 * pw];
    for (int y = 0; y < s.height().in(); y++) {
      for (int v = 0; v < s.width().in(); v++) {
        int at = ((image * s.inChannels() + c) * s.height().in() + y) * s.width().in() + v;
        a[y + ph][v + pw] = x.get(at);
      }
    }
    return a;
  }

  private static double weight(ConvShape s, Tensor w, int o, int c, int i, int j) {
    return w.get(((o * s.inChannels() + c) * s.height().kernel() + i) * s.width().kernel() + j);
  }

  private static double naive(ConvShape s, Tensor x, Tensor w, int image, int o, int p, int q) {
    double sum = 0;
    for (int c = 0; c < s.inChannels(); c++) {
      double[][] a = padded(s, x, image, c);
      for (int i = 0; i < s.height().kernel(); i++) {
        for (int j = 0; j < s.width().kernel(); j++) {
          sum +=
              weight(s, w, o, c, i, j)
                  * a[p * s.height().stride() + i * s.height().dilation()][
                      q * s.width().stride() + j * s.width().dilation()];
        }
      }
    }
    return sum;
  }

  private static Tensor naive(ConvShape s, Tensor x, Tensor w) {
    Tensor y = Tensor.zeros(x.rows(), s.outSize());
    int at = 0;
    for (int image = 0; image < x.rows(); image++) {
      for (int o = 0; o < s.outChannels(); o++) {
        for (int p = 0; p < s.height().out(); p++) {
          for (int q = 0; q < s.width().out(); q++) {
            y.array()[at++] = (float) naive(s, x, w, image, o, p, q);
          }
        }
      }
    }
    return y;
  }

  private static List<ConvShape.Axis> axes(int in) {
    List<ConvShape.Axis> axes = new ArrayList<>();
    for (int kernel = 1; kernel <= 3; kernel++) {
      for (int stride = 1; stride <= 3; stride++) {
        for (int padding = 0; padding <= 3; padding++) {
          for (int dilation = 1; dilation <= 3; dilation++) {
            if ((kernel - 1) * dilation + 1 <= in + 2 * padding) {
              axes.add(new ConvShape.Axis(in, kernel, stride, padding, dilation));
            }
          }
        }
      }
    }
    return axes;
  }

  /**
   * Every stride, padding and dilation up to 3 with kernels of 1 to 3, each in both directions.
   * Convolution is compared with the loops; the other two are linear in the same numbers, so the
   * identities <conv(x), y> = <x, convT(y)> = <w, dW> for random y hold them to it.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void everyGeometryAgainstLoops(Backend k) {
    int shapes = 0;
    for (ConvShape.Axis height : axes(5)) {
      for (ConvShape.Axis width : axes(4)) {
        ConvShape s = new ConvShape(2, 3, height, width);
        Tensor x = normal(1, IMAGES, s.inSize());
        Tensor w = normal(2, 3, s.patch());
        Tensor y = normal(3, IMAGES, s.outSize());
        Tensor conv = Tensor.zeros(IMAGES, s.outSize());
        k.convolution().forward(s, x, w, null, Activation.NONE, null, conv);
        Tensor wanted = naive(s, x, w);
        for (int i = 0; i < conv.size(); i++) {
          assertThat(Math.abs(conv.get(i) - wanted.get(i))).as("%s", s).isLessThan(1e-5f);
        }
        adjoint(k, s, x, w, y, GradCheck.dot(Doubles.read(wanted), Doubles.read(y)));
        shapes++;
      }
    }
    assertThat(shapes).isGreaterThan(8000);
  }

  private static void adjoint(Backend k, ConvShape s, Tensor x, Tensor w, Tensor y, double both) {
    Tensor transposed = Tensor.zeros(IMAGES, s.inSize());
    k.convolution().transposed(s, y, w, null, Activation.NONE, null, transposed);
    Tensor dW = Tensor.zeros(3, s.patch());
    Tensor dX = Tensor.zeros(IMAGES, s.inSize());
    k.convolution().backward(s, x, w, Activation.NONE, null, y, y, y, dX, dW, null);
    assertThat(dX.toArray()).as("%s", s).isEqualTo(transposed.toArray());
    assertThat(GradCheck.dot(Doubles.read(x), Doubles.read(transposed)))
        .as("%s", s)
        .isCloseTo(both, within(1e-4));
    assertThat(GradCheck.dot(Doubles.read(w), Doubles.read(dW)))
        .as("%s", s)
        .isCloseTo(both, within(1e-4));
  }

  /** One output element of a transposed convolution at a time, by its definition. */
  @ParameterizedTest
  @MethodSource("backends")
  void transposedAgainstLoops(Backend k) {
    for (ConvShape.Axis height : axes(6)) {
      ConvShape s = new ConvShape(2, 3, height, new ConvShape.Axis(7, 3, 2, 1, 2));
      Tensor x = normal(1, 1, s.outSize());
      Tensor w = normal(2, 3, s.patch());
      Tensor bias = normal(3, 1, 2);
      Tensor y = Tensor.zeros(1, s.inSize());
      k.convolution().transposed(s, x, w, bias, Activation.NONE, null, y);
      double[] wanted = new double[s.inSize()];
      for (int i = 0; i < wanted.length; i++) {
        wanted[i] = bias.get(i / (wanted.length / 2));
      }
      scatter(s, x, w, wanted);
      for (int i = 0; i < wanted.length; i++) {
        assertThat((double) y.get(i)).as("%s %d", s, i).isCloseTo(wanted[i], within(1e-5));
      }
    }
  }

  private static void scatter(ConvShape s, Tensor x, Tensor w, double[] y) {
    ConvShape.Axis h = s.height();
    ConvShape.Axis v = s.width();
    for (int at = 0; at < x.size(); at++) {
      int o = at / (h.out() * v.out());
      int row = at / v.out() % h.out() * h.stride() - h.padding();
      int column = at % v.out() * v.stride() - v.padding();
      for (int tap = 0; tap < s.patch(); tap++) {
        int c = tap / (h.kernel() * v.kernel());
        int r = row + tap / v.kernel() % h.kernel() * h.dilation();
        int q = column + tap % v.kernel() * v.dilation();
        if (r >= 0 && r < h.in() && q >= 0 && q < v.in()) {
          y[(c * h.in() + r) * v.in() + q] += x.get(at) * (double) w.get(o * s.patch() + tap);
        }
      }
    }
  }

  /** By hand: [[1,2],[3,4]] spread with stride 2 by a 2x2 kernel of ones but its last. */
  @ParameterizedTest
  @MethodSource("backends")
  void transposedByHand(Backend k) {
    ConvShape s = ConvShape.transposed(1, 1, 2, 2, 2, 2, 0);
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 0, 1, 4);
    Tensor w = Tensor.of(new float[] {1, 1, 1, 10}, 0, 1, 4);
    Tensor y = Tensor.zeros(1, 16);
    k.convolution().transposed(s, x, w, null, Activation.NONE, null, y);
    assertThat(y.toArray()).containsExactly(1, 1, 2, 2, 1, 10, 2, 20, 3, 3, 4, 4, 3, 30, 4, 40);
  }

  /** PyTorch: Conv2d(1, 32, 4, 2, 1) maps 28 to 14, ConvTranspose2d(…, output_padding) as below. */
  @ParameterizedTest
  @CsvSource({
    "7,4,2,1,1,0,14",
    "14,4,2,1,1,0,28",
    "5,3,2,1,1,1,10",
    "5,3,2,0,2,1,14",
    "1,7,1,0,1,0,7"
  })
  void sizesOfATransposedConvolution(
      int in, int kernel, int stride, int padding, int dilation, int outputPadding, int out) {
    ConvShape.Axis axis =
        ConvShape.Axis.transposed(in, kernel, stride, padding, dilation, outputPadding);
    assertThat(axis.in()).isEqualTo(out);
    assertThat(axis.out()).isEqualTo(in);
  }

  @Test
  void sizesOfAConvolution() {
    ConvShape s = ConvShape.square(3, 8, 28, 20, 4, 2, 1);
    assertThat(s.height().out()).isEqualTo(14);
    assertThat(s.width().out()).isEqualTo(10);
    assertThat(s.inSize()).isEqualTo(3 * 28 * 20);
    assertThat(s.outSize()).isEqualTo(8 * 140);
    assertThat(s.patch()).isEqualTo(48);
    assertThat(ConvShape.transposed(8, 3, 14, 10, 4, 2, 1)).isEqualTo(s);
  }

  @Test
  void geometryThatIsNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConvShape.Axis.of(4, 0, 1, 0))
        .withMessage(
            "ConvShape: in 4, kernel 0, stride 1 and dilation 1 must be >= 1, padding 0 >= 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ConvShape.Axis(4, 3, 1, 0, 2))
        .withMessage(
            "ConvShape: a kernel that reaches over 5 must fit the 4 inputs with their padding");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConvShape.Axis.transposed(4, 3, 2, 0, 1, 2))
        .withMessage("ConvShape: in 4 must be >= 1 and outputPadding 2 in [0, stride 2)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConvShape.square(1 << 20, 1, 1 << 10, 1 << 10, 1, 1, 0))
        .withMessageContaining("more than 2^31-1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConvShape.square(0, 1, 4, 4, 1, 1, 0))
        .withMessage("ConvShape: inChannels 0 and outChannels 1 must be >= 1");
  }

  @Test
  void errorsNameTheArgument() {
    ConvShape s = ConvShape.square(1, 2, 4, 4, 2, 2, 0);
    var k = Backends.simd().convolution();
    Tensor x = Tensor.zeros(3, 16);
    Tensor w = Tensor.zeros(2, 4);
    Tensor y = Tensor.zeros(3, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.forward(s, y, w, null, Activation.NONE, null, y))
        .withMessage("forward: x [3,8] must have 16 columns");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.forward(s, x, x, null, Activation.NONE, null, y))
        .withMessage("forward: w [3,16] must be [2,4]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.forward(s, x, w, null, Activation.GELU, null, y))
        .withMessage("forward: pre must be given for GELU");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.transposed(s, y, w, Tensor.zeros(2), Activation.NONE, null, x))
        .withMessage("transposed: bias [2] must have 1 elements");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.transposed(s, y, w, null, Activation.NONE, null, y))
        .withMessage("transposed: y [3,8] must be [3,16]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.backward(s, x, w, Activation.NONE, null, y, y, y, x, null, null))
        .withMessage("backward: dX must not share memory with x");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                k.transposedBackward(
                    s, y, w, Activation.NONE, null, x, x, x, null, null, Tensor.zeros(3)))
        .withMessage("transposedBackward: dBias [3] must have 1 elements");
  }

  /** A NaN reaches what sees it and no other image. */
  @ParameterizedTest
  @MethodSource("backends")
  void whatIsNoNumberStaysInItsImage(Backend k) {
    ConvShape s = ConvShape.square(2, 2, 6, 6, 3, 1, 1);
    Tensor x = normal(1, 3, s.inSize());
    x.array()[s.inSize() + 14] = Float.NaN; // row 2, column 2 of the second image's first channel
    Tensor y = Tensor.zeros(3, s.outSize());
    k.convolution().forward(s, x, normal(2, 2, s.patch()), null, Activation.NONE, null, y);
    for (int i = 0; i < y.size(); i++) {
      int row = i / 6 % 6;
      int column = i % 6;
      boolean sees = i / s.outSize() == 1 && Math.abs(row - 2) <= 1 && Math.abs(column - 2) <= 1;
      assertThat(Float.isNaN(y.get(i))).as("%d", i).isEqualTo(sees);
    }
    Tensor back = Tensor.zeros(3, s.inSize());
    k.convolution().transposed(s, y, normal(2, 2, s.patch()), null, Activation.NONE, null, back);
    for (int i = 0; i < back.size(); i++) {
      if (i / s.inSize() != 1) {
        assertThat(back.get(i)).isNotNaN();
      }
    }
    assertThat(back.get(s.inSize() + 14)).isNaN();
  }
}
