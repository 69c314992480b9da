package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.L;
import static io.github.elbo4j.kernel.covariance.LaneSystem.S;
import static io.github.elbo4j.kernel.covariance.LaneSystem.T;
import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import jdk.incubator.vector.FloatVector;

/** The Cholesky factor of the matrices of a group, in lanes. */
final class LaneFactor {
  private LaneFactor() {}

  /**
   * Rows [i, end) of the lower triangles of l, given those of a and all rows of l before. Row by
   * row, all that a row takes part in is done while it is in L1, whatever the order of the matrix.
   * Strides are the same for both and known: C2 then takes the checks of indices out of the loops.
   *
   * @param i multiple of {@link LaneSystem#T}, as is {@code end}
   * @param inverse 1/l[j,j] of all rows
   */
  static void rows(float[] a, int a0, float[] l, int l0, int row, int i, int end, float[] inverse) {
    int toA = a0 - l0;
    for (int h = 0; h < W; h += L) {
      for (int j = 0; j < end; j += T) {
        int p = l0 + j * row + h;
        if (j >= i) {
          diagonal(a, toA, l, p, row, j * W, inverse, h);
        }
        for (int r = Math.max(i, j + T); r < end; r += T) {
          tile(a, toA, l, l0 + r * row + h, p, row, j * W, inverse, h);
        }
      }
    }
  }

