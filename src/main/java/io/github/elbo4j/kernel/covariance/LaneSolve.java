package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.L;
import static io.github.elbo4j.kernel.covariance.LaneSystem.S;
import static io.github.elbo4j.kernel.covariance.LaneSystem.T;
import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Triangular solves and products in lanes. Factors have {@code row} floats from a row to the next
 * and an order {@code d} that is a multiple of {@link LaneSystem#T}; right-hand sides [d,m] are
 * dense.
 */
final class LaneSolve {
  private LaneSolve() {}

  /** {@code L·x = y}; inverse is overwritten. */
  static void lower(
      LaneSystem system,
      float[] l,
      int l0,
      int row,
      int d,
      float[] y,
      int y0,
      float[] x,
      int x0,
      int m,
      float[] inverse) {
    LaneFactor.reciprocals(l, l0, row, d, false, inverse);
    system
        .matrix(l, l0, row, W)
        .unknown(x, x0, m * W, W)
        .given(y, y0, m * W, W)
        .reciprocals(inverse)
        .solve(d, m);
  }

  /** {@code Lᵀ·x = y}: a lower system, counted from the end; inverse is overwritten. */
  static void transposed(
      LaneSystem system,
      float[] l,
      int l0,
      int row,
      int d,
      float[] y,
      int y0,
      float[] x,
      int x0,
      int m,
      float[] inverse) {
    LaneFactor.reciprocals(l, l0, row, d, true, inverse);
    int last = (d - 1) * m * W;
    system
        .matrix(l, l0 + (d - 1) * (row + W), -W, -row)
        .unknown(x, x0 + last, -m * W, W)
        .given(y, y0 + last, -m * W, W)
        .reciprocals(inverse)
        .solve(d, m);
  }

  /** {@code out = Lᵀ·x}; l is 0 above the diagonal within its tiles. */
  static void transposedProduct(
      LaneSystem system, float[] l, int row, int d, float[] x, float[] out, int o0, int m) {
    int full = m / T * T;
    Arrays.fill(out, o0, o0 + d * m * W, 0f);
    for (int r = 0; r < d; r += T) {
      int at = r * m * W;
      system
          .matrix(l, r * (row + W), W, row)
          .unknown(x, at, m * W, W)
          .given(out, o0 + at, m * W, W);
      for (int h = 0; h < W; h += L) {
        for (int c = 0; c < full; c += T) {
          system.remainder(d - r, 0, c, h, out, o0 + at);
        }
      }
    }
    for (int c = full; c < m; c++) {
      for (int r = 0; r < d; r++) {
        int at = (r * m + c) * W;
        minusDot(l, r * (row + W), row, x, at, m * W, d - r, out, o0 + at);
      }
    }
    for (int i = o0; i < o0 + d * m * W; i++) {
      out[i] = -out[i];
    }
  }

  /** {@code out = −Σ_k l[k]·x[k]}. */
  private static void minusDot(
      float[] l, int l0, int lStep, float[] x, int x0, int xStep, int n, float[] out, int o0) {
    for (int h = 0; h < W; h += L) {
      FloatVector sum = FloatVector.zero(S);
      for (int k = 0; k < n; k++) {
        FloatVector v = FloatVector.fromArray(S, x, x0 + k * xStep + h);
        sum = v.fma(FloatVector.fromArray(S, l, l0 + k * lStep + h), sum);
      }
      sum.neg().intoArray(out, o0 + h);
    }
  }

  /** {@code out −= u·vᵀ} in the tiles on and below the diagonal; u, v [d,m]. */
  static void subtractProduct(
      LaneSystem system,
      float[] u,
      int u0,
      float[] v,
      int v0,
      int m,
      float[] out,
      int o0,
      int row,
      int d) {
    system.matrix(u, u0, m * W, W).unknown(v, v0, W, m * W).given(out, o0, row, W);
    for (int h = 0; h < W; h += L) {
      for (int i = 0; i < d; i += T) {
        for (int j = 0; j <= i; j += T) {
          system.remainder(m, i, j, h, out, o0);
        }
      }
    }
  }
}
