package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;

/**
 * Segments of at most {@link BoundStream#SEGMENT} samples, added to the totals of their rows, and
 * what follows from the totals. The bound of a whole tensor and that of a stream go through here
 * alike, segment by segment, which makes their bits the same.
 *
 * <p>Scratch: slots 0 to 2 of the floats and 0 of the doubles; the rest is the caller's.
 */
final class Segments {
  /** The slot of doubles for totals. */
  static final int TOTALS = 1;

  /** Elements that go through the passes together, within L1. */
  private static final int GROUP = 4096;

  private static final int MOST_ROWS = 64;

  /**
   * Below this |1 − α| the logarithm of a mean of exponentials, divided by 1 − α, would magnify
   * their rounding; {@code log1p(mean expm1)} does not.
   */
  private static final float NEAR_ONE = 0.25f;

  private Segments() {}

  /** Rows of {@code k} samples that are taken together. */
  static int rows(int k) {
    return Math.clamp(GROUP / Math.clamp(k, 1, BoundStream.SEGMENT), 1, MOST_ROWS);
  }

  /** exp(β(x − extreme)) of the segment last added, {@code size} elements side by side. */
  static float[] exponentials(Scratch scratch, int size) {
    return scratch.floats(0, 2 * size + SimdMath.L);
  }

  /** The extremes of the segment last added. */
  static float[] extremes(Scratch scratch) {
    return scratch.floats(2, MOST_ROWS);
  }

  private static boolean nearOne(float beta) {
    return Math.abs(beta) < NEAR_ONE;
  }

  /**
   * Adds a segment of {@code n} samples of {@code rows} rows.
   *
   * @param x log-weights; row r from {@code from + r·stride} on
   * @param before samples that the totals have already
   * @param totals of the rows, side by side from {@code at} on
   */
  static void add(
      float[] x,
      int from,
      int stride,
      int rows,
      int n,
      float beta,
      long before,
      double[] totals,
      int at,
      Scratch scratch) {
    float[] lanes = scratch.floats(1, (2 * rows + SimdMath.L) * SimdMath.L);
    if (beta == 0) {
      addPlain(x, from, stride, rows, n, before, totals, at, lanes);
      return;
    }
    float[] e = exponentials(scratch, rows * n);
    float[] extremes = extremes(scratch);
    double[] perRow = scratch.doubles(0, 3 * MOST_ROWS);
    WeightRows.differences(x, from, stride, rows, n, beta, extremes, e);
    excesses(e, rows, n, beta, lanes, perRow);
    SimdMath.expNonPositive(e, rows * n);
    WeightRows.sums(e, rows, n, lanes, perRow, MOST_ROWS, 2 * MOST_ROWS);
    for (int r = 0; r < rows; r++) {
      BoundTotals.add(
          totals,
          at + r * BoundTotals.SIZE,
          before,
          beta,
          extremes[r],
          perRow[MOST_ROWS + r],
          perRow[2 * MOST_ROWS + r],
          perRow[r],
          n);
    }
  }

  /** Σ expm1 of the exponents of each row, where it is needed. */
  private static void excesses(
      float[] t, int rows, int n, float beta, float[] lanes, double[] sums) {
    if (nearOne(beta)) {
      int size = rows * n;
      SimdMath.expm1(t, 0, t, size, size);
      for (int r = 0; r < rows; r++) {
        sums[r] = Lanes.sum(t, size + r * n, n, lanes);
      }
    }
  }

  /** Σ x, and how many are −∞ where that matters. */
  private static void addPlain(
      float[] x,
      int from,
      int stride,
      int rows,
      int n,
      long before,
      double[] totals,
      int at,
      float[] lanes) {
    for (int r = 0; r < rows; r++) {
      int row = from + r * stride;
      double sum = Lanes.sum(x, row, n, lanes);
      int nothing = 0;
      for (int i = 0; sum == Double.NEGATIVE_INFINITY && i < n; i++) {
        nothing += x[row + i] == Float.NEGATIVE_INFINITY ? 1 : 0;
      }
      BoundTotals.add(totals, at + r * BoundTotals.SIZE, before, 0, 0, sum, nothing, 0, n);
    }
  }

  /** {@code out[to + r] = extreme + log(S/count)/β}, the bound of each row. */
  static void bounds(
      double[] totals, int rows, float beta, long count, float[] out, int to, Scratch scratch) {
    float[] logs = scratch.floats(1, MOST_ROWS);
    for (int r = 0; r < rows; r++) {
      logs[r] = (float) BoundTotals.sum(totals, r * BoundTotals.SIZE);
    }
    SimdMath.log(logs, 0, logs, 0, rows);
    double logCount = StrictMath.log((double) count);
    double inverse = 1.0 / beta;
    for (int r = 0; r < rows; r++) {
      int at = r * BoundTotals.SIZE;
      double bound;
      if (beta == 0) {
        bound = BoundTotals.sum(totals, at) / count;
      } else {
        double log = nearOne(beta) ? logMean(totals, at, count) : logs[r] - logCount;
        bound = BoundTotals.extreme(totals, at) + log * inverse;
      }
      out[to + r] = (float) bound;
    }
  }

  /** log(S/count), by way of U where S/count is near 1. */
  private static double logMean(double[] totals, int at, long count) {
    double excess = BoundTotals.excess(totals, at) / count;
    return excess > -0.5
        ? StrictMath.log1p(excess)
        : StrictMath.log(BoundTotals.sum(totals, at) / count);
  }

  /** The effective sample size of a row. */
  static float ess(double[] totals, int at, float beta, long count) {
    double s = BoundTotals.sum(totals, at);
    double q = BoundTotals.squares(totals, at);
    if (beta == 0) {
      return Double.isNaN(s) ? Float.NaN : q == count ? 0 : count;
    }
    return (float) (decided(totals, at) ? undefined(totals, at, count) : s * s / q);
  }

  /** What an exponential of a segment is multiplied by to be a normalised weight. */
  static float weight(double[] totals, int at, float beta, float extreme, long count) {
    double s = BoundTotals.sum(totals, at);
    if (beta == 0) {
      boolean nothing = BoundTotals.squares(totals, at) == count;
      return Double.isNaN(s) ? Float.NaN : nothing ? 0 : 1f / count;
    }
    if (decided(totals, at)) {
      return undefined(totals, at, count);
    }
    double top = BoundTotals.extreme(totals, at);
    return (float) (extreme == top ? 1 / s : StrictMath.exp(beta * (extreme - top)) / s);
  }

  /** Whether an infinite log-weight decides the bound; S then counts how many do. */
  private static boolean decided(double[] totals, int at) {
    return Double.isInfinite(BoundTotals.extreme(totals, at));
  }

  private static float undefined(double[] totals, int at, long count) {
    boolean nothing = BoundTotals.extreme(totals, at) < 0 && BoundTotals.sum(totals, at) == count;
    return nothing ? 0 : Float.NaN;
  }
}
