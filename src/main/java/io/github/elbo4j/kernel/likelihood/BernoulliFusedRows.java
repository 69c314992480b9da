package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.UGT;
import static jdk.incubator.vector.VectorOperators.UMAX;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** {@link BernoulliRows} forwards and backwards with one exponential. */
final class BernoulliFusedRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;
  private static final int ONE_BITS = Float.floatToRawIntBits(1f);

  private BernoulliFusedRows() {}

  /**
   * Lanes as {@link BernoulliRows#forward} leaves them, and {@code dLogits += g·(x − sigmoid(l))};
   * {@code n} is at most a chunk. False when all of x lies in [0,1], true when it may not, as
   * {@link BernoulliRows#mayLeaveUnit} finds it.
   *
   * @param work a vector's length of scratch
   */
  static boolean both(
      float[] logits,
      int l,
      float[] x,
      int xAt,
      float g,
      float[] dLogits,
      int d,
      int n,
      float[] lanes,
      int sumAt,
      int productAt,
      float[] work) {
    int full = F.loopBound(n);
    boolean may = vectors(logits, l, x, xAt, g, dLogits, d, full, lanes, sumAt, productAt);
    if (full < n) {
      BernoulliRows.expOfMinusAbs(logits, l + full, work, n - full);
    }
    for (int i = full; i < n; i++) {
      float logit = logits[l + i];
      float u = work[i - full];
      boolean positive = logit > 0;
      float slope = x[xAt + i] - (positive ? 1f : 0f);
      lanes[sumAt + i - full] += slope == 0 ? 0 : logit * slope;
      float q = lanes[productAt + i - full];
      lanes[productAt + i - full] = Math.fma(u, q + 1f, q);
      float s = u / (u + 1f);
      dLogits[d + i] = Math.fma(g, slope - (positive ? -s : s), dLogits[d + i]);
      may |= !(x[xAt + i] >= 0 && x[xAt + i] <= 1);
    }
    return may;
  }

  private static boolean vectors(
      float[] logits,
      int l,
      float[] x,
      int xAt,
      float g,
      float[] dLogits,
      int d,
      int full,
      float[] lanes,
      int sumAt,
      int productAt) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector gradient = FloatVector.broadcast(F, g);
    FloatVector sum = zero;
    FloatVector q = zero;
    IntVector highest = IntVector.zero(SimdMath.I);
    for (int i = 0; i < full; i += L) {
      FloatVector logit = FloatVector.fromArray(F, logits, l + i);
      FloatVector u = SimdMath.expNonPositive(logit.abs().neg());
      FloatVector s = u.div(u.add(one)); // sigmoid(−|l|)
      VectorMask<Float> positive = logit.compare(GT, zero);
      FloatVector data = FloatVector.fromArray(F, x, xAt + i);
      highest = highest.lanewise(UMAX, data.reinterpretAsInts()); // a sign bit is above all
      FloatVector slope = data.sub(one, positive);
      // 0·∞ is 0 here; a NaN logit is not lost, it is in u
      sum = sum.add(logit.mul(slope), slope.compare(NE, zero));
      q = q.add(one).fma(u, q);
      slope = slope.sub(s.blend(s.neg(), positive));
      gradient.fma(slope, FloatVector.fromArray(F, dLogits, d + i)).intoArray(dLogits, d + i);
    }
    sum.intoArray(lanes, sumAt);
    q.intoArray(lanes, productAt);
    return highest.compare(UGT, ONE_BITS).anyTrue();
  }
}
