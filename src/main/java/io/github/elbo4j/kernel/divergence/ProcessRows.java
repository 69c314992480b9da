package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Loops over the rows [M,R] of {@link ProcessSimd}'s conditionals. */
final class ProcessRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** Columns whose sums stay in the first-level cache while rows pass. */
  private static final int COLUMNS = 1024;

  private static final int ROWS = 4;

  private ProcessRows() {}

  /** out[to + r] −= Σ_i v[from + i·n + r]². */
  static void subtractSquares(float[] v, int from, int rows, float[] out, int to, int n) {
    for (int first = 0; first < n; first += COLUMNS) {
      int count = Math.min(COLUMNS, n - first);
      int i = 0;
      for (; i + ROWS <= rows; i += ROWS) {
        four(v, from + i * n + first, n, out, to + first, count);
      }
      for (; i < rows; i++) {
        one(v, from + i * n + first, out, to + first, count);
      }
    }
  }

  private static void four(float[] v, int from, int step, float[] out, int to, int n) {
    int full = F.loopBound(n);
    for (int r = 0; r < full; r += L) {
      FloatVector a = FloatVector.fromArray(F, v, from + r);
      FloatVector b = FloatVector.fromArray(F, v, from + step + r);
      FloatVector c = FloatVector.fromArray(F, v, from + 2 * step + r);
      FloatVector d = FloatVector.fromArray(F, v, from + 3 * step + r);
      FloatVector sum = a.fma(a, b.mul(b)).add(c.fma(c, d.mul(d)));
      FloatVector.fromArray(F, out, to + r).sub(sum).intoArray(out, to + r);
    }
    for (int r = full; r < n; r++) {
      float a = v[from + r], b = v[from + step + r];
      float c = v[from + 2 * step + r], d = v[from + 3 * step + r];
      out[to + r] -= Math.fma(a, a, b * b) + Math.fma(c, c, d * d);
    }
  }

  private static void one(float[] v, int from, float[] out, int to, int n) {
    for (int r = 0; r < n; r++) {
      out[to + r] = Math.fma(-v[from + r], v[from + r], out[to + r]);
    }
  }

  /** dV[to + i·n + r] −= 2·v[from + i·n + r]·g[r]. */
  static void subtractProducts(
      float[] v, int from, int rows, float[] g, float[] dV, int to, int n) {
    for (int i = 0; i < rows; i++) {
      subtractRow(v, from + i * n, g, dV, to + i * n, n);
    }
  }

  private static void subtractRow(float[] v, int from, float[] g, float[] dV, int to, int n) {
    FloatVector minusTwo = FloatVector.broadcast(F, -2f);
    int full = F.loopBound(n);
    for (int r = 0; r < full; r += L) {
      FloatVector a = FloatVector.fromArray(F, v, from + r).mul(minusTwo);
      FloatVector sum = FloatVector.fromArray(F, dV, to + r);
      a.fma(FloatVector.fromArray(F, g, r), sum).intoArray(dV, to + r);
    }
    for (int r = full; r < n; r++) {
      dV[to + r] = Math.fma(-2 * v[from + r], g[r], dV[to + r]);
    }
  }

  /** out = −a. */
  static void negate(float[] a, int from, float[] out, int to, int n) {
    for (int i = 0; i < n; i++) {
      out[to + i] = -a[from + i];
    }
  }

  /** out = a − b; out may be a. */
  static void subtract(float[] a, int from, float[] b, float[] out, int to, int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, a, from + i)
          .sub(FloatVector.fromArray(F, b, i))
          .intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = a[from + i] - b[i];
    }
  }
}
