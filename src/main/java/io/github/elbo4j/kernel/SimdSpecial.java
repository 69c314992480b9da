package io.github.elbo4j.kernel;

import static io.github.elbo4j.kernel.SimdMath.F;
import static io.github.elbo4j.kernel.SimdMath.I;
import static io.github.elbo4j.kernel.SimdMath.L;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Trigonometric, error and gamma functions on float vectors and arrays. What {@link SimdMath} says
 * of bits, errors, vector and array functions holds here too.
 */
public final class SimdSpecial {
  /**
   * Of {@link #sinReduced} and {@link #cosReduced} on [-π/4, π/4], and of the array sin and cos
   * everywhere.
   */
  public static final double MAX_ULP_SIN = 2;

  /** Of the array erf. */
  public static final double MAX_ULP_ERF = 1.5;

  /** Of the array erfinv. */
  public static final double MAX_ULP_ERFINV = 2;

  /** Of the array lgamma, next to its zeros at 1 and 2 as well. */
  public static final double MAX_ULP_LGAMMA = 1.5;

  /**
   * The largest |x| whose sine is computed in vectors; beyond it elements go through StrictMath one
   * by one.
   */
  public static final float MAX_FAST_ANGLE = 100_000f;

  /** π/2 in three parts. */
  private static final float HALF_PI_1 = 1.5707964f;

  private static final float HALF_PI_2 = -4.371139e-08f;
  private static final float HALF_PI_3 = -1.7151245e-15f;

  /**
   * (sin f - f) / f^3 and cos f as polynomials of f^2 on |f| ≤ π/4; relative errors 4.0e-9,
   * 1.2e-10.
   */
  private static final float[] SIN = {-1.9518286e-04f, 8.332189e-03f, -1.6666655e-01f};

  private static final float[] COS = {
    2.4432564e-05f, -1.3887311e-03f, 4.1666646e-02f, -5.e-01f, 1.e+00f
  };

  /** erf(x) / x - 1 as a polynomial of x^2 on |x| ≤ 0.9; relative error of erf 8.9e-10. */
  private static final float[] ERF_SMALL = {
    7.9431e-05f,
    -8.039753e-04f,
    5.191753e-03f,
    -2.685556e-02f,
    1.1283624e-01f,
    -3.761263e-01f,
    1.2837917e-01f
  };

  /** -ln(1 - erf(x)) as a polynomial of x on [0.9, 4]; relative error of erf 6.2e-11. */
  private static final float[] ERF_LARGE = {
    2.0823414e-05f,
    -4.313441e-04f,
    4.156064e-03f,
    -2.5080232e-02f,
    1.0821996e-01f,
    6.334011e-01f,
    1.1294883e+00f,
    -1.6920513e-04f
  };

  /** erfinv(x) / x - 1 as a polynomial of t = ln(1 - x^2) on [-5, 0]; relative error 6.0e-9. */
  private static final float[] ERFINV_CENTRE = {
    8.757204e-09f, 2.2033922e-07f, 1.9706883e-06f, 3.9580204e-06f, -4.4626144e-05f,
    -1.2755925e-04f, 2.3342562e-03f, 1.1548661e-02f, -2.320138e-01f, -1.1377308e-01f
  };

  /** The same as a polynomial of t + 10 on [-16, -5]; relative error 3.8e-8. */
  private static final float[] ERFINV_TAIL = {
    4.1281e-11f, 6.808387e-10f, 4.1670023e-09f, 5.9697984e-09f, -3.042132e-07f,
    -8.3498735e-06f, -1.714604e-04f, -3.807541e-03f, -1.5878166e-01f, 1.995746e+00f
  };

  private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;

  /**
   * What lgamma computes in: a second kind of float vectors would harm all kernels, see Transpose.
   */
  private static final ThreadLocal<double[]> WORK = ThreadLocal.withInitial(() -> new double[256]);

  /** ln Γ(x + 8) as a polynomial of (x - 4) / 4 on [0, 8]; absolute error 1.6e-15. */
  private static final double[] LGAMMA_SMALL = {
    3.0856465606728894e-11, -9.921327848598796e-11, 1.5854897905143918e-10, -5.204142858963321e-10,
    2.0850982541493253e-09, -6.9079416638374075e-09, 2.2632562889617288e-08, -7.652100797705891e-08,
    2.622834111316791e-07, -9.109832442585331e-07, 3.2206209874379187e-06, -1.163847665431804e-05,
    4.32341651955325e-05, -0.0001664519720196992, 0.0006724738303660917, -0.0029090990990116054,
    0.013974327798093242, -0.08050352393600253, 0.6952149829741471, 9.770646719903247,
    17.502307845873887
  };

