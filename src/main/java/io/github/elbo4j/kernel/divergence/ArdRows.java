package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tiles of the ARD kernel matrix: {@code rows} points of x against {@code n} points of y, both as
 * {@link ArdPoints} keeps them; n is a whole number of pairs of vectors and the length of a tile's
 * row.
 */
final class ArdRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** Rows of x in one register tile: of L, the rows of a whole tile, a divisor. */
  static final int ROWS = 4;

  private ArdRows() {}

  /** {@code a[from … from + n) *= factor}. */
  static void scale(float[] a, int from, float factor, int n) {
    for (int i = from; i < from + n; i++) {
      a[i] *= factor;
    }
  }

  /** squares[r·n + j] = Σ_c (x_rc − y_jc)², the same chain for (x, y) as for (y, x). */
  static void squaredDistances(ArdPoints p, int i, int rows, int j, int n, float[] squares) {
    for (int r = 0; r < rows; r += ROWS) {
      for (int s = 0; s < n; s += 2 * L) {
        tile(p.values, i + r, p.xWidth, p.yFrom + j + s, p.yWidth, p.d, squares, r * n + s, n);
      }
    }
  }

  private static void tile(
      float[] a, int x, int xStep, int y, int yStep, int d, float[] out, int to, int n) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector s00 = zero, s01 = zero;
    FloatVector s10 = zero, s11 = zero;
    FloatVector s20 = zero, s21 = zero;
    FloatVector s30 = zero, s31 = zero;
    for (int c = 0; c < d; c++) {
      int at = x + c * xStep;
      FloatVector y0 = FloatVector.fromArray(F, a, y + c * yStep);
      FloatVector y1 = FloatVector.fromArray(F, a, y + c * yStep + L);
      FloatVector v = FloatVector.broadcast(F, a[at]);
      FloatVector e = v.sub(y0);
      s00 = e.fma(e, s00);
      e = v.sub(y1);
      s01 = e.fma(e, s01);
      v = FloatVector.broadcast(F, a[at + 1]);
      e = v.sub(y0);
      s10 = e.fma(e, s10);
      e = v.sub(y1);
      s11 = e.fma(e, s11);
      v = FloatVector.broadcast(F, a[at + 2]);
      e = v.sub(y0);
      s20 = e.fma(e, s20);
      e = v.sub(y1);
      s21 = e.fma(e, s21);
      v = FloatVector.broadcast(F, a[at + 3]);
      e = v.sub(y0);
      s30 = e.fma(e, s30);
      e = v.sub(y1);
      s31 = e.fma(e, s31);
    }
    s00.intoArray(out, to);
    s01.intoArray(out, to + L);
    s10.intoArray(out, to + n);
    s11.intoArray(out, to + n + L);
    s20.intoArray(out, to + 2 * n);
    s21.intoArray(out, to + 2 * n + L);
    s30.intoArray(out, to + 3 * n);
    s31.intoArray(out, to + 3 * n + L);
  }

  /** out = variance·exp(−½·squares), n a whole number of vectors. */
  static void kernel(float[] squares, float variance, float[] out, int to, int n) {
    FloatVector half = FloatVector.broadcast(F, -0.5f);
    FloatVector times = FloatVector.broadcast(F, variance);
    for (int i = 0; i < n; i += L) {
      FloatVector e = SimdMath.expNonPositive(FloatVector.fromArray(F, squares, i).mul(half));
      e.mul(times).intoArray(out, to + i);
    }
  }

  /** g = dK·variance·exp(−½·g), n a whole number of vectors. */
  static void weights(float[] g, float variance, float[] dK, int from, int n) {
    FloatVector half = FloatVector.broadcast(F, -0.5f);
    FloatVector times = FloatVector.broadcast(F, variance);
    for (int i = 0; i < n; i += L) {
      FloatVector e = SimdMath.expNonPositive(FloatVector.fromArray(F, g, i).mul(half));
      e.mul(times).mul(FloatVector.fromArray(F, dK, from + i)).intoArray(g, i);
    }
  }

  /**
   * Four rows of G, with lanes across coordinates: {@code toX[r] += Σ_j G[r,j]·(x_r − y_j)} and
   * {@code toY[j] += Σ_r G[r,j]·(x_r − y_j)}.
   *
   * @param x rows {@code step} apart from {@code x0} on, as toX
   * @param y rows {@code step} apart from {@code y0} on
   * @param toY rows {@code step} apart from {@code t0} on
   * @param g rows {@code width} apart from {@code g0} on, {@code n} elements each
   */
  static void differences(
      float[] x,
      int x0,
      float[] toX,
      float[] y,
      int y0,
      float[] toY,
      int t0,
      int step,
      float[] g,
      int g0,
      int width,
      int n) {
    FloatVector xa = FloatVector.fromArray(F, x, x0);
    FloatVector xb = FloatVector.fromArray(F, x, x0 + step);
    FloatVector xc = FloatVector.fromArray(F, x, x0 + 2 * step);
    FloatVector xd = FloatVector.fromArray(F, x, x0 + 3 * step);
    FloatVector a = FloatVector.fromArray(F, toX, x0);
    FloatVector b = FloatVector.fromArray(F, toX, x0 + step);
    FloatVector c = FloatVector.fromArray(F, toX, x0 + 2 * step);
    FloatVector d = FloatVector.fromArray(F, toX, x0 + 3 * step);
    int ga = g0, gb = g0 + width, gc = g0 + 2 * width, gd = g0 + 3 * width;
    for (int j = 0; j < n; j++) {
      FloatVector other = FloatVector.fromArray(F, y, y0 + j * step);
      FloatVector sum = FloatVector.fromArray(F, toY, t0 + j * step);
      FloatVector e = xa.sub(other);
      FloatVector w = FloatVector.broadcast(F, g[ga + j]);
      a = e.fma(w, a);
      sum = e.fma(w, sum);
      e = xb.sub(other);
      w = FloatVector.broadcast(F, g[gb + j]);
      b = e.fma(w, b);
      sum = e.fma(w, sum);
      e = xc.sub(other);
      w = FloatVector.broadcast(F, g[gc + j]);
      c = e.fma(w, c);
      sum = e.fma(w, sum);
      e = xd.sub(other);
      w = FloatVector.broadcast(F, g[gd + j]);
      d = e.fma(w, d);
      e.fma(w, sum).intoArray(toY, t0 + j * step);
    }
    a.intoArray(toX, x0);
    b.intoArray(toX, x0 + step);
    c.intoArray(toX, x0 + 2 * step);
    d.intoArray(toX, x0 + 3 * step);
  }

  /** lanes = Σ_r x·y of {@code rows} vectors that lie {@code step} apart. */
  static void products(float[] x, int x0, float[] y, int y0, int step, int rows, float[] lanes) {
    FloatVector sum = FloatVector.zero(F);
    for (int r = 0; r < rows; r++) {
      FloatVector v = FloatVector.fromArray(F, x, x0 + r * step);
      sum = v.fma(FloatVector.fromArray(F, y, y0 + r * step), sum);
    }
    sum.intoArray(lanes, 0);
  }

  /**
   * {@code out[r·d + c] = factor[c]·sign·sums[from + r·step + c]}; what a row writes behind its end
   * the next one overwrites.
   */
  static void pack(
      float[] sums, int from, int step, int rows, float[] factor, float sign, int d, float[] out) {
    FloatVector s = FloatVector.broadcast(F, sign);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < d; c += L) {
        FloatVector v = FloatVector.fromArray(F, sums, from + r * step + c).mul(s);
        v.mul(FloatVector.fromArray(F, factor, c)).intoArray(out, r * d + c);
      }
    }
  }
}
