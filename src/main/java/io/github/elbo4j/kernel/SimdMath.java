package io.github.elbo4j.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Exponential family of functions on float vectors and arrays. {@link SimdSpecial} has the others.
 *
 * <p><b>Bits.</b> Only IEEE operations, fma, integer operations, comparisons and blends are used:
 * the result of an element is the same in the interpreter, C1 and C2, for any vector length, and
 * whatever its neighbours are.
 *
 * <p><b>Errors</b> are stated as constants in units in the last place: |result − exact| divided by
 * the spacing of floats at the exact value. They bound what was found over every float of the range
 * in which the function is not trivial, and every 13th float elsewhere.
 *
 * <p><b>Vector functions</b> take and return vectors and are meant for fused loops. C2 refuses to
 * inline a user method once a compilation has 18,000 nodes (a vector operation is 400 to 700 of
 * them), and a vector that crosses a call that was not inlined is boxed: call at most two in a
 * loop, before its other arithmetic. A polynomial is a loop over its coefficients, which the parser
 * sees once and C2 unrolls completely.
 *
 * <p><b>Array functions</b> {@code f(a, aFrom, out, outFrom, n)} set {@code out[outFrom + i] =
 * f(a[aFrom + i])} for i in [0, n); any n; in place when {@code a == out} and {@code aFrom ==
 * outFrom}; a NaN gives a NaN; no allocation. They are safe to call from anywhere: no vector
 * crosses a call in them (tanh has one, the first thing it does), which is why the cores of exp and
 * log stand in several of them. They throw {@link IndexOutOfBoundsException} for a range outside
 * its array and {@link IllegalArgumentException} for ranges that overlap in part.
 */
public final class SimdMath {
  /** The widest species of floats of this machine. */
  public static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** Integers of the same shape. */
  public static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

  /** Lanes of {@link #F}. */
  public static final int L = F.length();

  /**
   * Of {@link #exp(FloatVector)} on [-87.3, 88] and {@link #expNonPositive}, and of the array exp.
   */
  public static final double MAX_ULP_EXP = 1;

  /** Of {@link #log(FloatVector)} on positive normal floats, and of the array log everywhere. */
  public static final double MAX_ULP_LOG = 1;

  /** Of the array log1p. */
  public static final double MAX_ULP_LOG1P = 2;

  /** Of the array expm1. */
  public static final double MAX_ULP_EXPM1 = 2;

  /** Of {@link #tanh(FloatVector)} and of the array tanh, everywhere. */
  public static final double MAX_ULP_TANH = 2.5;

  /** Of {@link #sigmoid(FloatVector)} for x ≥ -87.3, and of the array sigmoid everywhere. */
  public static final double MAX_ULP_SIGMOID = 2.5;

  /** Of the array softplus. */
  public static final double MAX_ULP_SOFTPLUS = 2.5;

  /** 1.5 * 2^23: added to a float it rounds it to an integer, found in the low bits of the sum. */
  static final float MAGIC = 12582912f;

  /** The low bits of the sum are the exponent, as floats hold it, of a power of 2. */
  static final float BIASED_MAGIC = MAGIC + 127;

  static final int ONE_BITS = 0x3f800000;
  static final int SIGN_BIT = 0x80000000;
  static final float LOG2_E = 1.442695f;

  /** ln 2; its error, 2e-9, is small beside an ulp of a multiple of it. */
  static final float LN2 = 0.6931472f;

  /** ln 2 in two parts; a multiple of the first by an integer below 2^15 is exact. */
  static final float LN2_HI = 355 / 512f;

  static final float LN2_LO = -2.1219444e-4f;

  /** Bits of 2/3: the mantissa is taken from [2/3, 4/3). */
  static final int TWO_THIRDS_BITS = 0x3f2aaaab;

  /** e^r on |r| ≤ ln(2)/2, highest power first; relative error 3.1e-9. */
  static final float[] EXP = {
    1.3820999e-03f, 8.368671e-03f, 4.1668262e-02f, 1.6666521e-01f, 4.9999994e-01f, 1f, 1f
  };

