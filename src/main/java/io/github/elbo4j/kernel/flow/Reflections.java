package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.tensor.Tensor;

/**
 * Householder reflections of a tile of rows, in place. What is prepared of a vector is {@code τ =
 * 2/‖v‖²}, 0 where v is 0.
 */
final class Reflections {
  private Reflections() {}

  /** τ of {@code count} vectors of d elements from {@code vector} on. */
  static void prepare(Tensor v, int vector, int count, int d, float[] tau, int at, float[] lanes) {
    for (int q = 0; q < count; q++) {
      int from = v.offset() + (vector + q) * d;
      FlowRows.laneDots(v.array(), from, 1, d, v.array(), from, lanes, q);
    }
    LaneSums.sum(lanes, count);
    for (int q = 0; q < count; q++) {
      float n = lanes[q];
      tau[at + q] = n < FlowKernels.SMALLEST_SQUARE ? 0 : n > Float.MAX_VALUE ? Float.NaN : 2 / n;
    }
  }

  /**
   * Reflects rows [first, end) of a task, of which x has the first at {@code at}.
   *
   * @param v [P,H·D]
   * @param tau of the vectors of row {@code point} of v from {@code tauAt} on
   * @param work a number a row
   */
  static void apply(
      FlowTask task,
      float[] x,
      int at,
      int first,
      int end,
      Tensor v,
      int h,
      boolean lastFirst,
      int point,
      float[] tau,
      int tauAt,
      float[] work,
      float[] lanes) {
    for (int j = 0; j < h; j++) {
      int q = lastFirst ? h - 1 - j : j;
      dots(task, x, at, first, end, v, h, q, work, 0, lanes);
      reflect(task, x, at, first, end, v, h, q, point, tau, tauAt, work, 0);
    }
  }

  /** {@code work = vᵀx} with vector q of each row. */
  private static void dots(
      FlowTask task,
      float[] x,
      int at,
      int first,
      int end,
      Tensor v,
      int h,
      int q,
      float[] work,
      int to,
      float[] lanes) {
    int d = task.d;
    for (int r = first; r < end; ) {
      int stop = task.runEnd(r, end);
      int i = r - first;
      int vAt = v.offset() + (r / task.k * h + q) * d;
      FlowRows.laneDots(x, at + i * d, stop - r, d, v.array(), vAt, lanes, i);
      r = stop;
    }
    LaneSums.sum(lanes, end - first);
    System.arraycopy(lanes, 0, work, to, end - first);
  }

  /** {@code x −= τ·v·dot}; dot is overwritten. */
  private static void reflect(
      FlowTask task,
      float[] x,
      int at,
      int first,
      int end,
      Tensor v,
      int h,
      int q,
      int point,
      float[] tau,
      int tauAt,
      float[] dots,
      int dotsAt) {
    int d = task.d;
    for (int r = first; r < end; ) {
      int stop = task.runEnd(r, end);
      int i = r - first;
      int vAt = v.offset() + (r / task.k * h + q) * d;
      float factor = -tau[tauAt + (r / task.k - point) * h + q];
      for (int j = dotsAt + i; j < dotsAt + stop - first; j++) {
        dots[j] *= factor;
      }
      int to = at + i * d;
      FlowRows.addMultiples(x, to, dots, dotsAt + i, v.array(), vAt, x, to, stop - r, d);
      r = stop;
    }
  }

  /**
   * Turns rows y that left {@link #apply} into those that entered, and their gradients g likewise.
   * With {@code wanted}, deposits {@code Σ (vᵀy)·g − (vᵀg)·y} of vector q at column {@code column +
   * q·d}: the gradient but for its factor τ.
   *
   * @param work two numbers a row
   * @param lanes enough for both dot products and for 2·d
   */
  static void backward(
      FlowTask task,
      float[] y,
      int at,
      float[] g,
      int gAt,
      int first,
      int end,
      Tensor v,
      int h,
      boolean lastFirst,
      int point,
      int points,
      float[] tau,
      int tauAt,
      boolean wanted,
      int column,
      float[] work,
      float[] lanes,
      double[] sums,
      int sumsAt) {
    int d = task.d;
    int m = FlowRows.padded(end - first);
    for (int j = h - 1; j >= 0; j--) {
      int q = lastFirst ? h - 1 - j : j;
      dots(task, y, at, first, end, v, h, q, work, 0, lanes);
      dots(task, g, gAt, first, end, v, h, q, work, m, lanes);
      for (int r = first; wanted && r < end; ) {
        int stop = task.runEnd(r, end);
        int i = r - first;
        int o = at + i * d;
        FlowRows.weightedSums(g, gAt + i * d, work, i, y, o, m + i, lanes, 0, stop - r, d);
        FlowRows.addMultiple(-1, lanes, d, lanes, 0, d);
        task.deposit(lanes, 0, d, r / task.k - point, column + q * d, points, tau, sums, sumsAt);
        r = stop;
      }
      reflect(task, y, at, first, end, v, h, q, point, tau, tauAt, work, 0);
      reflect(task, g, gAt, first, end, v, h, q, point, tau, tauAt, work, m);
    }
  }

  /** {@code dv += τ·sums} of {@code count} vectors. */
  static void finish(
      float[] sums, int at, float[] tau, int tauAt, int count, int d, float[] dv, int to) {
    for (int q = 0; q < count; q++) {
      float factor = tau[tauAt + q];
      if (factor != 0) { // a vector of zeros gets nothing
        FlowRows.addMultiple(factor, sums, at + q * d, dv, to + q * d, d);
      }
    }
  }
}
