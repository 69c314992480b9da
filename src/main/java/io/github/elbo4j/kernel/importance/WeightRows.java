package io.github.elbo4j.kernel.importance;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of importance weights on {@code rows} rows of {@code n} log-weights, {@code
 * stride} apart. Each method is one short pass over what lies in L1; the exponentials are taken of
 * all rows at once, where they have no ragged tails.
 */
final class WeightRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private WeightRows() {}

  /**
   * {@code extreme[r]}, the largest element of each row for β &gt; 0 and the smallest for β &lt; 0,
   * and {@code t[r·n + i] = β·(x − extreme[r])}, at most 0. A NaN in a row leaves a NaN in t.
   *
   * @param beta not 0; for ±∞, t is 0 where x is the extreme and −∞ elsewhere
   */
  static void differences(
      float[] x, int from, int stride, int rows, int n, float beta, float[] extreme, float[] t) {
    if (beta > 0 && ShortRows.fit(n)) {
      ShortRows.differences(x, from, stride, rows, n, beta, extreme, t);
    } else {
      for (int r = 0; r < rows; r++) {
        extreme[r] = extreme(x, from + r * stride, n, Math.signum(beta));
        differences(x, from + r * stride, n, beta, extreme[r], t, r * n);
      }
    }
    for (int r = 0; r < rows; r++) {
      if (Float.isInfinite(beta) || Float.isInfinite(extreme[r])) { // 0·∞, or ∞ − ∞
        equalOrNothing(x, from + r * stride, n, extreme[r], t, r * n);
      }
    }
  }

  private static float extreme(float[] x, int from, int n, float sign) {
    int full = F.loopBound(n);
    FloatVector s = FloatVector.broadcast(F, sign);
    FloatVector largest = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, from + i).mul(s);
      largest = largest.blend(v, v.compare(GT, largest));
    }
    float top = full == 0 ? Float.NEGATIVE_INFINITY : largest.reduceLanes(MAX);
    for (int i = full; i < n; i++) {
      float v = sign * x[from + i];
      top = v > top ? v : top;
    }
    return sign * top;
  }

  private static void differences(
      float[] x, int from, int n, float beta, float extreme, float[] t, int to) {
    int full = F.loopBound(n);
    FloatVector top = FloatVector.broadcast(F, extreme);
    FloatVector factor = FloatVector.broadcast(F, beta);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, x, from + i).sub(top).mul(factor).intoArray(t, to + i);
    }
    for (int i = full; i < n; i++) {
      t[to + i] = (x[from + i] - extreme) * beta;
    }
  }

  private static void equalOrNothing(float[] x, int from, int n, float extreme, float[] t, int to) {
    for (int i = 0; i < n; i++) {
      float v = x[from + i];
      t[to + i] = v == extreme ? 0 : Float.isNaN(v) ? v : Float.NEGATIVE_INFINITY;
    }
  }

  /**
   * The sums of each row of {@code e}, rows side by side, and of the squares.
   *
   * @param lanes scratch, two vectors a row, and as many more as make it a multiple of L of them
   * @param out written: {@code out[sums + r]} and {@code out[squares + r]}
   */
  static void sums(float[] e, int rows, int n, float[] lanes, double[] out, int sums, int squares) {
    if (ShortRows.fit(n)) {
      ShortRows.laneSums(e, rows, n, lanes);
    } else {
      for (int r = 0; r < rows; r++) {
        laneSums(e, r * n, n, lanes, r * L, (rows + r) * L);
      }
    }
    LaneFold.sums(lanes, Math.ceilDiv(2 * rows, L) * L);
    for (int r = 0; r < rows; r++) {
      out[sums + r] = lanes[r];
      out[squares + r] = lanes[rows + r];
    }
  }

  private static void laneSums(
      float[] e, int from, int n, float[] lanes, int sumAt, int squaresAt) {
    int full = F.loopBound(n);
    FloatVector sum = FloatVector.zero(F);
    FloatVector squares = sum;
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, e, from + i);
      sum = sum.add(v);
      squares = v.fma(v, squares);
    }
    sum.intoArray(lanes, sumAt);
    squares.intoArray(lanes, squaresAt);
    for (int i = full; i < n; i++) {
      float v = e[from + i];
      lanes[sumAt + i - full] += v;
      lanes[squaresAt + i - full] = Math.fma(v, v, lanes[squaresAt + i - full]);
    }
  }

  /** {@code out[to + r·stride + i] = factor[r]·e[r·n + i]}. */
  static void scale(float[] e, int rows, int n, float[] factor, float[] out, int to, int stride) {
    if (ShortRows.fit(n)) {
      ShortRows.scale(e, rows, n, factor, out, to, stride);
      return;
    }
    for (int r = 0; r < rows; r++) {
      scale(e, r * n, factor[r], out, to + r * stride, n);
    }
  }

  /** {@code out[to + i] = factor·a[from + i]}; in place too. */
  static void scale(float[] a, int from, float factor, float[] out, int to, int n) {
    int full = F.loopBound(n);
    FloatVector f = FloatVector.broadcast(F, factor);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, a, from + i).mul(f).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = a[from + i] * factor;
    }
  }

  /** {@code out[to + i] += factor·a[from + i]}. */
  static void addScaled(float[] a, int from, float factor, float[] out, int to, int n) {
    int full = F.loopBound(n);
    FloatVector f = FloatVector.broadcast(F, factor);
    for (int i = 0; i < full; i += L) {
      FloatVector sum = FloatVector.fromArray(F, out, to + i);
      FloatVector.fromArray(F, a, from + i).fma(f, sum).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = Math.fma(a[from + i], factor, out[to + i]);
    }
  }

  /** {@code out[i] += (α + (1 − α)·w[i])·g[i]}: a column of one number a sample. */
  static void addDoublyReparameterized(
      float[] w, int from, float alpha, float[] g, int gFrom, float[] out, int to, int n) {
    int full = F.loopBound(n);
    float rest = 1 - alpha;
    FloatVector a = FloatVector.broadcast(F, alpha);
    FloatVector b = FloatVector.broadcast(F, rest);
    for (int i = 0; i < full; i += L) {
      FloatVector factor = FloatVector.fromArray(F, w, from + i).fma(b, a);
      FloatVector sum = FloatVector.fromArray(F, out, to + i);
      FloatVector.fromArray(F, g, gFrom + i).fma(factor, sum).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      float factor = Math.fma(w[from + i], rest, alpha);
      out[to + i] = Math.fma(g[gFrom + i], factor, out[to + i]);
    }
  }
}