  /**
   * (e^r - 1 - r) / r^2 on |r| ≤ ln(2)/2, highest power first; relative error of e^r - 1: 4.4e-10.
   */
  private static final float[] EXPM1 = {
    1.9761725e-04f, 1.3932321e-03f, 8.333546e-03f, 4.1666493e-02f, 1.6666666e-01f, 0.5f
  };

  /** (e^2s - 1 - 2s) / (2 s^2): the coefficients of EXPM1 by powers of two, so the same bits. */
  static final float[] HALF_EXPM1 = new float[EXPM1.length];

  static {
    for (int j = 0; j < EXPM1.length; j++) {
      HALF_EXPM1[j] = Math.scalb(EXPM1[j], EXPM1.length - j);
    }
  }

  /** (ln(1+f) - f) / f^2 on |f| ≤ 1/3, highest power first; relative error of ln(1+f): 4.7e-9. */
  static final float[] LOG = {
    -1.2874317e-01f,
    1.398671e-01f,
    -1.2188376e-01f,
    1.400534e-01f,
    -1.668018e-01f,
    2.0010445e-01f,
    -2.4999805e-01f,
    3.3333215e-01f,
    -0.5f
  };

  private static final ArrayFunction EXP_FUNCTION =
      OrdinaryArguments.choose(
          OrdinaryArguments::exponents, OrdinaryArguments::exp, SimdMath::expWhole);

  private static final ArrayFunction LOG_FUNCTION =
      OrdinaryArguments.choose(
          OrdinaryArguments::positiveNormal, OrdinaryArguments::log, SimdMath::logWhole);

  private static final ArrayFunction TANH_FUNCTION =
      OrdinaryArguments.choose(
          OrdinaryArguments::halfExponents, OrdinaryArguments::tanh, SimdMath::tanhWhole);

  private static final ArrayFunction SIGMOID_FUNCTION =
      OrdinaryArguments.choose(
          OrdinaryArguments::exponents, OrdinaryArguments::sigmoid, SimdMath::sigmoidWhole);

  private SimdMath() {}

  // ---- vector functions ----

  /** e^x with the argument clamped to [-87.3, 88], so that the result is normal; NaN stays NaN. */
  public static FloatVector exp(FloatVector x) {
    FloatVector hi = FloatVector.broadcast(F, 88f);
    return expNonPositive(x.blend(hi, x.compare(GT, hi)));
  }

