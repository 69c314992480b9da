package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.L;
import static io.github.elbo4j.kernel.covariance.LaneSystem.S;
import static io.github.elbo4j.kernel.covariance.LaneSystem.T;
import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import jdk.incubator.vector.FloatVector;

/**
 * The gradient of the Cholesky factor in lanes (Murray 2016, the reverse of the left-looking
 * algorithm). With s symmetric and dA = ½·s, columns from the last to the first:
 *
 * <pre>
 * s[i,j] = ( dL[i,j] − Σ_{k&gt;j} s[i,k]·l[k,j] ) / l[j,j]      i &gt;= j
 * </pre>
 *
 * That is a triangular system once more, with rows counted from the end: D³/3 multiplications and
 * additions, twice those of the factor.
 */
final class LaneGradient {
  private LaneGradient() {}

  /**
   * Turns the lower triangle of s, which holds dL, into the symmetric s.
   *
   * @param d order, a multiple of {@link LaneSystem#T}
   * @param inverse 1/l[j,j], from the last to the first
   */
  static void run(
      LaneSystem system, float[] l, int l0, int lRow, float[] s, int row, int d, float[] inverse) {
    int last = (d - 1) * (row + W);
    system
        .matrix(l, l0 + (d - 1) * (lRow + W), -W, -lRow)
        .unknown(s, last, -W, -row)
        .given(s, last, -W, -row)
        .reciprocals(inverse);
    for (int h = 0; h < W; h += L) {
      for (int n = 0; n < d; n += T) {
        int j = d - T - n;
        for (int c = 0; c < n; c += T) {
          system.tile(n, c, h);
          mirror(s, (d - T - c) * row + j * W + h, j * row + (d - T - c) * W + h, row);
        }
        system.remainder(n, n, n, h, s, last);
        int at = l0 + j * (lRow + W) + h;
        diagonal(l, at, lRow, s, j * (row + W) + h, row, inverse, n * W + h);
      }
    }
  }

  /** A 4×4 block below the diagonal to its place above. */
  private static void mirror(float[] s, int from, int to, int row) {
    for (int i = 0; i < T; i++) {
      for (int j = 0; j < T; j++) {
        FloatVector.fromArray(S, s, from + i * row + j * W).intoArray(s, to + j * row + i * W);
      }
    }
  }

  /** The same for a 4×4 block on the diagonal; {@code v} is where 1/l[3,3] stands. */
  private static void diagonal(
      float[] l, int l0, int lRow, float[] s, int s0, int row, float[] inverse, int v) {
    int l1 = l0 + lRow, l2 = l1 + lRow, l3 = l2 + lRow;
    int s1 = s0 + row, s2 = s1 + row, s3 = s2 + row;
    FloatVector l10 = FloatVector.fromArray(S, l, l1);
    FloatVector l20 = FloatVector.fromArray(S, l, l2);
    FloatVector l21 = FloatVector.fromArray(S, l, l2 + W);
    FloatVector l30 = FloatVector.fromArray(S, l, l3);
    FloatVector l31 = FloatVector.fromArray(S, l, l3 + W);
    FloatVector l32 = FloatVector.fromArray(S, l, l3 + 2 * W);
    FloatVector i3 = FloatVector.fromArray(S, inverse, v);
    FloatVector i2 = FloatVector.fromArray(S, inverse, v + W);
    FloatVector i1 = FloatVector.fromArray(S, inverse, v + 2 * W);
    FloatVector i0 = FloatVector.fromArray(S, inverse, v + 3 * W);
    FloatVector s33 = FloatVector.fromArray(S, s, s3 + 3 * W).mul(i3);
    FloatVector s32 = FloatVector.fromArray(S, s, s3 + 2 * W).sub(s33.mul(l32)).mul(i2);
    FloatVector s22 = FloatVector.fromArray(S, s, s2 + 2 * W).sub(s32.mul(l32)).mul(i2);
    FloatVector t = s33.fma(l31, s32.mul(l21));
    FloatVector s31 = FloatVector.fromArray(S, s, s3 + W).sub(t).mul(i1);
    t = s32.fma(l31, s22.mul(l21));
    FloatVector s21 = FloatVector.fromArray(S, s, s2 + W).sub(t).mul(i1);
    t = s31.fma(l31, s21.mul(l21));
    FloatVector s11 = FloatVector.fromArray(S, s, s1 + W).sub(t).mul(i1);
    t = s33.fma(l30, s32.fma(l20, s31.mul(l10)));
    FloatVector s30 = FloatVector.fromArray(S, s, s3).sub(t).mul(i0);
    t = s32.fma(l30, s22.fma(l20, s21.mul(l10)));
    FloatVector s20 = FloatVector.fromArray(S, s, s2).sub(t).mul(i0);
    t = s31.fma(l30, s21.fma(l20, s11.mul(l10)));
    FloatVector s10 = FloatVector.fromArray(S, s, s1).sub(t).mul(i0);
    t = s30.fma(l30, s20.fma(l20, s10.mul(l10)));
    FloatVector s00 = FloatVector.fromArray(S, s, s0).sub(t).mul(i0);
    s00.intoArray(s, s0);
    s10.intoArray(s, s0 + W);
    s20.intoArray(s, s0 + 2 * W);
    s30.intoArray(s, s0 + 3 * W);
    s10.intoArray(s, s1);
    s11.intoArray(s, s1 + W);
    s21.intoArray(s, s1 + 2 * W);
    s31.intoArray(s, s1 + 3 * W);
    s20.intoArray(s, s2);
    s21.intoArray(s, s2 + W);
    s22.intoArray(s, s2 + 2 * W);
    s32.intoArray(s, s2 + 3 * W);
    s30.intoArray(s, s3);
    s31.intoArray(s, s3 + W);
    s32.intoArray(s, s3 + 2 * W);
    s33.intoArray(s, s3 + 3 * W);
  }
}
