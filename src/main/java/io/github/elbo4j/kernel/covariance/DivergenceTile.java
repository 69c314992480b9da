package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Arithmetic with lower triangular matrices of many columns, one in each lane. A matrix has rows of
 * {@link #pitch} vectors, 0 above the diagonal; four columns are done at a time, which share what
 * is read of the factor and do not wait for each other.
 */
final class DivergenceTile {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private DivergenceTile() {}

  /** Vectors of a row: d, up to whole fours. */
  static int pitch(int d) {
    return (d + 3) / 4 * 4;
  }

  /** n, up to whole strips, which are transposed faster. */
  static int strip(int n) {
    return (n + 7) / 8 * 8;
  }

  /** Floats of a matrix, with rows that a group of four may run over to. */
  static int size(int d) {
    return pitch(d) * pitch(d) * L;
  }

  /** m = L⁻¹·m. */
  static void substitute(float[] tile, float[] inverse, int vAt, float[] m, int d) {
    int pitch = pitch(d) * L;
    for (int c = 0; c < d; c += 4) {
      for (int i = c; i < d; i++) {
        row(
            tile,
            (FactorTile.offset(i) + c) * L,
            L,
            i - c,
            inverse,
            vAt + i * L,
            m,
            m,
            c,
            i,
            pitch);
      }
    }
  }

  /** One row of four columns: what is left of them less Σ_j tile_j·m_j, j from c on. */
  private static void row(
      float[] tile,
      int t,
      int step,
      int n,
      float[] inverse,
      int v,
      float[] from,
      float[] m,
      int c,
      int i,
      int pitch) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = FloatVector.zero(F);
    FloatVector s2 = FloatVector.zero(F);
    FloatVector s3 = FloatVector.zero(F);
    int at = c * pitch + c * L;
    for (int j = 0; j < n; j++, at += pitch, t += step) {
      FloatVector x = FloatVector.fromArray(F, tile, t);
      s0 = x.fma(FloatVector.fromArray(F, m, at), s0);
      s1 = x.fma(FloatVector.fromArray(F, m, at + L), s1);
      s2 = x.fma(FloatVector.fromArray(F, m, at + 2 * L), s2);
      s3 = x.fma(FloatVector.fromArray(F, m, at + 3 * L), s3);
    }
    int to = i * pitch + c * L;
    FloatVector r = FloatVector.fromArray(F, inverse, v);
    FloatVector.fromArray(F, from, to).sub(s0).mul(r).intoArray(m, to);
    FloatVector.fromArray(F, from, to + L).sub(s1).mul(r).intoArray(m, to + L);
    FloatVector.fromArray(F, from, to + 2 * L).sub(s2).mul(r).intoArray(m, to + 2 * L);
    FloatVector.fromArray(F, from, to + 3 * L).sub(s3).mul(r).intoArray(m, to + 3 * L);
  }

  /** p = L⁻ᵀ·m on and below the diagonal (and in the rest of the fours on the diagonal). */
  static void substituteTransposed(
      float[] tile, float[] inverse, int vAt, float[] m, float[] p, int d) {
    int pitch = pitch(d) * L;
    for (int c = 0; c < d; c += 4) {
      for (int i = d - 1; i >= c; i--) {
        transposedRow(tile, d, inverse, vAt + i * L, m, p, c, i, pitch);
      }
    }
  }

  private static void transposedRow(
      float[] tile, int d, float[] inverse, int v, float[] m, float[] p, int c, int i, int pitch) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = FloatVector.zero(F);
    FloatVector s2 = FloatVector.zero(F);
    FloatVector s3 = FloatVector.zero(F);
    int to = i * pitch + c * L;
    int at = to + pitch;
    int t = (FactorTile.offset(i + 1) + i) * L;
    for (int j = i + 1; j < d; t += j * L, j++, at += pitch) { // down column i of the factor
      FloatVector x = FloatVector.fromArray(F, tile, t);
      s0 = x.fma(FloatVector.fromArray(F, p, at), s0);
      s1 = x.fma(FloatVector.fromArray(F, p, at + L), s1);
      s2 = x.fma(FloatVector.fromArray(F, p, at + 2 * L), s2);
      s3 = x.fma(FloatVector.fromArray(F, p, at + 3 * L), s3);
    }
    FloatVector r = FloatVector.fromArray(F, inverse, v);
    FloatVector.fromArray(F, m, to).sub(s0).mul(r).intoArray(p, to);
    FloatVector.fromArray(F, m, to + L).sub(s1).mul(r).intoArray(p, to + L);
    FloatVector.fromArray(F, m, to + 2 * L).sub(s2).mul(r).intoArray(p, to + 2 * L);
    FloatVector.fromArray(F, m, to + 3 * L).sub(s3).mul(r).intoArray(p, to + 3 * L);
  }

  /** sums[i] = Σ_c m_ic² + y_i². */
  static void rowSquares(float[] m, float[] y, int yAt, float[] sums, int s, int d) {
    for (int i = 0; i < d; i++) {
      FloatVector v = FloatVector.fromArray(F, y, yAt + i * L);
      FloatVector sum = v.mul(v);
      int row = i * pitch(d) * L;
      for (int c = row; c <= row + i * L; c += L) {
        FloatVector x = FloatVector.fromArray(F, m, c);
        sum = x.fma(x, sum);
      }
      sum.intoArray(sums, s + i * L);
    }
  }

  /** out[j] = Σ_{c ≤ j} p_ic·m_jc + v_i·y_j for j ≤ i, and up to three more that mean nothing. */
  static void productRow(
      float[] p, float[] m, float[] v, int vAt, int yAt, int i, float[] out, int to, int d) {
    int pitch = pitch(d) * L;
    FloatVector w = FloatVector.fromArray(F, v, vAt + i * L);
    for (int j = 0; j <= i; j += 4) {
      int y = yAt + j * L;
      FloatVector s0 = w.mul(FloatVector.fromArray(F, v, y));
      FloatVector s1 = w.mul(FloatVector.fromArray(F, v, y + L));
      FloatVector s2 = w.mul(FloatVector.fromArray(F, v, y + 2 * L));
      FloatVector s3 = w.mul(FloatVector.fromArray(F, v, y + 3 * L));
      int a = i * pitch;
      int b = j * pitch;
      for (int c = 0; c < (j + 4) * L; c += L) {
        FloatVector x = FloatVector.fromArray(F, p, a + c);
        s0 = x.fma(FloatVector.fromArray(F, m, b + c), s0);
        s1 = x.fma(FloatVector.fromArray(F, m, b + pitch + c), s1);
        s2 = x.fma(FloatVector.fromArray(F, m, b + 2 * pitch + c), s2);
        s3 = x.fma(FloatVector.fromArray(F, m, b + 3 * pitch + c), s3);
      }
      int o = to + j * L;
      s0.intoArray(out, o);
      s1.intoArray(out, o + L);
      s2.intoArray(out, o + 2 * L);
      s3.intoArray(out, o + 3 * L);
    }
  }
}
