package io.github.elbo4j.kernel;

import static io.github.elbo4j.kernel.SimdMath.BIASED_MAGIC;
import static io.github.elbo4j.kernel.SimdMath.EXP;
import static io.github.elbo4j.kernel.SimdMath.F;
import static io.github.elbo4j.kernel.SimdMath.I;
import static io.github.elbo4j.kernel.SimdMath.L;
import static io.github.elbo4j.kernel.SimdMath.LN2_HI;
import static io.github.elbo4j.kernel.SimdMath.LN2_LO;
import static io.github.elbo4j.kernel.SimdMath.LOG2_E;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The array functions of {@link SimdMath} where no argument is NaN or infinite and no result
 * overflows or underflows: loops without clamps and blends. They give each such argument the bits
 * that the loops for every argument give it, so which of the two runs shows in the time only.
 *
 * <p>A loop finds out by the way whether all its arguments were ordinary; if not, the loop for
 * every argument does a {@link #CHUNK} again. A call in place leaves no argument to start again
 * from, so there a test goes before.
 */
final class OrdinaryArguments {
  /** Elements looked at together: 4 KiB, so that a second look finds L1. */
  static final int CHUNK = 1024;

  private static final int MAGNITUDE = 0x7fffffff;

  /** |x| up to here keeps e^x and e^-x normal. */
  private static final int MAX_EXPONENT_BITS = Float.floatToRawIntBits(87.3f);

  /** |x| up to here keeps e^2x normal. */
  private static final int MAX_HALF_EXPONENT_BITS = MAX_EXPONENT_BITS - (1 << 23);

  private static final int MIN_NORMAL_BITS = Float.floatToRawIntBits(Float.MIN_NORMAL);

  private OrdinaryArguments() {}

  /** Says whether all of {@code a[from … from + n)} are ordinary; n is a multiple of L. */
  @FunctionalInterface
  interface Test {
    boolean holds(float[] a, int from, int n);
  }

  /** A loop over whole vectors that says whether all its arguments were ordinary. */
  @FunctionalInterface
  interface Attempt {
    boolean whole(float[] a, int aFrom, float[] out, int outFrom, int n);
  }

  /** {@code fast} for each chunk of ordinary arguments, {@code any} for the others. */
  @SuppressWarnings("ReferenceEquality") // sharing memory is about identity
  static ArrayFunction choose(Test ordinary, Attempt fast, ArrayFunction any) {
    return (a, aFrom, out, outFrom, n) -> {
      for (int i = 0; i < n; i += CHUNK) {
        int x = aFrom + i;
        int to = outFrom + i;
        int count = Math.min(CHUNK, n - i);
        boolean may = a != out || ordinary.holds(a, x, count);
        if (!(may && fast.whole(a, x, out, to, count))) {
          any.whole(a, x, out, to, count);
        }
      }
    };
  }

  /** |x| ≤ 87.3 for all of them. */
  static boolean exponents(float[] a, int from, int n) {
    return greatestMagnitude(a, from, n) <= MAX_EXPONENT_BITS;
  }

  /** |x| ≤ 43.65 for all of them. */
  static boolean halfExponents(float[] a, int from, int n) {
    return greatestMagnitude(a, from, n) <= MAX_HALF_EXPONENT_BITS;
  }

  /** Bits of the greatest |x|; those of a NaN are above all others. */
  private static int greatestMagnitude(float[] a, int from, int n) {
    IntVector most = IntVector.zero(I);
    for (int i = 0; i < n; i += L) {
      IntVector b = FloatVector.fromArray(F, a, from + i).reinterpretAsInts();
      most = most.max(b.and(MAGNITUDE));
    }
    return most.reduceLanes(MAX);
  }

  /** Positive, normal and finite, all of them. */
  static boolean positiveNormal(float[] a, int from, int n) {
    IntVector least = IntVector.broadcast(I, MAGNITUDE);
    for (int i = 0; i < n; i += L) {
      IntVector b = FloatVector.fromArray(F, a, from + i).reinterpretAsInts();
      least = least.min(b.add(MIN_NORMAL_BITS)); // wraps from infinity on
    }
    return least.reduceLanes(MIN) >= 2 * MIN_NORMAL_BITS;
  }

  /** e^x; the product by 2^k is exact. */
  static boolean exp(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector magic = FloatVector.broadcast(F, BIASED_MAGIC);
    IntVector most = IntVector.zero(I);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      most = most.max(x.reinterpretAsInts().and(MAGNITUDE)); // a NaN is above all numbers
      FloatVector t = x.fma(FloatVector.broadcast(F, LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI), x);
      r = k.fma(FloatVector.broadcast(F, -LN2_LO), r);
      FloatVector p = FloatVector.broadcast(F, EXP[0]);
      for (int j = 1; j < EXP.length; j++) {
        p = p.fma(r, FloatVector.broadcast(F, EXP[j]));
      }
      FloatVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
      p.mul(scale).intoArray(out, outFrom + i);
    }
    return most.reduceLanes(MAX) <= MAX_EXPONENT_BITS;
  }

  /** ln x. */
  static boolean log(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector ln2 = FloatVector.broadcast(F, SimdMath.LN2);
    IntVector least = IntVector.broadcast(I, MAGNITUDE);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      IntVector b = x.reinterpretAsInts();
      least = least.min(b.add(MIN_NORMAL_BITS)); // wraps from infinity on
      IntVector e = b.sub(SimdMath.TWO_THIRDS_BITS).lanewise(ASHR, 23);
      FloatVector f = b.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats().sub(1f);
      FloatVector k = (FloatVector) e.convert(I2F, 0);
      FloatVector p = FloatVector.broadcast(F, SimdMath.LOG[0]);
      for (int j = 1; j < SimdMath.LOG.length; j++) {
        p = p.fma(f, FloatVector.broadcast(F, SimdMath.LOG[j]));
      }
      k.fma(ln2, p.fma(f.mul(f), f)).intoArray(out, outFrom + i);
    }
    return least.reduceLanes(MIN) >= 2 * MIN_NORMAL_BITS;
  }

  /** tanh x, as the vector function has it. */
  static boolean tanh(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector magic = FloatVector.broadcast(F, BIASED_MAGIC);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector minusHalf = half.neg();
    IntVector most = IntVector.zero(I);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      most = most.max(x.reinterpretAsInts().and(MAGNITUDE)); // a NaN is above all numbers
      FloatVector y = x.abs();
      FloatVector t = y.fma(FloatVector.broadcast(F, 2 * LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI / 2), y);
      r = k.fma(FloatVector.broadcast(F, -LN2_LO / 2), r);
      FloatVector p = FloatVector.broadcast(F, SimdMath.HALF_EXPM1[0]);
      for (int j = 1; j < SimdMath.HALF_EXPM1.length; j++) {
        p = p.fma(r, FloatVector.broadcast(F, SimdMath.HALF_EXPM1[j]));
      }
      p = p.mul(r).fma(r, r);
      FloatVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
      FloatVector m = p.fma(scale, scale.fma(half, minusHalf));
      IntVector sign = x.reinterpretAsInts().and(SimdMath.SIGN_BIT);
      IntVector magnitude = m.div(m.add(1f)).reinterpretAsInts();
      magnitude.or(sign).reinterpretAsFloats().intoArray(out, outFrom + i);
    }
    return most.reduceLanes(MAX) <= MAX_HALF_EXPONENT_BITS;
  }

  /** 1 / (1 + e^-x). */
  static boolean sigmoid(float[] a, int aFrom, float[] out, int outFrom, int n) {
    FloatVector magic = FloatVector.broadcast(F, BIASED_MAGIC);
    FloatVector one = FloatVector.broadcast(F, 1f);
    IntVector most = IntVector.zero(I);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, aFrom + i);
      most = most.max(x.reinterpretAsInts().and(MAGNITUDE)); // a NaN is above all numbers
      FloatVector y = x.abs().neg();
      FloatVector t = y.fma(FloatVector.broadcast(F, LOG2_E), magic);
      FloatVector k = t.sub(magic);
      FloatVector r = k.fma(FloatVector.broadcast(F, -LN2_HI), y);
      r = k.fma(FloatVector.broadcast(F, -LN2_LO), r);
      FloatVector p = FloatVector.broadcast(F, EXP[0]);
      for (int j = 1; j < EXP.length; j++) {
        p = p.fma(r, FloatVector.broadcast(F, EXP[j]));
      }
      p = p.mul(t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
      one.blend(p, x.compare(LT, 0f)).div(p.add(one)).intoArray(out, outFrom + i);
    }
    return most.reduceLanes(MAX) <= MAX_EXPONENT_BITS;
  }
}
