package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Householder reflections of a few rows, in place, with one row of vectors. What is prepared of a
 * vector is {@code τ = 2/‖v‖²}, 0 where v is 0.
 */
final class Reflections {
  private Reflections() {}

  /** τ of {@code count} vectors of d elements from {@code vector} on. */
  static void prepare(
      Tensor v, int vector, int count, int d, float[] tau, int at, float[] lanes) {
    for (int q = 0; q < count; q++) {
      int from = v.offset() + (vector + q) * d;
      FlowRows.dots(v.array(), from, 1, d, v.array(), from, tau, at + q, lanes);
    }
    for (int q = 0; q < count; q++) {
      float n = tau[at + q];
      tau[at + q] =
          n < FlowKernels.SMALLEST_SQUARE ? 0 : n > Float.MAX_VALUE ? Float.NaN : 2 / n;
    }
  }

  /**
   * Reflects n rows by h vectors.
   *
   * @param work n floats
   */
  static void apply(
      float[] x,
      int at,
      int n,
      int d,
      float[] v,
      int vAt,
      float[] tau,
      int tauAt,
      int h,
      boolean lastFirst,
      float[] work,
      float[] lanes) {
    for (int j = 0; j < h; j++) {
      int q = lastFirst ? h - 1 - j : j;
      FlowRows.dots(x, at, n, d, v, vAt + q * d, work, 0, lanes);
      reflect(x, at, n, d, v, vAt + q * d, tau[tauAt + q], work, 0);
    }
  }

  private static void reflect(
      float[] x,
      int at,
      int n,
      int d,
      float[] v,
      int vAt,
      float tau,
      float[] dots,
      int dotsAt) {
    for (int k = dotsAt; k < dotsAt + n; k++) {
      dots[k] *= -tau;
    }
    FlowRows.addMultiples(x, at, dots, dotsAt, v, vAt, x, at, n, d);
  }

  /**
   * Turns rows y that left {@link #apply} into those that entered, and their gradients g likewise.
   * The sums of vector q, from {@code sumsAt + q·d} on, get the two parts of {@code Σ (vᵀy)·g −
   * (vᵀg)·y}, which lacks its factor τ.
   *
   * @param work 2·n floats
   * @param lanes enough for {@link FlowRows#dots} and for 2·d
   * @param sums or an empty array, when they are not wanted
   */
  static void backward(
      float[] y,
      int at,
      float[] g,
      int gAt,
      int n,
      int d,
      float[] v,
      int vAt,
      float[] tau,
      int tauAt,
      int h,
      boolean lastFirst,
      float[] work,
      float[] lanes,
      double[] sums,
      int sumsAt) {
    for (int j = h - 1; j >= 0; j--) {
      int q = lastFirst ? h - 1 - j : j;
      FlowRows.dots(y, at, n, d, v, vAt + q * d, work, 0, lanes);
      FlowRows.dots(g, gAt, n, d, v, vAt + q * d, work, n, lanes);
      if (sums.length > 0) {
        FlowRows.weightedSums(g, gAt, work, 0, y, at, work, n, lanes, n, d);
        int to = sumsAt + q * d;
        for (int i = 0; i < d; i++) {
          sums[to + i] += (double) lanes[i] - lanes[d + i];
        }
      }
      reflect(y, at, n, d, v, vAt + q * d, tau[tauAt + q], work, 0);
      reflect(g, gAt, n, d, v, vAt + q * d, tau[tauAt + q], work, n);
    }
  }

  /** {@code dv += τ·sums} of h vectors; a vector of zeros gets nothing. */
  static void finish(
      double[] sums, int at, float[] tau, int tauAt, int h, int d, float[] dv, int to) {
    for (int q = 0; q < h; q++) {
      double factor = tau[tauAt + q];
      for (int i = q * d; factor != 0 && i < (q + 1) * d; i++) {
        dv[to + i] = (float) (dv[to + i] + factor * sums[at + i]);
      }
    }
  }

  /** The identity, d rows. */
  static void identity(float[] x, int at, int d) {
    Arrays.fill(x, at, at + d * d, 0f);
    for (int i = 0; i < d; i++) {
      x[at + i * d + i] = 1;
    }
  }
}
