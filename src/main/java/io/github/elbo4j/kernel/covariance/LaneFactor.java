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
   * The lower triangle of l, given that of a; what is above the diagonal in its 4×4 blocks is
   * overwritten.
   *
   * @param d order, a multiple of {@link LaneSystem#T}
   * @param inverse d·W floats: 1/l[j,j]
   */
  static void factor(
      LaneSystem system, float[] a, int a0, float[] l, int l0, int row, int d, float[] inverse) {
    system.matrix(l, l0, row, W).unknown(l, l0, W, row).given(a, a0, W, row).reciprocals(inverse);
    for (int h = 0; h < W; h += L) {
      for (int j = 0; j < d; j += T) {
        system.remainder(j, j, j, h, l, l0);
        diagonal(l, l0 + j * (row + W) + h, row, inverse, j * W + h);
        for (int i = j + T; i < d; i += T) {
          system.tile(j, i, h);
        }
      }
    }
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

  /** NaN into the lower triangle of a lane. */
  static void invalidate(float[] l, int l0, int row, int d, int lane) {
    for (int i = 0; i < d; i++) {
      for (int j = 0; j <= i; j++) {
        l[l0 + i * row + j * W + lane] = Float.NaN;
      }
    }
  }

  /** The factor of a 4×4 block in place. */
  private static void diagonal(float[] l, int o0, int row, float[] inverse, int i) {
    FloatVector one = FloatVector.broadcast(S, 1f);
    int o1 = o0 + row, o2 = o1 + row, o3 = o2 + row;
    FloatVector l00 = FloatVector.fromArray(S, l, o0).sqrt();
    FloatVector i0 = one.div(l00);
    FloatVector l10 = FloatVector.fromArray(S, l, o1).mul(i0);
    FloatVector l20 = FloatVector.fromArray(S, l, o2).mul(i0);
    FloatVector l30 = FloatVector.fromArray(S, l, o3).mul(i0);
    FloatVector l11 = FloatVector.fromArray(S, l, o1 + W).sub(l10.mul(l10)).sqrt();
    FloatVector i1 = one.div(l11);
    FloatVector l21 = FloatVector.fromArray(S, l, o2 + W).sub(l20.mul(l10)).mul(i1);
    FloatVector l31 = FloatVector.fromArray(S, l, o3 + W).sub(l30.mul(l10)).mul(i1);
    FloatVector s22 = l21.fma(l21, l20.mul(l20));
    FloatVector l22 = FloatVector.fromArray(S, l, o2 + 2 * W).sub(s22).sqrt();
    FloatVector i2 = one.div(l22);
    FloatVector s32 = l31.fma(l21, l30.mul(l20));
    FloatVector l32 = FloatVector.fromArray(S, l, o3 + 2 * W).sub(s32).mul(i2);
    FloatVector s33 = l32.fma(l32, l31.fma(l31, l30.mul(l30)));
    FloatVector l33 = FloatVector.fromArray(S, l, o3 + 3 * W).sub(s33).sqrt();
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
    i0.intoArray(inverse, i);
    i1.intoArray(inverse, i + W);
    i2.intoArray(inverse, i + 2 * W);
    one.div(l33).intoArray(inverse, i + 3 * W);
  }
}