  /** Stirling's series x (ln Γ(x) - (x - 1/2) ln x + x - ln(2π)/2) in powers of x^-2, for x ≥ 8. */
  private static final double[] STIRLING = {1 / 1188., -1 / 1680., 1 / 1260., -1 / 360., 1 / 12.};

  /**
   * 2 / (2 i + 1) for i = 10 … 1: ln((1 + s) / (1 - s)) = 2 s + s (c1 s^2 + c2 s^4 + …), |s| ≤ 1/5.
   */
  private static final double[] ATANH = {
    2 / 21., 2 / 19., 2 / 17., 2 / 15., 2 / 13., 2 / 11., 2 / 9., 2 / 7., 2 / 5., 2 / 3.
  };

  private static final long TWO_THIRDS_BITS = Double.doubleToRawLongBits(2 / 3.);

  /** Makes the exponent a positive number, for a shift that every machine has. */
  private static final int EXPONENT_BIAS = 1100;

  private static final double HALF_LN_2_PI = 0.9189385332046728;

  private SimdSpecial() {}

  // ---- vector functions ----

  /** sin f for |f| ≤ π/4. */
  public static FloatVector sinReduced(FloatVector f) {
    FloatVector square = f.mul(f);
    FloatVector s = FloatVector.broadcast(F, SIN[0]);
    for (int j = 1; j < SIN.length; j++) {
      s = s.fma(square, FloatVector.broadcast(F, SIN[j]));
    }
    return s.mul(square).fma(f, f);
  }

  /** cos f for |f| ≤ π/4. */
  public static FloatVector cosReduced(FloatVector f) {
    FloatVector square = f.mul(f);
    FloatVector c = FloatVector.broadcast(F, COS[0]);
    for (int j = 1; j < COS.length; j++) {
      c = c.fma(square, FloatVector.broadcast(F, COS[j]));
    }
    return c;
  }

  // ---- array functions ----

  /** sin x for every x; slow beyond {@link #MAX_FAST_ANGLE}; ±0 gives itself, ±∞ NaN. */
  public static void sin(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("sin", SimdSpecial::sinWhole, a, aFrom, out, outFrom, n);
  }

  /** cos x for every x; slow beyond {@link #MAX_FAST_ANGLE}; ±∞ gives NaN. */
  public static void cos(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("cos", SimdSpecial::cosWhole, a, aFrom, out, outFrom, n);
  }

  /** erf x = 2/√π ∫₀ˣ exp(-t²) dt for every x; ±0 gives itself. */
  public static void erf(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("erf", SimdSpecial::erfWhole, a, aFrom, out, outFrom, n);
  }

  /** The y with erf y = x; ±0 gives itself, ±1 gives ±∞, |x| &gt; 1 gives NaN. */
  public static void erfinv(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("erfinv", SimdSpecial::erfinvWhole, a, aFrom, out, outFrom, n);
  }

  /** ln Γ(x) for x &gt; 0, subnormals included; ±0 and overflow give +∞, negative x gives NaN. */
  public static void lgamma(float[] a, int aFrom, float[] out, int outFrom, int n) {
    ArrayFunction.apply("lgamma", SimdSpecial::lgammaWhole, a, aFrom, out, outFrom, n);
  }

