package io.github.elbo4j.kernel;

import static io.github.elbo4j.kernel.SimdMath.F;
import static io.github.elbo4j.kernel.SimdMath.L;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of the array and vector functions of {@link SimdMath} and {@link SimdSpecial}. */
class SimdMathTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  /** Where a function changes its formula, or has a zero, a pole, an overflow or an underflow. */
  private static final float[] SPECIAL = {
    0,
    Float.MIN_NORMAL,
    1e-30f,
    0x1p-24f,
    1 / 3f,
    0.5f,
    2 / 3f,
    0.9f,
    1,
    4 / 3f,
    1.5f,
    2,
    4,
    8,
    9.5f,
    17.5f,
    19,
    36,
    87.3f,
    88,
    88.72284f,
    89,
    103.27893f,
    103.97208f,
    104,
    SimdSpecial.MAX_FAST_ANGLE,
    4.085003E+36f,
    1e37f,
    Float.MAX_VALUE,
    INFINITY
  };

  @ParameterizedTest
  @EnumSource
  void errorIsWithinTheContractOverAllFloats(ArrayFunctionCase f) {
    checkWithin(f, new UlpError(f.function, f.reference).addWholeRange(4001));
  }

  @Tag("verify")
  @ParameterizedTest
  @EnumSource
  void errorIsWithinTheContractOverEvery17thFloat(ArrayFunctionCase f) {
    checkWithin(f, new UlpError(f.function, f.reference).addWholeRange(17));
  }

  @ParameterizedTest
  @EnumSource
  void errorIsWithinTheContractNextToSpecialArguments(ArrayFunctionCase f) {
    UlpError error = new UlpError(f.function, f.reference);
    for (float x : SPECIAL) {
      error.addAround(x, 300);
    }
    for (int k = 1; k < 130; k++) {
      error.addAround((float) (k * Math.log(2) / 2), 20);
      error.addAround((float) (k * Math.PI / 4), 20);
    }
    for (int k = 1000; k < 127000; k += 997) {
      error.addAround((float) (k * Math.PI / 4), 20);
    }
    checkWithin(f, error);
  }

  private static void checkWithin(ArrayFunctionCase f, UlpError error) {
    assertThat(error.worst())
        .as(() -> f + " " + error.worstArgument())
        .isLessThanOrEqualTo(f.maxUlp);
  }

  @Test
  void specialValues() {
    assertThat(ArrayFunctionCase.EXP.at(89)).isEqualTo(INFINITY);
    assertThat(ArrayFunctionCase.EXP.at(-INFINITY)).isZero();
    assertThat(ArrayFunctionCase.EXP.at(-103.9f)).isEqualTo(Float.MIN_VALUE);
    assertThat(ArrayFunctionCase.LOG.at(0)).isEqualTo(-INFINITY);
    assertThat(ArrayFunctionCase.LOG.at(-0f)).isEqualTo(-INFINITY);
    assertThat(ArrayFunctionCase.LOG.at(-1)).isNaN();
    assertThat(ArrayFunctionCase.LOG.at(INFINITY)).isEqualTo(INFINITY);
    assertThat(ArrayFunctionCase.LOG1P.at(-1)).isEqualTo(-INFINITY);
    assertThat(ArrayFunctionCase.LOG1P.at(-1.5f)).isNaN();
    assertThat(ArrayFunctionCase.LOG1P.at(-0f)).isEqualTo(-0f);
    assertThat(ArrayFunctionCase.EXPM1.at(-0f)).isEqualTo(-0f);
    assertThat(ArrayFunctionCase.EXPM1.at(-INFINITY)).isEqualTo(-1);
    assertThat(ArrayFunctionCase.TANH.at(-0f)).isEqualTo(-0f);
    assertThat(ArrayFunctionCase.TANH.at(-INFINITY)).isEqualTo(-1);
    assertThat(ArrayFunctionCase.SIGMOID.at(-INFINITY)).isZero();
    assertThat(ArrayFunctionCase.SOFTPLUS.at(-INFINITY)).isZero();
    assertThat(ArrayFunctionCase.SOFTPLUS.at(INFINITY)).isEqualTo(INFINITY);
    assertThat(ArrayFunctionCase.SIN.at(-0f)).isEqualTo(-0f);
    assertThat(ArrayFunctionCase.SIN.at(INFINITY)).isNaN();
    assertThat(ArrayFunctionCase.COS.at(0)).isEqualTo(1);
    assertThat(ArrayFunctionCase.ERF.at(-INFINITY)).isEqualTo(-1);
    assertThat(ArrayFunctionCase.ERFINV.at(1)).isEqualTo(INFINITY);
    assertThat(ArrayFunctionCase.ERFINV.at(-1)).isEqualTo(-INFINITY);
    assertThat(ArrayFunctionCase.ERFINV.at(1.001f)).isNaN();
    assertThat(ArrayFunctionCase.LGAMMA.at(0)).isEqualTo(INFINITY);
    assertThat(ArrayFunctionCase.LGAMMA.at(1)).isZero();
    assertThat(ArrayFunctionCase.LGAMMA.at(2)).isZero();
    assertThat(ArrayFunctionCase.LGAMMA.at(-0.5f)).isNaN();
    assertThat(ArrayFunctionCase.LGAMMA.at(INFINITY)).isEqualTo(INFINITY);
  }

  @ParameterizedTest
  @EnumSource
  void nanGivesNan(ArrayFunctionCase f) {
    for (int bits : new int[] {0x7fc00000, 0x7fc00001, 0x7f800001, 0x7fffffff, 0xffc00000, -1}) {
      assertThat(f.at(Float.intBitsToFloat(bits))).as("bits %x", bits).isNaN();
    }
  }

  /**
   * Offsets, ragged lengths and neighbours: element i depends on argument i alone; nothing else is
   * written.
   */
  @ParameterizedTest
  @EnumSource
  void tailsStayInTheirRange(ArrayFunctionCase f) {
    float poison = 12345.678f;
    for (int n : new int[] {0, 1, 2, L - 1, L, L + 1, 2 * L, 8 * L + 3, 101}) {
      float[] a = arguments(n + 7);
      float[] out = new float[n + 9];
      Arrays.fill(out, poison);
      f.function.whole(a, 3, out, 5, n);
      for (int i = 0; i < out.length; i++) {
        float expected = i >= 5 && i < 5 + n ? f.at(a[i - 2]) : poison;
        assertThat(out[i]).as("n = %d, i = %d", n, i).isEqualTo(Float.valueOf(expected));
      }
      assertThat(a).as("argument is only read").isEqualTo(arguments(n + 7));
      f.function.whole(a, 3, a, 3, n);
      assertThat(Arrays.copyOfRange(a, 3, 3 + n)).isEqualTo(Arrays.copyOfRange(out, 5, 5 + n));
    }
  }

  /** The slow path of far angles must not change the elements next to them. */
  @Test
  void anglesInRangeKeepTheirBitsNextToFarOnes() {
    float[] a = arguments(5 * L + 1);
    for (int i = 0; i < a.length; i += 3) {
      a[i] = 1e6f + i * 1e30f;
    }
    for (ArrayFunctionCase f :
        new ArrayFunctionCase[] {ArrayFunctionCase.SIN, ArrayFunctionCase.COS}) {
      float[] inPlace = a.clone();
      f.function.whole(inPlace, 0, inPlace, 0, a.length);
      for (int i = 0; i < a.length; i++) {
        assertThat(inPlace[i]).as("%s, i = %d", f, i).isEqualTo(Float.valueOf(f.at(a[i])));
      }
    }
  }

  /** A chunk with a NaN, an infinity or a huge argument takes another loop. */
  @ParameterizedTest
  @EnumSource
  void ordinaryArgumentsKeepTheirBitsNextToOthers(ArrayFunctionCase f) {
    float[] ordinary = new float[2000 + 3];
    for (int i = 0; i < ordinary.length; i++) {
      ordinary[i] = (float) Math.sin(i * 1.7) * (1 + i % 5 * 10);
    }
    if (f == ArrayFunctionCase.LOG) {
      for (int i = 0; i < ordinary.length; i++) {
        ordinary[i] = (float) Math.exp(ordinary[i]);
      }
    }
    float[] expected = new float[ordinary.length];
    f.function.whole(ordinary, 0, expected, 0, ordinary.length);
    for (float other : new float[] {Float.NaN, INFINITY, -INFINITY, -1000, Float.MIN_VALUE}) {
      float[] a = ordinary.clone();
      for (int i = 100; i < a.length; i += 300) {
        a[i] = other;
      }
      f.function.whole(a, 0, a, 0, a.length);
      for (int i = 0; i < a.length; i++) {
        float value = i % 300 == 100 ? f.at(other) : expected[i];
        assertThat(a[i]).as("%s next to %s, i = %d", f, other, i).isEqualTo(Float.valueOf(value));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void firstAndHotCallsHaveEqualBits(ArrayFunctionCase f) {
    float[] a = arguments(8 * L + 3);
    float[] first = new float[a.length];
    float[] hot = new float[a.length];
    f.function.whole(a, 0, first, 0, a.length);
    for (int i = 0; i < 20_000; i++) {
      f.function.whole(a, 0, hot, 0, a.length);
    }
    assertThat(hot).isEqualTo(first);
  }

  /** One driver for all functions and ragged lengths: one function alone hides boxing. */
  @Test
  @Tag("allocation")
  void arrayFunctionsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    float[] a = arguments(784);
    float[] out = new float[784];
    long least = Long.MAX_VALUE;
    // the compilers work beside the calls, so wait for them by the clock
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (least > 0 && System.nanoTime() < deadline) {
      long before = threads.getCurrentThreadAllocatedBytes();
      callAll(a, out, 200);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).as("bytes in 200 calls of each function").isZero();
  }

  private static final ArrayFunctionCase[] CASES = ArrayFunctionCase.values();
  private static final int[] LENGTHS = {20, 33, 50, 100, 784};

  private static void callAll(float[] a, float[] out, int times) {
    for (int i = 0; i < times; i++) {
      for (ArrayFunctionCase f : CASES) {
        f.function.whole(a, 0, out, 0, LENGTHS[i % LENGTHS.length]);
      }
    }
  }

  @Test
  void vectorFunctionsAreWithinTheContract() {
    check(SimdMath::exp, Math::exp, -87.3f, 88, SimdMath.MAX_ULP_EXP);
    check(SimdMath::expNonPositive, Math::exp, -87.3f, 0, SimdMath.MAX_ULP_EXP);
    check(SimdMath::log, Math::log, Float.MIN_NORMAL, Float.MAX_VALUE, SimdMath.MAX_ULP_LOG);
    check(SimdMath::tanh, StrictMath::tanh, -INFINITY, INFINITY, SimdMath.MAX_ULP_TANH);
    check(SimdMath::sigmoid, ReferenceMath::sigmoid, -87.3f, INFINITY, SimdMath.MAX_ULP_SIGMOID);
    float octant = (float) (Math.PI / 4);
    check(SimdSpecial::sinReduced, Math::sin, -octant, octant, SimdSpecial.MAX_ULP_SIN);
    check(SimdSpecial::cosReduced, Math::cos, -octant, octant, SimdSpecial.MAX_ULP_SIN);
  }

  private static void check(
      UnaryOperator<FloatVector> f,
      DoubleUnaryOperator reference,
      float from,
      float to,
      double bound) {
    ArrayFunction array =
        (a, aFrom, out, outFrom, n) -> {
          for (int i = 0; i < n; i += L) {
            var mask = F.indexInRange(i, n);
            f.apply(FloatVector.fromArray(F, a, aFrom + i, mask)).intoArray(out, outFrom + i, mask);
          }
        };
    UlpError error = new UlpError(array, reference);
    for (long bits = 0; bits < 1L << 32; bits += 40009) {
      float x = Float.intBitsToFloat((int) bits);
      if (x >= from && x <= to && x != 0) {
        error.add(x);
      }
    }
    error.add(from);
    error.add(to);
    assertThat(error.worst()).as(error::worstArgument).isLessThanOrEqualTo(bound);
  }

  @Test
  void vectorFunctionsClampAndKeepNan() {
    assertThat(one(SimdMath::exp, 1000)).isEqualTo(one(SimdMath::exp, 88));
    assertThat(one(SimdMath::exp, -INFINITY)).isEqualTo(one(SimdMath::exp, -87.3f)).isPositive();
    assertThat(one(SimdMath::sigmoid, -INFINITY)).isEqualTo(one(SimdMath::exp, -87.3f));
    float odd = Float.intBitsToFloat(0x7fc00001);
    assertThat(one(SimdMath::exp, odd)).isNaN();
    assertThat(one(SimdMath::expNonPositive, odd)).isNaN();
    assertThat(one(SimdMath::tanh, odd)).isNaN();
    assertThat(one(SimdMath::sigmoid, odd)).isNaN();
  }

  private static float one(UnaryOperator<FloatVector> f, float x) {
    return f.apply(FloatVector.broadcast(F, x)).lane(L - 1);
  }

  @Test
  void errorsNameTheArgument() {
    float[] ten = new float[10];
    assertThatThrownBy(() -> SimdMath.exp(ten, 3, ten, 3, 8))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("exp: a[3, 11) is outside its 10 elements");
    assertThatThrownBy(() -> SimdMath.log(ten, 0, new float[4], 0, 5))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("log: out[0, 5) is outside its 4 elements");
    assertThatThrownBy(() -> SimdSpecial.erf(ten, 0, ten, 0, -1))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("erf: a[0, -1) is outside its 10 elements");
    assertThatThrownBy(() -> SimdMath.tanh(ten, 0, ten, 2, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "tanh: out from 2 overlaps a from 0 over 5 elements; in place wants equal offsets");
  }

  /** Arguments in (-1, 1) and beyond that are inside and outside the domains. */
  static float[] arguments(int n) {
    float[] a = new float[n];
    for (int i = 0; i < n; i++) {
      a[i] = (float) Math.sin(i * 1.7) * (1 + i % 5 * 3);
    }
    return a;
  }
}
