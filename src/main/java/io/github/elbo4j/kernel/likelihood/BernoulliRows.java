package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.OR;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
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
   *
   * @param work a vector's length of scratch
   */
  static void forward(
      float[] logits,
      int l,
      float[] x,
      int xAt,
      int n,
      float[] lanes,
      int sumAt,
      int productAt,
      float[] work) {
    int full = F.loopBound(n);
    forwardVectors(logits, l, x, xAt, full, lanes, sumAt, productAt);
    if (full < n) {
      forwardTail(logits, l + full, x, xAt + full, n - full, lanes, sumAt, productAt, work);
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

  /**
   * The elements behind the last whole vector. No vector helper here: with a second one in the same
   * compilation C2 may run out of its budget and box what crosses the call.
   */
  private static void forwardTail(
      float[] logits,
      int l,
      float[] x,
      int xAt,
      int n,
      float[] lanes,
      int sumAt,
      int productAt,
      float[] u) {
    expOfMinusAbs(logits, l, u, n);
    for (int i = 0; i < n; i++) {
      float logit = logits[l + i];
      float slope = x[xAt + i] - (logit > 0 ? 1f : 0f);
      lanes[sumAt + i] += slope == 0 ? 0 : logit * slope;
      float q = lanes[productAt + i];
      lanes[productAt + i] = Math.fma(u[i], q + 1f, q);
    }
  }

  /** u[0 … n) = exp(−|l|), cut off where the vector function cuts off; NaN stays NaN. */
  static void expOfMinusAbs(float[] logits, int l, float[] u, int n) {
    for (int i = 0; i < n; i++) {
      u[i] = Math.max(-Math.abs(logits[l + i]), -87.3f);
    }
    SimdMath.exp(u, 0, u, 0, n);
  }

  /**
   * {@code dLogits += g·(x − sigmoid(l))}.
   *
   * @param work a vector's length of scratch
   */
  static void backward(
      float[] logits,
      int l,
      float[] x,
      int xAt,
      float g,
      float[] dLogits,
      int d,
      int n,
      float[] work) {
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
      backwardTail(logits, l + full, x, xAt + full, g, dLogits, d + full, n - full, work);
    }
  }

  private static void backwardTail(
      float[] logits,
      int l,
      float[] x,
      int xAt,
      float g,
      float[] dLogits,
      int d,
      int n,
      float[] u) {
    expOfMinusAbs(logits, l, u, n);
    for (int i = 0; i < n; i++) {
      float s = u[i] / (u[i] + 1f);
      boolean positive = logits[l + i] > 0;
      float slope = (x[xAt + i] - (positive ? 1f : 0f)) - (positive ? -s : s);
      dLogits[d + i] = Math.fma(g, slope, dLogits[d + i]);
    }
  }

  /** Index of the first element &lt; 0 or &gt; 1 (a NaN is neither), or −1. */
  static int firstOutsideUnit(Tensor x) {
    float[] a = x.array();
    int from = x.offset();
    if (mayLeaveUnit(a, from, x.size())) {
      for (int i = 0; i < x.size(); i++) {
        if (a[from + i] < 0 || a[from + i] > 1) {
          return i;
        }
      }
    }
    return -1;
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