  /** The 4×4 tile at column n/W of the rows at x, given the rows at p, of the same columns. */
  private static void tile(
      float[] a, int toA, float[] l, int x, int p, int row, int n, float[] inverse, int h) {
    int p1 = p + row, p2 = p1 + row, p3 = p2 + row;
    int x1 = x + row, x2 = x1 + row, x3 = x2 + row;
    FloatVector s00 = FloatVector.zero(S), s01 = s00, s02 = s00, s03 = s00;
    FloatVector s10 = s00, s11 = s00, s12 = s00, s13 = s00;
    FloatVector s20 = s00, s21 = s00, s22 = s00, s23 = s00;
    FloatVector s30 = s00, s31 = s00, s32 = s00, s33 = s00;
    for (int k = 0; k < n; k += W) {
      FloatVector q0 = FloatVector.fromArray(S, l, p + k);
      FloatVector q1 = FloatVector.fromArray(S, l, p1 + k);
      FloatVector q2 = FloatVector.fromArray(S, l, p2 + k);
      FloatVector q3 = FloatVector.fromArray(S, l, p3 + k);
      FloatVector v = FloatVector.fromArray(S, l, x + k);
      s00 = v.fma(q0, s00);
      s01 = v.fma(q1, s01);
      s02 = v.fma(q2, s02);
      s03 = v.fma(q3, s03);
      v = FloatVector.fromArray(S, l, x1 + k);
      s10 = v.fma(q0, s10);
      s11 = v.fma(q1, s11);
      s12 = v.fma(q2, s12);
      s13 = v.fma(q3, s13);
      v = FloatVector.fromArray(S, l, x2 + k);
      s20 = v.fma(q0, s20);
      s21 = v.fma(q1, s21);
      s22 = v.fma(q2, s22);
      s23 = v.fma(q3, s23);
      v = FloatVector.fromArray(S, l, x3 + k);
      s30 = v.fma(q0, s30);
      s31 = v.fma(q1, s31);
      s32 = v.fma(q2, s32);
      s33 = v.fma(q3, s33);
    }
    FloatVector i0 = FloatVector.fromArray(S, inverse, n + h);
    FloatVector i1 = FloatVector.fromArray(S, inverse, n + W + h);
    FloatVector i2 = FloatVector.fromArray(S, inverse, n + 2 * W + h);
    FloatVector i3 = FloatVector.fromArray(S, inverse, n + 3 * W + h);
    FloatVector t10 = FloatVector.fromArray(S, l, p1 + n);
    FloatVector t20 = FloatVector.fromArray(S, l, p2 + n);
    FloatVector t21 = FloatVector.fromArray(S, l, p2 + n + W);
    FloatVector t30 = FloatVector.fromArray(S, l, p3 + n);
    FloatVector t31 = FloatVector.fromArray(S, l, p3 + n + W);
    FloatVector t32 = FloatVector.fromArray(S, l, p3 + n + 2 * W);
    int o0 = x + n, g0 = o0 + toA;
    FloatVector v00 = FloatVector.fromArray(S, a, g0).sub(s00).mul(i0);
    s01 = t10.fma(v00, s01);
    FloatVector v01 = FloatVector.fromArray(S, a, g0 + W).sub(s01).mul(i1);
    s02 = t21.fma(v01, t20.fma(v00, s02));
    FloatVector v02 = FloatVector.fromArray(S, a, g0 + 2 * W).sub(s02).mul(i2);
    s03 = t32.fma(v02, t31.fma(v01, t30.fma(v00, s03)));
    FloatVector v03 = FloatVector.fromArray(S, a, g0 + 3 * W).sub(s03).mul(i3);
    v00.intoArray(l, o0);
    v01.intoArray(l, o0 + W);
    v02.intoArray(l, o0 + 2 * W);
    v03.intoArray(l, o0 + 3 * W);
    int o1 = x1 + n, g1 = o1 + toA;
    FloatVector v10 = FloatVector.fromArray(S, a, g1).sub(s10).mul(i0);
    s11 = t10.fma(v10, s11);
    FloatVector v11 = FloatVector.fromArray(S, a, g1 + W).sub(s11).mul(i1);
    s12 = t21.fma(v11, t20.fma(v10, s12));
    FloatVector v12 = FloatVector.fromArray(S, a, g1 + 2 * W).sub(s12).mul(i2);
    s13 = t32.fma(v12, t31.fma(v11, t30.fma(v10, s13)));
    FloatVector v13 = FloatVector.fromArray(S, a, g1 + 3 * W).sub(s13).mul(i3);
    v10.intoArray(l, o1);
    v11.intoArray(l, o1 + W);
    v12.intoArray(l, o1 + 2 * W);
    v13.intoArray(l, o1 + 3 * W);
    int o2 = x2 + n, g2 = o2 + toA;
    FloatVector v20 = FloatVector.fromArray(S, a, g2).sub(s20).mul(i0);
    s21 = t10.fma(v20, s21);
    FloatVector v21 = FloatVector.fromArray(S, a, g2 + W).sub(s21).mul(i1);
    s22 = t21.fma(v21, t20.fma(v20, s22));
    FloatVector v22 = FloatVector.fromArray(S, a, g2 + 2 * W).sub(s22).mul(i2);
    s23 = t32.fma(v22, t31.fma(v21, t30.fma(v20, s23)));
    FloatVector v23 = FloatVector.fromArray(S, a, g2 + 3 * W).sub(s23).mul(i3);
    v20.intoArray(l, o2);
    v21.intoArray(l, o2 + W);
    v22.intoArray(l, o2 + 2 * W);
    v23.intoArray(l, o2 + 3 * W);
    int o3 = x3 + n, g3 = o3 + toA;
    FloatVector v30 = FloatVector.fromArray(S, a, g3).sub(s30).mul(i0);
    s31 = t10.fma(v30, s31);
    FloatVector v31 = FloatVector.fromArray(S, a, g3 + W).sub(s31).mul(i1);
    s32 = t21.fma(v31, t20.fma(v30, s32));
    FloatVector v32 = FloatVector.fromArray(S, a, g3 + 2 * W).sub(s32).mul(i2);
    s33 = t32.fma(v32, t31.fma(v31, t30.fma(v30, s33)));
    FloatVector v33 = FloatVector.fromArray(S, a, g3 + 3 * W).sub(s33).mul(i3);
    v30.intoArray(l, o3);
    v31.intoArray(l, o3 + W);
    v32.intoArray(l, o3 + 2 * W);
    v33.intoArray(l, o3 + 3 * W);
  }

  /** {@code inverse[i·W] = 1/l[i,i]}, from the last to the first where {@code reversed}. */
  static void reciprocals(float[] l, int l0, int row, int d, boolean reversed, float[] inverse) {
    for (int i = 0; i < d; i++) {
      int at = l0 + i * (row + W), to = (reversed ? d - 1 - i : i) * W;
      for (int h = 0; h < W; h += L) {
        FloatVector one = FloatVector.broadcast(S, 1f);
        one.div(FloatVector.fromArray(S, l, at + h)).intoArray(inverse, to + h);
      }
    }
  }

  /**
   * Whether every diagonal element of all lanes, which is a square root, is positive and finite:
   * then its product with its reciprocal is a number. The reciprocals are overwritten.
   */
  static boolean positive(float[] l, int l0, int row, int d, float[] inverse) {
    for (int h = 0; h < W; h += L) {
      FloatVector sum = FloatVector.zero(S);
      for (int i = 0; i < d; i++) {
        FloatVector v = FloatVector.fromArray(S, l, l0 + i * (row + W) + h);
        sum = v.fma(FloatVector.fromArray(S, inverse, i * W + h), sum);
      }
      sum.intoArray(inverse, h);
    }
    boolean positive = true;
    for (int lane = 0; lane < W; lane++) {
      positive &= Float.isFinite(inverse[lane]);
    }
    return positive;
  }

