package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Transpose;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Triangular arithmetic with a factor in each lane: element e of L factors is one vector. A tile
 * holds what is below the diagonal, row by row: element (i, j) of a tile that starts with row i0 is
 * vector {@code offset(i) − offset(i0) + j}. Large factors pass through a tile in panels of rows,
 * so that it stays in L1.
 */
final class FactorTile {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** Vectors of a panel, unless a row is longer. */
  private static final int PANEL = 512;

  /** Columns that are transposed at once. */
  private static final int STRIP = 8;

  private FactorTile() {}

  /** Elements below the diagonal in the rows before row i. */
  static int offset(int i) {
    return i * (i - 1) / 2;
  }

  /** Floats of a tile for panels of factors of dimension d. */
  static int panelSize(int d) {
    return (Math.max(Math.min(PANEL, offset(d)), d) + STRIP) * L;
  }

  /** Floats of a tile for whole factors. */
  static int wholeSize(int d) {
    return (offset(d) + STRIP) * L;
  }

  /** One behind the last row of the panel that begins with row i0. */
  static int panelEnd(int i0, int d) {
    int end = i0 + 1;
    while (end < d && offset(end + 1) - offset(i0) <= PANEL) {
      end++;
    }
    return end;
  }

  /** The first row of the panel that ends before row end. */
  static int panelStart(int end) {
    int start = end - 1;
    while (start > 0 && offset(end) - offset(start - 1) <= PANEL) {
      start--;
    }
    return start;
  }

  /** Columns [j, j + n) of {@code lanes} rows of an array, one a lane: {@code tile[t + j·L]}. */
  static void load(float[] a, int at, int stride, int lanes, int n, float[] tile, int t) {
    if (lanes < L) {
      Arrays.fill(tile, t, t + n * L, 0f);
    }
    Transpose.run(lanes, n, a, at, stride, tile, t, L);
  }

  /** The reverse: vectors [0, n) of a tile as rows of an array. */
  static void store(float[] tile, int t, int lanes, int n, float[] a, int at, int stride) {
    Transpose.run(n, lanes, tile, t, L, a, at, stride);
  }

  /** {@code tile[t + j·L …] = a[at + j]} in every lane. */
  static void spread(float[] a, int at, int n, float[] tile, int t) {
    for (int j = 0; j < n; j++) {
      FloatVector.broadcast(F, a[at + j]).intoArray(tile, t + j * L);
    }
  }

  /**
   * {@code n} elements of each lane's factor, of which a strip's rest beyond n may be read and
   * written too: what follows them in the tile must be filled later, or be nothing.
   */
  static void fill(
      float[] a, int at, int stride, int lanes, boolean shared, int n, float[] tile, int t) {
    if (shared) {
      spread(a, at, n, tile, t);
      return;
    }
    int whole = (n + STRIP - 1) / STRIP * STRIP;
    boolean inside = at + (lanes - 1) * stride + whole <= a.length;
    Transpose.run(lanes, inside ? whole : n, a, at, stride, tile, t, L);
  }

  /**
   * y += strictlower·x for rows [i0, i1). Two rows at a time: their sums do not wait for each
   * other.
   */
  static void multiply(float[] tile, int i0, int i1, float[] x, int xAt, float[] y, int yAt) {
    int i = i0;
    for (int t = 0; i + 1 < i1; t += (2 * i + 1) * L, i += 2) {
      int u = t + i * L;
      FloatVector a = FloatVector.fromArray(F, y, yAt + i * L);
      FloatVector b = FloatVector.fromArray(F, y, yAt + (i + 1) * L);
      for (int j = 0; j < i * L; j += L) {
        FloatVector v = FloatVector.fromArray(F, x, xAt + j);
        a = FloatVector.fromArray(F, tile, t + j).fma(v, a);
        b = FloatVector.fromArray(F, tile, u + j).fma(v, b);
      }
      FloatVector last = FloatVector.fromArray(F, x, xAt + i * L);
      b = FloatVector.fromArray(F, tile, u + i * L).fma(last, b);
      a.intoArray(y, yAt + i * L);
      b.intoArray(y, yAt + (i + 1) * L);
    }
    if (i < i1) {
      int t = (offset(i) - offset(i0)) * L;
      FloatVector a = FloatVector.fromArray(F, y, yAt + i * L);
      for (int j = 0; j < i * L; j += L) {
        a = FloatVector.fromArray(F, tile, t + j).fma(FloatVector.fromArray(F, x, xAt + j), a);
      }
      a.intoArray(y, yAt + i * L);
    }
  }

