package io.github.elbo4j.kernel.dense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.special.Erf;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What parity cannot show: the reference against an independent library, errors, edges, accuracy.
 */
class DenseTest {
  static List<DenseKernels> implementations() {
    return List.of(new DenseReference(), new DenseSimd());
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void productIsThatOfAnIndependentLibrary(DenseKernels dense) {
    RealMatrix a = MatrixUtils.createRealMatrix(random(7, 5));
    RealMatrix b = MatrixUtils.createRealMatrix(random(5, 6));
    double[] wanted =
        Arrays.stream(a.multiply(b).getData()).flatMapToDouble(Arrays::stream).toArray();
    for (boolean ta : new boolean[] {false, true}) {
      for (boolean tb : new boolean[] {false, true}) {
        Tensor c = Tensor.zeros(7, 6);
        Tensor left = tensor(ta ? a.transpose() : a);
        dense.gemm(left, ta, tensor(tb ? b.transpose() : b), tb, false, c);
        for (int i = 0; i < wanted.length; i++) {
          assertThat((double) c.get(i)).isCloseTo(wanted[i], within(1e-5));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void activationsAreTheirFormulas(DenseKernels dense) {
    for (float v : new float[] {-30, -4.5f, -1, -0.1f, 0, 0.2f, 1, 3, 30}) {
      double gelu = 0.5 * v * Erf.erfc(-v / Math.sqrt(2));
      assertActivation(dense, Activation.NONE, v, v);
      assertActivation(dense, Activation.RELU, v, Math.max(v, 0));
      assertActivation(dense, Activation.TANH, v, Math.tanh(v));
      assertActivation(dense, Activation.SIGMOID, v, 1 / (1 + Math.exp(-v)));
      assertActivation(dense, Activation.SOFTPLUS, v, Math.log1p(Math.exp(v)));
      assertActivation(dense, Activation.ELU, v, v > 0 ? v : Math.expm1(v));
      assertActivation(dense, Activation.GELU, v, gelu);
      assertActivation(dense, Activation.SILU, v, v / (1 + Math.exp(-v)));
    }
  }

  private static void assertActivation(DenseKernels dense, Activation f, float v, double wanted) {
    Tensor pre = Tensor.zeros(1, 1);
    Tensor y = Tensor.zeros(1, 1);
    dense.forward(of(v), of(1), null, f, pre, y);
    assertThat((double) y.get(0)).as("%s(%s)", f, v).isCloseTo(wanted, within(2e-6));
    assertThat(pre.get(0)).isEqualTo(v);
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void slopesAtTheEndsAreFinite(DenseKernels dense) {
    for (Activation f : Activation.values()) {
      for (float v : new float[] {-1e4f, -88, 88, 1e4f}) {
        Tensor pre = Tensor.zeros(1, 1);
        Tensor y = Tensor.zeros(1, 1);
        Tensor dPre = Tensor.zeros(1, 1);
        dense.forward(of(v), of(1), null, f, pre, y);
        dense.backward(of(v), of(1), f, pre, y, of(2), dPre, false, null, false, null, null);
        boolean saturates = f == Activation.TANH || f == Activation.SIGMOID;
        boolean one = f == Activation.NONE || (v > 0 && !saturates);
        assertThat(dPre.get(0)).as("%s'(%s)", f, v).isCloseTo(one ? 2 : 0, within(1e-6f));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void nanInGivesNanOut(Activation f) {
    for (DenseKernels dense : implementations()) {
      int rows = 9;
      int n = 21;
      Tensor x = Tensor.zeros(rows, 3);
      x.array()[3 * 4 + 1] = Float.NaN;
      Tensor w = Tensor.zeros(3, n);
      Tensor pre = Tensor.zeros(rows, n);
      Tensor y = Tensor.zeros(rows, n);
      dense.forward(x, w, null, f, pre, y);
      Tensor dY = Tensor.zeros(rows, n);
      dY.array()[8 * n + 20] = Float.NaN;
      Tensor dPre = Tensor.zeros(rows, n);
      Tensor dBias = Tensor.zeros(n);
      dense.backward(x, w, f, pre, y, dY, dPre, false, null, false, null, dBias);
      for (int i = 0; i < rows * n; i++) {
        boolean poisoned = i / n == 4;
        assertThat(Float.isNaN(y.get(i))).isEqualTo(poisoned);
        boolean lost = (poisoned && f != Activation.NONE) || i == 8 * n + 20;
        assertThat(Float.isNaN(dPre.get(i))).as("%s dPre[%d]", f, i).isEqualTo(lost);
      }
      assertThat(dBias.get(20)).isNaN();
    }
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void sumOfNoTermsIsZeroAndTheBiasStays(DenseKernels dense) {
    Tensor c = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 0, 2, 3);
    dense.gemm(Tensor.zeros(2, 0), false, Tensor.zeros(0, 3), false, true, c);
    assertThat(c.toArray()).containsExactly(1, 2, 3, 4, 5, 6);
    dense.gemm(Tensor.zeros(2, 0), false, Tensor.zeros(0, 3), false, false, c);
    assertThat(c.toArray()).containsOnly(0);
    Tensor bias = Tensor.of(new float[] {-1, 2, 3}, 0, 3);
    dense.forward(Tensor.zeros(2, 0), Tensor.zeros(0, 3), bias, Activation.RELU, null, c);
    assertThat(c.toArray()).containsExactly(0, 2, 3, 0, 2, 3);
    Tensor empty = Tensor.zeros(0, 3);
    Tensor x = Tensor.zeros(0, 2);
    dense.backward(
        x,
        Tensor.zeros(2, 3),
        Activation.NONE,
        null,
        empty,
        empty,
        empty,
        false,
        null,
        false,
        c,
        bias);
    assertThat(c.toArray()).containsOnly(0);
    assertThat(bias.toArray()).containsOnly(0);
  }

  /** One float32 chain over 200,000 equal terms would be off by 1e-3 and more. */
  @Test
  void columnSumsOfManyRowsAreAccurate() {
    int rows = 200_000;
    float[] ones = new float[3 * rows];
    Arrays.fill(ones, 0.1f);
    Tensor g = Tensor.of(ones, 0, rows, 3);
    Tensor dBias = Tensor.zeros(3);
    Tensor x = Tensor.zeros(rows, 1);
    Tensor w = Tensor.zeros(1, 3);
    Tensor y = Tensor.zeros(rows, 3);
    new DenseSimd().backward(x, w, Activation.NONE, null, y, g, g, false, null, false, null, dBias);
    for (float sum : dBias.toArray()) {
      assertThat(sum / (rows * (double) 0.1f)).isCloseTo(1, within(2e-6));
    }
  }

  @Test
  void badShapesAreNamed() {
    DenseKernels dense = new DenseSimd();
    Tensor x = Tensor.zeros(4, 3);
    Tensor w = Tensor.zeros(3, 2);
    Tensor y = Tensor.zeros(4, 2);
    Activation none = Activation.NONE;
    assertFails(
        () -> dense.forward(x, Tensor.zeros(5, 2), null, none, null, y),
        "forward: w [5,2] must be [3,2]");
    assertFails(
        () -> dense.forward(x, w, null, none, null, Tensor.zeros(4, 3)),
        "forward: y [4,3] must be [4,2]");
    assertFails(
        () -> dense.forward(x, w, Tensor.zeros(3), none, null, y),
        "forward: bias [3] must have 2 elements");
    assertFails(
        () -> dense.forward(x, w, null, Activation.GELU, null, y),
        "forward: pre must be given for GELU");
    assertFails(
        () -> backward(dense, x, w, y, Tensor.zeros(4, 2), Tensor.zeros(3, 3), null),
        "backward: dX [3,3] must equal x [4,3]");
    assertFails(
        () -> backward(dense, x, w, y, Tensor.zeros(4, 2), null, Tensor.zeros(2, 3)),
        "backward: dW [2,3] must equal w [3,2]");
    assertFails(
        () -> dense.gemm(x, true, y, false, false, Tensor.zeros(2, 3)),
        "gemm: c [2,3] must be [3,2]");
    assertFails(
        () -> dense.gemm(x, false, y, true, false, Tensor.zeros(4, 4)),
        "gemm: b (transposed) [4,2] must be [4,3]");
  }

  @Test
  void sharedMemoryIsRefused() {
    DenseKernels dense = new DenseSimd();
    float[] memory = new float[100];
    Tensor x = Tensor.of(memory, 0, 4, 3);
    Tensor w = Tensor.zeros(3, 3);
    Tensor y = Tensor.of(memory, 11, 4, 3);
    Tensor apart = Tensor.of(memory, 12, 4, 3);
    assertFails(
        () -> dense.forward(x, w, null, Activation.NONE, null, y),
        "forward: y must not share memory with x");
    dense.forward(x, w, null, Activation.NONE, null, apart);
    assertFails(
        () -> dense.gemm(x, false, w, false, false, x), "gemm: c must not share memory with a");
    Tensor dY = Tensor.of(memory, 50, 4, 3);
    Tensor shifted = Tensor.of(memory, 51, 4, 3);
    Tensor same = Tensor.of(memory, 50, 4, 3);
    backward(dense, x, w, apart, dY, null, null, same);
    assertFails(
        () -> backward(dense, x, w, apart, dY, null, null, shifted),
        "backward: dPre must be dY itself or share no memory with it");
    assertFails(
        () -> backward(dense, x, w, apart, dY, shifted, null, dY),
        "backward: dX must not share memory with dY");
    assertFails(
        () -> backward(dense, x, w, apart, dY, null, w, dY),
        "backward: dW must not share memory with w");
  }

  private static void backward(
      DenseKernels dense,
      Tensor x,
      Tensor w,
      Tensor y,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dW) {
    backward(dense, x, w, y, dY, dX, dW, dY);
  }

  private static void backward(
      DenseKernels dense,
      Tensor x,
      Tensor w,
      Tensor y,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      Tensor dPre) {
    dense.backward(x, w, Activation.NONE, null, y, dY, dPre, false, dX, false, dW, null);
  }

  private static void assertFails(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  private static Tensor of(float v) {
    return Tensor.of(new float[] {v}, 0, 1, 1);
  }

  private static double[][] random(int rows, int columns) {
    SplittableRandom random = new SplittableRandom(rows * 31L + columns);
    double[][] a = new double[rows][columns];
    for (double[] row : a) {
      Arrays.setAll(row, j -> (float) random.nextGaussian());
    }
    return a;
  }

  private static Tensor tensor(RealMatrix a) {
    Tensor t = Tensor.zeros(a.getRowDimension(), a.getColumnDimension());
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) a.getEntry(i / t.columns(), i % t.columns());
    }
    return t;
  }
}