  private static void sinWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    sinPlusQuadrants(a, aFrom, out, outFrom, n, 0);
  }

  private static void cosWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    sinPlusQuadrants(a, aFrom, out, outFrom, n, 1);
  }

  /** sin(x) for quadrants = 0, cos(x) = sin(|x| + π/2) for quadrants = 1. */
  private static void sinPlusQuadrants(
      float[] a, int aFrom, float[] out, int outFrom, int n, int quadrants) {
    FloatVector magic = FloatVector.broadcast(F, SimdMath.MAGIC);
    IntVector signMask = IntVector.broadcast(I, quadrants == 0 ? SimdMath.SIGN_BIT : 0);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      FloatVector y = x.abs();
      FloatVector t = y.fma(FloatVector.broadcast(F, 0.63661975f), magic); // 2/π
      FloatVector k = t.sub(magic);
      FloatVector f = k.fma(FloatVector.broadcast(F, -HALF_PI_1), y);
      f = k.fma(FloatVector.broadcast(F, -HALF_PI_2), f);
      f = k.fma(FloatVector.broadcast(F, -HALF_PI_3), f);
      FloatVector square = f.mul(f);
      FloatVector s = FloatVector.broadcast(F, SIN[0]);
      for (int j = 1; j < SIN.length; j++) {
        s = s.fma(square, FloatVector.broadcast(F, SIN[j]));
      }
      s = s.mul(square).fma(f, f);
      FloatVector c = FloatVector.broadcast(F, COS[0]);
      for (int j = 1; j < COS.length; j++) {
        c = c.fma(square, FloatVector.broadcast(F, COS[j]));
      }
      // odd quadrants take the cosine; bit 1 of the quadrant is the sign
      IntVector q = t.reinterpretAsInts().add(quadrants);
      s = s.blend(c, q.and(1).compare(EQ, 1).cast(F));
      IntVector sign = q.and(2).lanewise(LSHL, 30);
      sign = sign.lanewise(XOR, x.reinterpretAsInts().and(signMask));
      s = s.reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats();
      VectorMask<Float> far = y.compare(GT, MAX_FAST_ANGLE);
      if (far.anyTrue()) {
        // elements in range keep the bits of the vector path, whatever their neighbours are
        s.intoArray(out, outFrom + i, far.not());
        sinFar(a, aFrom + i, out, outFrom + i, quadrants);
      } else {
        s.intoArray(out, outFrom + i);
      }
    }
  }

  /** The elements of one vector beyond MAX_FAST_ANGLE; the others are left alone. */
  private static void sinFar(float[] a, int aFrom, float[] out, int outFrom, int quadrants) {
    for (int i = 0; i < L; i++) {
      float x = a[aFrom + i];
      if (Math.abs(x) > MAX_FAST_ANGLE) {
        out[outFrom + i] = (float) (quadrants == 0 ? StrictMath.sin(x) : StrictMath.cos(x));
      }
    }
  }

  private static void erfWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector magic = FloatVector.broadcast(F, SimdMath.MAGIC);
    FloatVector four = FloatVector.broadcast(F, 4f); // erf is 1 from here on
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      FloatVector y = x.abs();
      FloatVector square = y.mul(y);
      FloatVector small = FloatVector.broadcast(F, ERF_SMALL[0]);
      for (int j = 1; j < ERF_SMALL.length; j++) {
        small = small.fma(square, FloatVector.broadcast(F, ERF_SMALL[j]));
      }
      small = small.fma(y, y);
      // 1 - e^-u
      FloatVector z = y.blend(four, y.compare(GT, four));
      FloatVector u = FloatVector.broadcast(F, ERF_LARGE[0]);
      for (int j = 1; j < ERF_LARGE.length; j++) {
        u = u.fma(z, FloatVector.broadcast(F, ERF_LARGE[j]));
      }
      FloatVector t = u.fma(FloatVector.broadcast(F, -SimdMath.LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -SimdMath.LN2_HI), u.neg());
      r = k.fma(FloatVector.broadcast(F, -SimdMath.LN2_LO), r);
      FloatVector p = FloatVector.broadcast(F, SimdMath.EXP[0]);
      for (int j = 1; j < SimdMath.EXP.length; j++) {
        p = p.fma(r, FloatVector.broadcast(F, SimdMath.EXP[j]));
      }
      IntVector bits = t.reinterpretAsInts().lanewise(LSHL, 23).add(SimdMath.ONE_BITS);
      FloatVector large = p.fma(bits.reinterpretAsFloats().neg(), FloatVector.broadcast(F, 1f));
      FloatVector result = small.blend(large, y.compare(GT, 0.9f));
      IntVector sign = x.reinterpretAsInts().and(SimdMath.SIGN_BIT);
      result.reinterpretAsInts().or(sign).reinterpretAsFloats().intoArray(out, outFrom + i);
    }
  }

  private static void erfinvWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      FloatVector y = x.abs();
      // t = ln(1 - y^2)
      IntVector b = y.fma(y.neg(), one).reinterpretAsInts();
      IntVector e = b.sub(SimdMath.TWO_THIRDS_BITS).lanewise(ASHR, 23);
      FloatVector f = b.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats().sub(one);
      FloatVector k = (FloatVector) e.convert(I2F, 0);
      FloatVector p = FloatVector.broadcast(F, SimdMath.LOG[0]);
      for (int j = 1; j < SimdMath.LOG.length; j++) {
        p = p.fma(f, FloatVector.broadcast(F, SimdMath.LOG[j]));
      }
      FloatVector t = k.fma(FloatVector.broadcast(F, SimdMath.LN2_LO), p.mul(f.mul(f)));
      t = k.fma(FloatVector.broadcast(F, SimdMath.LN2_HI), f.add(t));
      FloatVector shifted = t.add(10f);
      FloatVector centre = FloatVector.broadcast(F, ERFINV_CENTRE[0]);
      FloatVector tail = FloatVector.broadcast(F, ERFINV_TAIL[0]);
      for (int j = 1; j < ERFINV_CENTRE.length; j++) {
        centre = centre.fma(t, FloatVector.broadcast(F, ERFINV_CENTRE[j]));
        tail = tail.fma(shifted, FloatVector.broadcast(F, ERFINV_TAIL[j]));
      }
      FloatVector result = centre.blend(tail, t.compare(LT, -5f)).fma(y, y);
      result = result.blend(Float.POSITIVE_INFINITY, y.compare(EQ, one));
      result = result.blend(Float.NaN, y.compare(GT, one));
      IntVector sign = x.reinterpretAsInts().and(SimdMath.SIGN_BIT);
      result = result.reinterpretAsInts().or(sign).reinterpretAsFloats();
      x.add(x).blend(result, x.compare(EQ, x)).intoArray(out, outFrom + i);
    }
  }

  /**
   * In double. From 8 on Stirling's series; below, ln Γ(x + 8) - ln(x (x+1) … (x+7)). Both have one
   * logarithm, of x or of the product. No masks: C2 has none for two doubles, and would box them on
   * 128-bit machines.
   */
  private static void lgammaWhole(float[] a, int aFrom, float[] out, int outFrom, int n) {
    double[] work = WORK.get();
    for (int i = 0; i < n; i += work.length) {
      int size = Math.min(work.length, n - i);
      for (int j = 0; j < size; j++) {
        work[j] = a[aFrom + i + j];
      }
      lgamma(work, size);
      for (int j = 0; j < size; j++) {
        out[outFrom + i + j] = (float) work[j];
      }
    }
  }

  private static void lgamma(double[] a, int n) {
    DoubleVector one = DoubleVector.broadcast(D, 1);
    LongVector zero = DoubleVector.zero(D).reinterpretAsLongs();
    for (int i = 0; i < n; i += D.length()) {
      // +0 for -0; from 1e37 on the result is beyond the floats
      DoubleVector x = DoubleVector.fromArray(D, a, i).add(0).min(1e37);
      LongVector below8 = zero.sub(x.sub(8).reinterpretAsLongs().lanewise(LSHR, 63));
      DoubleVector v = x.fma(x, x.mul(7)); // x (x + 7)
      v = v.mul(v.add(6)).mul(v.add(10)).mul(v.add(12));
      // ln v = k ln 2 + ln((1 + s) / (1 - s)), v the product below 8 and x from 8 on
      LongVector b = x.reinterpretAsLongs();
      b = b.lanewise(XOR, b.lanewise(XOR, v.reinterpretAsLongs()).and(below8));
      LongVector e = b.sub(TWO_THIRDS_BITS - ((long) EXPONENT_BIAS << 52)).lanewise(LSHR, 52);
      LongVector mantissa = b.sub(e.sub(EXPONENT_BIAS).lanewise(LSHL, 52));
      DoubleVector f = mantissa.reinterpretAsDoubles().sub(one);
      DoubleVector k = e.or(0x4330000000000000L).reinterpretAsDoubles().sub(0x1p52 + EXPONENT_BIAS);
      DoubleVector s = f.div(f.add(2));
      DoubleVector square = s.mul(s);
      DoubleVector p = DoubleVector.broadcast(D, ATANH[0]);
      for (int j = 1; j < ATANH.length; j++) {
        p = p.fma(square, DoubleVector.broadcast(D, ATANH[j]));
      }
      p = p.mul(square).fma(s, s.add(s));
      DoubleVector log = k.fma(DoubleVector.broadcast(D, 0.6931471805599453), p);
      DoubleVector u = x.mul(0.25).sub(one);
      DoubleVector small = DoubleVector.broadcast(D, LGAMMA_SMALL[0]);
      for (int j = 1; j < LGAMMA_SMALL.length; j++) {
        small = small.fma(u, DoubleVector.broadcast(D, LGAMMA_SMALL[j]));
      }
      DoubleVector w = one.div(x);
      DoubleVector w2 = w.mul(w);
      DoubleVector large = DoubleVector.broadcast(D, STIRLING[0]);
      for (int j = 1; j < STIRLING.length; j++) {
        large = large.fma(w2, DoubleVector.broadcast(D, STIRLING[j]));
      }
      large = large.fma(w, DoubleVector.broadcast(D, HALF_LN_2_PI)).sub(x);
      LongVector bits = x.sub(0.5).fma(log, large).reinterpretAsLongs();
      small = w.fma(DoubleVector.broadcast(D, 1e-300), small.sub(log)); // +∞ for 0
      // exactly 0 at 1 and 2: no other float has a result this small
      LongVector notZero = small.abs().sub(1e-10).reinterpretAsLongs().lanewise(LSHR, 63).sub(1);
      LongVector smallBits = small.reinterpretAsLongs().and(notZero);
      bits = bits.lanewise(XOR, bits.lanewise(XOR, smallBits).and(below8));
      bits = bits.or(zero.sub(x.reinterpretAsLongs().lanewise(LSHR, 63))); // NaN for x < 0
      bits.reinterpretAsDoubles().intoArray(a, i);
    }
  }
}