  /** The order of the first minor of a lane whose pivot is not positive or not finite, or 0. */
  static int status(float[] l, int l0, int row, int d, int lane) {
    for (int i = 0; i < d; i++) {
      float pivot = l[l0 + i * (row + W) + lane];
      if (!(pivot > 0 && pivot <= Float.MAX_VALUE)) {
        return i + 1;
      }
    }
    return 0;
  }

  /** The tile on the diagonal. */
  private static void diagonal(
      float[] a, int toA, float[] l, int p, int row, int n, float[] inverse, int h) {
    int p1 = p + row, p2 = p1 + row, p3 = p2 + row;
    FloatVector s00 = FloatVector.zero(S), s10 = s00, s11 = s00;
    FloatVector s20 = s00, s21 = s00, s22 = s00;
    FloatVector s30 = s00, s31 = s00, s32 = s00, s33 = s00;
    for (int k = 0; k < n; k += W) {
      FloatVector q0 = FloatVector.fromArray(S, l, p + k);
      FloatVector q1 = FloatVector.fromArray(S, l, p1 + k);
      FloatVector q2 = FloatVector.fromArray(S, l, p2 + k);
      FloatVector q3 = FloatVector.fromArray(S, l, p3 + k);
      s00 = q0.fma(q0, s00);
      s10 = q1.fma(q0, s10);
      s11 = q1.fma(q1, s11);
      s20 = q2.fma(q0, s20);
      s21 = q2.fma(q1, s21);
      s22 = q2.fma(q2, s22);
      s30 = q3.fma(q0, s30);
      s31 = q3.fma(q1, s31);
      s32 = q3.fma(q2, s32);
      s33 = q3.fma(q3, s33);
    }
    FloatVector one = FloatVector.broadcast(S, 1f);
    int o0 = p + n, o1 = p1 + n, o2 = p2 + n, o3 = p3 + n;
    int g0 = o0 + toA, g1 = o1 + toA, g2 = o2 + toA, g3 = o3 + toA;
    FloatVector l00 = FloatVector.fromArray(S, a, g0).sub(s00).sqrt();
    FloatVector i0 = one.div(l00);
    FloatVector l10 = FloatVector.fromArray(S, a, g1).sub(s10).mul(i0);
    FloatVector l20 = FloatVector.fromArray(S, a, g2).sub(s20).mul(i0);
    FloatVector l30 = FloatVector.fromArray(S, a, g3).sub(s30).mul(i0);
    FloatVector l11 = FloatVector.fromArray(S, a, g1 + W).sub(s11).sub(l10.mul(l10)).sqrt();
    FloatVector i1 = one.div(l11);
    FloatVector l21 = FloatVector.fromArray(S, a, g2 + W).sub(s21).sub(l20.mul(l10)).mul(i1);
    FloatVector l31 = FloatVector.fromArray(S, a, g3 + W).sub(s31).sub(l30.mul(l10)).mul(i1);
    FloatVector r22 = l21.fma(l21, l20.mul(l20));
    FloatVector l22 = FloatVector.fromArray(S, a, g2 + 2 * W).sub(s22).sub(r22).sqrt();
    FloatVector i2 = one.div(l22);
    FloatVector r32 = l31.fma(l21, l30.mul(l20));
    FloatVector l32 = FloatVector.fromArray(S, a, g3 + 2 * W).sub(s32).sub(r32).mul(i2);
    FloatVector r33 = l32.fma(l32, l31.fma(l31, l30.mul(l30)));
    FloatVector l33 = FloatVector.fromArray(S, a, g3 + 3 * W).sub(s33).sub(r33).sqrt();
    l00.intoArray(l, o0);
    l10.intoArray(l, o1);
    l11.intoArray(l, o1 + W);
    l20.intoArray(l, o2);
    l21.intoArray(l, o2 + W);
    l22.intoArray(l, o2 + 2 * W);
    l30.intoArray(l, o3);
    l31.intoArray(l, o3 + W);
    l32.intoArray(l, o3 + 2 * W);
    l33.intoArray(l, o3 + 3 * W);
    int i = n + h;
    i0.intoArray(inverse, i);
    i1.intoArray(inverse, i + W);
    i2.intoArray(inverse, i + 2 * W);
    one.div(l33).intoArray(inverse, i + 3 * W);
  }
}