  /** y = L⁻¹·y for rows [i0, i1), those before being done; {@code inverse} holds 1/L_ii. */
  static void substitute(
      float[] tile, int i0, int i1, float[] inverse, int vAt, float[] y, int yAt) {
    int i = i0;
    for (int t = 0; i + 1 < i1; t += (2 * i + 1) * L, i += 2) {
      int u = t + i * L;
      FloatVector a = FloatVector.zero(F);
      FloatVector b = FloatVector.zero(F);
      for (int j = 0; j < i * L; j += L) {
        FloatVector v = FloatVector.fromArray(F, y, yAt + j);
        a = FloatVector.fromArray(F, tile, t + j).fma(v, a);
        b = FloatVector.fromArray(F, tile, u + j).fma(v, b);
      }
      a = FloatVector.fromArray(F, y, yAt + i * L).sub(a);
      a = a.mul(FloatVector.fromArray(F, inverse, vAt + i * L));
      b = FloatVector.fromArray(F, tile, u + i * L).fma(a, b);
      b = FloatVector.fromArray(F, y, yAt + (i + 1) * L).sub(b);
      b = b.mul(FloatVector.fromArray(F, inverse, vAt + (i + 1) * L));
      a.intoArray(y, yAt + i * L);
      b.intoArray(y, yAt + (i + 1) * L);
    }
    if (i < i1) {
      int t = (offset(i) - offset(i0)) * L;
      FloatVector a = FloatVector.zero(F);
      for (int j = 0; j < i * L; j += L) {
        a = FloatVector.fromArray(F, tile, t + j).fma(FloatVector.fromArray(F, y, yAt + j), a);
      }
      a = FloatVector.fromArray(F, y, yAt + i * L).sub(a);
      a.mul(FloatVector.fromArray(F, inverse, vAt + i * L)).intoArray(y, yAt + i * L);
    }
  }

  /**
   * y = L⁻ᵀ·y for rows [i0, i1), those behind being done: each result leaves all rows before it.
   */
  static void substituteTransposed(
      float[] tile, int i0, int i1, float[] inverse, int vAt, float[] y, int yAt) {
    for (int i = i1 - 1; i >= i0; i--) {
      int t = (offset(i) - offset(i0)) * L;
      FloatVector w = FloatVector.fromArray(F, y, yAt + i * L);
      w = w.mul(FloatVector.fromArray(F, inverse, vAt + i * L));
      w.intoArray(y, yAt + i * L);
      FloatVector minus = w.neg();
      for (int j = 0; j < i * L; j += L) {
        FloatVector rest = FloatVector.fromArray(F, y, yAt + j);
        FloatVector.fromArray(F, tile, t + j).fma(minus, rest).intoArray(y, yAt + j);
      }
    }
  }

  /** z = mean + sigma·x of a tile of {@code n} floats. */
  static void shiftAndScale(
      float[] mean, int m, float[] sigma, int s, float[] x, int xAt, float[] z, int zAt, int n) {
    for (int j = 0; j < n; j += L) {
      FloatVector shift = FloatVector.fromArray(F, mean, m + j);
      FloatVector scale = FloatVector.fromArray(F, sigma, s + j);
      scale.fma(FloatVector.fromArray(F, x, xAt + j), shift).intoArray(z, zAt + j);
    }
  }

  /** x −= mean of a tile of {@code n} floats. */
  static void centre(float[] mean, int m, float[] x, int xAt, int n) {
    for (int j = 0; j < n; j += L) {
      FloatVector v = FloatVector.fromArray(F, x, xAt + j);
      v.sub(FloatVector.fromArray(F, mean, m + j)).intoArray(x, xAt + j);
    }
  }
}
