package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.OR;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of the Bernoulli log-likelihood on one row. With {@code u = exp(−|l|)} a term is
 * {@code l·(x − 1[l>0]) − log(1 + u)}. The logarithms are not taken one by one: {@code q = Π(1 + u)
 * − 1} is kept up by {@code q ← q + u·(1 + q)}, which loses no small u, and one log1p a lane does
 * for up to {@link io.github.elbo4j.kernel.Lanes#CHUNK} elements (2¹¹² is far from overflow).
 */
final class BernoulliRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;
  private static final int ONE_BITS = Float.floatToRawIntBits(1f);

  private BernoulliRows() {}

  /**
   * Lane sums of {@code l·(x − 1[l>0])} into {@code lanes[sumAt …]} and lane products q into {@code
   * lanes[productAt …]}; {@code n} is at most a chunk.
   */
  static void forward(
      float[] logits, int l, float[] x, int xAt, int n, float[] lanes, int sumAt, int productAt) {
    int full = F.loopBound(n);
    forwardVectors(logits, l, x, xAt, full, lanes, sumAt, productAt);
    if (full < n) {
      forwardTail(logits, l + full, x, xAt + full, n - full, lanes, sumAt, productAt);
    }
  }

  private static void forwardVectors(
      float[] logits,
      int l,
      float[] x,
      int xAt,
      int full,
      float[] lanes,
      int sumAt,
      int productAt) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector sum = zero;
    FloatVector q = zero;
    for (int i = 0; i < full; i += L) {
      FloatVector logit = FloatVector.fromArray(F, logits, l + i);
      FloatVector u = SimdMath.expNonPositive(logit.abs().neg());
      FloatVector step = zero.blend(one, logit.compare(GT, zero));
      FloatVector slope = FloatVector.fromArray(F, x, xAt + i).sub(step);
      // 0·∞ is 0 here; a NaN logit is not lost, it is in u
      sum = sum.add(logit.mul(slope).blend(zero, slope.compare(EQ, zero)));
      q = q.add(one).fma(u, q);
    }
    sum.intoArray(lanes, sumAt);
    q.intoArray(lanes, productAt);
  }

  private static void forwardTail(
      float[] logits, int l, float[] x, int xAt, int n, float[] lanes, int sumAt, int productAt) {
    VectorMask<Float> t = F.indexInRange(0, n);
    FloatVector logit = FloatVector.fromArray(F, logits, l, t);
    FloatVector u = SimdMath.expNonPositive(logit.abs().neg());
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector step = zero.blend(one, logit.compare(GT, zero));
    FloatVector slope = FloatVector.fromArray(F, x, xAt, t).sub(step);
    FloatVector term = logit.mul(slope).blend(zero, slope.compare(EQ, zero));
    FloatVector.fromArray(F, lanes, sumAt).add(term, t).intoArray(lanes, sumAt);
    FloatVector q = FloatVector.fromArray(F, lanes, productAt);
    q.blend(q.add(one).fma(u, q), t).intoArray(lanes, productAt);
  }

  /** {@code dLogits += g·(x − sigmoid(l))}. */
  static void backward(
      float[] logits, int l, float[] x, int xAt, float g, float[] dLogits, int d, int n) {
    int full = F.loopBound(n);
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector gradient = FloatVector.broadcast(F, g);
    for (int i = 0; i < full; i += L) {
      FloatVector logit = FloatVector.fromArray(F, logits, l + i);
      FloatVector u = SimdMath.expNonPositive(logit.abs().neg());
      FloatVector s = u.div(u.add(one)); // sigmoid(−|l|)
      VectorMask<Float> positive = logit.compare(GT, zero);
      FloatVector slope = FloatVector.fromArray(F, x, xAt + i).sub(zero.blend(one, positive));
      slope = slope.sub(s.blend(s.neg(), positive));
      gradient.fma(slope, FloatVector.fromArray(F, dLogits, d + i)).intoArray(dLogits, d + i);
    }
    if (full < n) {
      backwardTail(logits, l + full, x, xAt + full, g, dLogits, d + full, n - full);
    }
  }

  private static void backwardTail(
      float[] logits, int l, float[] x, int xAt, float g, float[] dLogits, int d, int n) {
    VectorMask<Float> t = F.indexInRange(0, n);
    FloatVector logit = FloatVector.fromArray(F, logits, l, t);
    FloatVector u = SimdMath.expNonPositive(logit.abs().neg());
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector s = u.div(u.add(one));
    VectorMask<Float> positive = logit.compare(GT, zero);
    FloatVector slope = FloatVector.fromArray(F, x, xAt, t).sub(zero.blend(one, positive));
    slope = slope.sub(s.blend(s.neg(), positive));
    FloatVector sum = FloatVector.fromArray(F, dLogits, d, t);
    FloatVector.broadcast(F, g).fma(slope, sum).intoArray(dLogits, d, t);
  }

  /**
   * False when all elements of {@code x} lie in [0,1], true when one may not. On the bits, where an
   * integer's maximum is one instruction: a number is above 1 when its bits are, and negative (or
   * −0) when the sign bit is set; a NaN may be either.
   */
  static boolean mayLeaveUnit(float[] x, int from, int n) {
    IntVector highest = IntVector.zero(SimdMath.I);
    IntVector signs = highest;
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      IntVector bits = FloatVector.fromArray(F, x, from + i).reinterpretAsInts();
      highest = highest.max(bits);
      signs = signs.or(bits);
    }
    boolean may = highest.reduceLanes(MAX) > ONE_BITS || signs.reduceLanes(OR) < 0;
    for (int i = full; i < n; i++) {
      may |= !(x[from + i] >= 0 && x[from + i] <= 1);
    }
    return may;
  }
}