  /** e^x for x ≤ 88, clamped below at -87.3; NaN stays NaN. */
  public static FloatVector expNonPositive(FloatVector x) {
    FloatVector lo = FloatVector.broadcast(F, -87.3f);
    FloatVector magic = FloatVector.broadcast(F, MAGIC);
    x = x.blend(lo, x.compare(LT, lo));
    FloatVector t = x.fma(FloatVector.broadcast(F, LOG2_E), magic);
    FloatVector k = t.sub(magic); // round(x / ln 2)
    FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI), x);
    r = k.fma(FloatVector.broadcast(F, -LN2_LO), r);
    FloatVector p = FloatVector.broadcast(F, EXP[0]);
    for (int j = 1; j < EXP.length; j++) {
      p = p.fma(r, FloatVector.broadcast(F, EXP[j]));
    }
    // a product, not an addition to the exponent, which would turn some NaN into numbers
    return p.mul(t.reinterpretAsInts().lanewise(LSHL, 23).add(ONE_BITS).reinterpretAsFloats());
  }

  /**
   * ln(x) for positive normal x; anything else, NaN and infinity included, gives a meaningless
   * number.
   */
  public static FloatVector log(FloatVector x) {
    IntVector b = x.reinterpretAsInts();
    IntVector e = b.sub(TWO_THIRDS_BITS).lanewise(ASHR, 23);
    FloatVector f = b.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats().sub(1f);
    FloatVector k = (FloatVector) e.convert(I2F, 0);
    FloatVector p = FloatVector.broadcast(F, LOG[0]);
    for (int j = 1; j < LOG.length; j++) {
      p = p.fma(f, FloatVector.broadcast(F, LOG[j]));
    }
    return k.fma(FloatVector.broadcast(F, LN2), p.fma(f.mul(f), f));
  }

  /**
   * tanh x for every x, with small relative error near 0 too: m / (m + 1), m = (e^2|x| - 1) / 2.
   */
  public static FloatVector tanh(FloatVector x) {
    FloatVector magic = FloatVector.broadcast(F, BIASED_MAGIC);
    FloatVector hi = FloatVector.broadcast(F, 9.5f); // from here on the result is 1
    FloatVector y = x.abs();
    y = y.blend(hi, y.compare(GT, hi));
    FloatVector t = y.fma(FloatVector.broadcast(F, 2 * LOG2_E), magic);
    FloatVector k = t.sub(magic);
    FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI / 2), y);
    r = k.fma(FloatVector.broadcast(F, -LN2_LO / 2), r);
    FloatVector p = FloatVector.broadcast(F, HALF_EXPM1[0]);
    for (int j = 1; j < HALF_EXPM1.length; j++) {
      p = p.fma(r, FloatVector.broadcast(F, HALF_EXPM1[j]));
    }
    p = p.mul(r).fma(r, r);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
    FloatVector m = p.fma(scale, scale.fma(half, half.neg()));
    IntVector sign = x.reinterpretAsInts().and(SIGN_BIT);
    return m.div(m.add(1f)).reinterpretAsInts().or(sign).reinterpretAsFloats();
  }

  /**
   * 1 / (1 + e^-x), as e^x / (1 + e^x) for x &lt; 0; the argument is clamped below at -87.3; NaN
   * stays NaN.
   */
  public static FloatVector sigmoid(FloatVector x) {
    FloatVector e = expNonPositive(x.abs().neg());
    FloatVector one = FloatVector.broadcast(F, 1f);
    return one.blend(e, x.compare(LT, 0f)).div(e.add(one));
  }

  // ---- array functions ----

  /** e^x for every x: overflow gives +∞, underflow is gradual (subnormal results are right). */
  public static void exp(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("exp", EXP_FUNCTION, a, aFrom, out, outFrom, n);
  }

  /**
   * e^x in place for x ≤ 0, and 0 below -87.3, where it is not a normal number; NaN stays NaN.
   *
   * @param a as long as {@code n} rounded up to whole vectors
   */
  public static void expNonPositive(float[] a, int n) {
    FloatVector magic = FloatVector.broadcast(F, MAGIC);
    FloatVector lo = FloatVector.broadcast(F, -87.3f);
    FloatVector zero = FloatVector.zero(F);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, i);
      var tiny = x.compare(LT, lo);
      x = x.blend(lo, tiny);
      FloatVector t = x.fma(FloatVector.broadcast(F, LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI), x);
      r = k.fma(FloatVector.broadcast(F, -LN2_LO), r);
      FloatVector p = FloatVector.broadcast(F, EXP[0]);
      for (int j = 1; j < EXP.length; j++) {
        p = p.fma(r, FloatVector.broadcast(F, EXP[j]));
      }
      p = p.mul(t.reinterpretAsInts().lanewise(LSHL, 23).add(ONE_BITS).reinterpretAsFloats());
      p.blend(zero, tiny).intoArray(a, i);
    }
  }

  /** ln x for every x, subnormals included: ±0 gives -∞, negative NaN, +∞ itself. */
  public static void log(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("log", LOG_FUNCTION, a, aFrom, out, outFrom, n);
  }

  /** ln(1 + x) for every x: -1 gives -∞, below NaN, ±0 and +∞ themselves. */
  public static void log1p(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("log1p", SimdMath::log1pWhole, a, aFrom, out, outFrom, n);
  }

  /** e^x - 1 for every x: ±0 gives itself, overflow +∞. */
  public static void expm1(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("expm1", SimdMath::expm1Whole, a, aFrom, out, outFrom, n);
  }

  /** tanh x for every x: ±0 gives itself. */
  public static void tanh(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("tanh", TANH_FUNCTION, a, aFrom, out, outFrom, n);
  }

  /** 1 / (1 + e^-x) for every x; underflow is gradual. */
  public static void sigmoid(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("sigmoid", SIGMOID_FUNCTION, a, aFrom, out, outFrom, n);
  }

  /** ln(1 + e^x) = max(x, 0) + log1p(e^-|x|) for every x; underflow is gradual. */
  public static void softplus(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("softplus", SimdMath::softplusWhole, a, aFrom, out, outFrom, n);
  }

  static void expWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector magic = FloatVector.broadcast(F, MAGIC);
    FloatVector lo = FloatVector.broadcast(F, -104f); // below half the smallest subnormal
    FloatVector hi = FloatVector.broadcast(F, 89f); // above the largest float
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      x = x.blend(lo, x.compare(LT, lo));
      x = x.blend(hi, x.compare(GT, hi));
      FloatVector t = x.fma(FloatVector.broadcast(F, LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI), x);
      r = k.fma(FloatVector.broadcast(F, -LN2_LO), r);
      FloatVector p = FloatVector.broadcast(F, EXP[0]);
      for (int j = 1; j < EXP.length; j++) {
        p = p.fma(r, FloatVector.broadcast(F, EXP[j]));
      }
      // 2^k as a product of two factors, each in range; the first product is exact
      IntVector whole = t.reinterpretAsInts().sub(0x4b400000);
      IntVector half = whole.lanewise(ASHR, 1);
      IntVector rest = whole.sub(half);
      p = p.mul(half.lanewise(LSHL, 23).add(ONE_BITS).reinterpretAsFloats());
      p = p.mul(rest.lanewise(LSHL, 23).add(ONE_BITS).reinterpretAsFloats());
      p.intoArray(out, outFrom + i);
    }
  }

  private static void logWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector infinity = FloatVector.broadcast(F, Float.POSITIVE_INFINITY);
    FloatVector zero = FloatVector.zero(F);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      var tiny = x.compare(LT, Float.MIN_NORMAL);
      IntVector b = x.blend(x.mul(0x1p23f), tiny).reinterpretAsInts();
      IntVector e = b.sub(TWO_THIRDS_BITS).lanewise(ASHR, 23);
      FloatVector f = b.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats().sub(1f);
      FloatVector k = (FloatVector) e.convert(I2F, 0);
      k = k.blend(k.sub(23f), tiny);
      FloatVector p = FloatVector.broadcast(F, LOG[0]);
      for (int j = 1; j < LOG.length; j++) {
        p = p.fma(f, FloatVector.broadcast(F, LOG[j]));
      }
      FloatVector y = k.fma(FloatVector.broadcast(F, LN2), p.fma(f.mul(f), f));
      y = x.blend(y, x.compare(LT, infinity));
      y = y.blend(Float.NaN, x.compare(LT, zero));
      y = y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, zero));
      y.intoArray(out, outFrom + i);
    }
  }

  private static void log1pWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector minusOne = FloatVector.broadcast(F, -1f);
    FloatVector quarter = FloatVector.broadcast(F, 0.25f);
    FloatVector tiny = FloatVector.broadcast(F, 1e-30f);
    IntVector four = IntVector.broadcast(I, Float.floatToRawIntBits(4f));
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      // the exponent e comes from the rounded 1 + x, f = (1 + x) 2^-e - 1 from x itself
      IntVector b = x.add(one).reinterpretAsInts();
      IntVector e = b.sub(TWO_THIRDS_BITS).lanewise(ASHR, 23);
      FloatVector scale = four.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats(); // 4 * 2^-e
      FloatVector f = x.mul(quarter).fma(scale, scale.fma(quarter, minusOne));
      FloatVector k = (FloatVector) e.convert(I2F, 0);
      FloatVector p = FloatVector.broadcast(F, LOG[0]);
      for (int j = 1; j < LOG.length; j++) {
        p = p.fma(f, FloatVector.broadcast(F, LOG[j]));
      }
      FloatVector y = k.fma(FloatVector.broadcast(F, LN2_LO), p.mul(f.mul(f)));
      y = k.fma(FloatVector.broadcast(F, LN2_HI), f.add(y));
      y = y.blend(x, x.abs().compare(LT, tiny)); // -0 and subnormals
      y = x.blend(y, x.compare(LT, Float.POSITIVE_INFINITY));
      y = y.blend(Float.NaN, x.compare(LT, minusOne));
      y = y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, minusOne));
      y.intoArray(out, outFrom + i);
    }
  }

  private static void expm1Whole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector magic = FloatVector.broadcast(F, MAGIC);
    FloatVector lo = FloatVector.broadcast(F, -17.5f); // the result is -1 from here on
    FloatVector hi = FloatVector.broadcast(F, 89f);
    FloatVector tiny = FloatVector.broadcast(F, 1e-30f);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      FloatVector y = x.blend(lo, x.compare(LT, lo));
      y = y.blend(hi, y.compare(GT, hi));
      FloatVector t = y.fma(FloatVector.broadcast(F, LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI), y);
      r = k.fma(FloatVector.broadcast(F, -LN2_LO), r);
      FloatVector p = FloatVector.broadcast(F, EXPM1[0]);
      for (int j = 1; j < EXPM1.length; j++) {
        p = p.fma(r, FloatVector.broadcast(F, EXPM1[j]));
      }
      p = p.mul(r).fma(r, r);
      // half of 2^k, which is in range for k = 128 too
      IntVector bits = t.reinterpretAsInts().lanewise(LSHL, 23).add(0x3f000000);
      FloatVector half = bits.reinterpretAsFloats();
      y = p.fma(half, half.sub(0.5f)).mul(2f);
      y = y.blend(x, x.abs().compare(LT, tiny)); // -0 and subnormals
      y.intoArray(out, outFrom + i);
    }
  }

  private static void tanhWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    for (int i = 0; i < n; i += L) {
      tanh(FloatVector.fromArray(F, a, aFrom + i)).intoArray(out, outFrom + i);
    }
  }

  private static void sigmoidWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector magic = FloatVector.broadcast(F, MAGIC);
    FloatVector lo = FloatVector.broadcast(F, -104f);
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      FloatVector y = x.abs().neg();
      y = y.blend(lo, y.compare(LT, lo));
      FloatVector t = y.fma(FloatVector.broadcast(F, LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI), y);
      r = k.fma(FloatVector.broadcast(F, -LN2_LO), r);
      FloatVector p = FloatVector.broadcast(F, EXP[0]);
      for (int j = 1; j < EXP.length; j++) {
        p = p.fma(r, FloatVector.broadcast(F, EXP[j]));
      }
      // 2^k as 2^(k + 64) * 2^-64; the first product is exact
      IntVector bits = t.reinterpretAsInts().lanewise(LSHL, 23).add(ONE_BITS + (64 << 23));
      p = p.mul(bits.reinterpretAsFloats()).mul(0x1p-64f);
      one.blend(p, x.compare(LT, 0f)).div(p.add(one)).intoArray(out, outFrom + i);
    }
  }

  private static void softplusWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector magic = FloatVector.broadcast(F, MAGIC);
    FloatVector lo = FloatVector.broadcast(F, -104f);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector zero = FloatVector.zero(F);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      FloatVector y = x.abs().neg();
      y = y.blend(lo, y.compare(LT, lo));
      FloatVector t = y.fma(FloatVector.broadcast(F, LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI), y);
      r = k.fma(FloatVector.broadcast(F, -LN2_LO), r);
      FloatVector e = FloatVector.broadcast(F, EXP[0]);
      for (int j = 1; j < EXP.length; j++) {
        e = e.fma(r, FloatVector.broadcast(F, EXP[j]));
      }
      IntVector bits = t.reinterpretAsInts().lanewise(LSHL, 23).add(ONE_BITS + (64 << 23));
      e = e.mul(bits.reinterpretAsFloats()).mul(0x1p-64f);
      // 1 + e = 2^k (1 + f) with f in [-1/3, 1/3] and k in {0, 1}; f is exact
      var large = e.compare(GT, 1 / 3f);
      FloatVector f = e.blend(e.fma(half, half.neg()), large);
      k = zero.blend(1f, large);
      FloatVector p = FloatVector.broadcast(F, LOG[0]);
      for (int j = 1; j < LOG.length; j++) {
        p = p.fma(f, FloatVector.broadcast(F, LOG[j]));
      }
      y = k.fma(FloatVector.broadcast(F, LN2_LO), p.mul(f.mul(f)));
      y = k.fma(FloatVector.broadcast(F, LN2_HI), f.add(y));
      y.add(zero.blend(x, x.compare(GT, zero))).intoArray(out, outFrom + i);
    }
  }
}
