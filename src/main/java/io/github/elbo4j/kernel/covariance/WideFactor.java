package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.T;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The Cholesky factor of one matrix, with lanes along its rows: for batches that would leave most
 * lanes of {@link LaneFactor} empty. It works on {@code u = Lᵀ}, whose rows are contiguous, and
 * takes the sum of each element in the same order, so that the bits are the same.
 */
final class WideFactor {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** Vectors of a tile. */
  private static final int WIDE = 4;

  /** Where the 4×4 block on the diagonal stands in the work array, behind the sums of a tile. */
  private static final int BLOCK = WIDE * T * L;

  /** Where the reciprocals of its diagonal stand. */
  private static final int INVERSE = BLOCK + T * T;

  /** Floats of the work array. */
  static final int WORK = INVERSE + T;

  private WideFactor() {}

  /** Floats from a row of u to the next. */
  static int stride(int d4) {
    return Math.ceilDiv(d4, L) * L + L;
  }

  /**
   * In place: the upper triangle of u is that of A before and of Lᵀ after; what is below it is
   * overwritten.
   *
   * @param d4 order, a multiple of 4
   */
  static void factor(float[] u, int ld, int d4, float[] work) {
    for (int j = 0; j < d4; j += T) {
      for (int r = 0; r < T; r++) {
        for (int m = 0; m <= r; m++) {
          work[BLOCK + r * T + m] = u[(j + m) * ld + j + r] - dot(u, ld, j, j + r, j + m);
        }
      }
      block(work);
      int c = (j + T) / L * L;
      for (; c + WIDE * L <= d4; c += WIDE * L) {
        wideSums(u, ld, j, c, work);
        for (int v = 0; v < WIDE; v++) {
          finish(u, ld, j, c + v * L, work, v * T * L);
        }
      }
      for (; c < d4; c += L) {
        sums(u, ld, j, c, work);
        finish(u, ld, j, c, work, 0);
      }
      for (int r = 0; r < T; r++) { // last, since the first vector may begin before its place
        for (int m = 0; m <= r; m++) {
          u[(j + m) * ld + j + r] = work[BLOCK + r * T + m];
        }
      }
    }
  }

  /** Σ_{k&lt;n} u[k,a]·u[k,b]. */
  private static float dot(float[] u, int ld, int n, int a, int b) {
    float sum = 0;
    for (int k = 0; k < n; k++) {
      sum = Math.fma(u[k * ld + a], u[k * ld + b], sum);
    }
    return sum;
  }

  /** The factor of the 4×4 block in the work array and its reciprocals, as {@link LaneFactor}. */
  private static void block(float[] work) {
    for (int m = 0; m < T; m++) {
      for (int r = m; r < T; r++) {
        int at = BLOCK + r * T + m;
        if (m > 0) {
          float sum = work[BLOCK + r * T] * work[BLOCK + m * T];
          for (int k = 1; k < m; k++) {
            sum = Math.fma(work[BLOCK + r * T + k], work[BLOCK + m * T + k], sum);
          }
          work[at] -= sum;
        }
        if (r == m) {
          work[at] = (float) Math.sqrt(work[at]);
          work[INVERSE + m] = 1f / work[at];
        } else {
          work[at] *= work[INVERSE + m];
        }
      }
    }
  }

  /** Σ_{k&lt;j} u[k,j+r]·u[k,c+i] for four rows r and four vectors. */
  private static void wideSums(float[] u, int ld, int j, int c, float[] sums) {
    FloatVector s00 = FloatVector.zero(F), s10 = s00, s20 = s00, s30 = s00;
    FloatVector s01 = s00, s11 = s00, s21 = s00, s31 = s00;
    FloatVector s02 = s00, s12 = s00, s22 = s00, s32 = s00;
    FloatVector s03 = s00, s13 = s00, s23 = s00, s33 = s00;
    for (int k = 0; k < j; k++) {
      int a = k * ld + j, b = k * ld + c;
      FloatVector q0 = FloatVector.broadcast(F, u[a]);
      FloatVector q1 = FloatVector.broadcast(F, u[a + 1]);
      FloatVector q2 = FloatVector.broadcast(F, u[a + 2]);
      FloatVector q3 = FloatVector.broadcast(F, u[a + 3]);
      FloatVector x = FloatVector.fromArray(F, u, b);
      s00 = x.fma(q0, s00);
      s10 = x.fma(q1, s10);
      s20 = x.fma(q2, s20);
      s30 = x.fma(q3, s30);
      x = FloatVector.fromArray(F, u, b + L);
      s01 = x.fma(q0, s01);
      s11 = x.fma(q1, s11);
      s21 = x.fma(q2, s21);
      s31 = x.fma(q3, s31);
      x = FloatVector.fromArray(F, u, b + 2 * L);
      s02 = x.fma(q0, s02);
      s12 = x.fma(q1, s12);
      s22 = x.fma(q2, s22);
      s32 = x.fma(q3, s32);
      x = FloatVector.fromArray(F, u, b + 3 * L);
      s03 = x.fma(q0, s03);
      s13 = x.fma(q1, s13);
      s23 = x.fma(q2, s23);
      s33 = x.fma(q3, s33);
    }
    s00.intoArray(sums, 0);
    s10.intoArray(sums, L);
    s20.intoArray(sums, 2 * L);
    s30.intoArray(sums, 3 * L);
    s01.intoArray(sums, 4 * L);
    s11.intoArray(sums, 5 * L);
    s21.intoArray(sums, 6 * L);
    s31.intoArray(sums, 7 * L);
    s02.intoArray(sums, 8 * L);
    s12.intoArray(sums, 9 * L);
    s22.intoArray(sums, 10 * L);
    s32.intoArray(sums, 11 * L);
    s03.intoArray(sums, 12 * L);
    s13.intoArray(sums, 13 * L);
    s23.intoArray(sums, 14 * L);
    s33.intoArray(sums, 15 * L);
  }

  /** The same for one vector. */
  private static void sums(float[] u, int ld, int j, int c, float[] sums) {
    FloatVector s0 = FloatVector.zero(F), s1 = s0, s2 = s0, s3 = s0;
    for (int k = 0; k < j; k++) {
      int a = k * ld + j;
      FloatVector x = FloatVector.fromArray(F, u, k * ld + c);
      s0 = x.fma(FloatVector.broadcast(F, u[a]), s0);
      s1 = x.fma(FloatVector.broadcast(F, u[a + 1]), s1);
      s2 = x.fma(FloatVector.broadcast(F, u[a + 2]), s2);
      s3 = x.fma(FloatVector.broadcast(F, u[a + 3]), s3);
    }
    s0.intoArray(sums, 0);
    s1.intoArray(sums, L);
    s2.intoArray(sums, 2 * L);
    s3.intoArray(sums, 3 * L);
  }

  /** u[j … j+3, c … c+L), given the sums over the rows before. */
  private static void finish(float[] u, int ld, int j, int c, float[] work, int sums) {
    int o0 = j * ld + c, o1 = o0 + ld, o2 = o1 + ld, o3 = o2 + ld;
    FloatVector s0 = FloatVector.fromArray(F, work, sums);
    FloatVector s1 = FloatVector.fromArray(F, work, sums + L);
    FloatVector s2 = FloatVector.fromArray(F, work, sums + 2 * L);
    FloatVector s3 = FloatVector.fromArray(F, work, sums + 3 * L);
    FloatVector v0 = FloatVector.fromArray(F, u, o0).sub(s0).mul(work[INVERSE]);
    s1 = v0.fma(FloatVector.broadcast(F, work[BLOCK + T]), s1);
    FloatVector v1 = FloatVector.fromArray(F, u, o1).sub(s1).mul(work[INVERSE + 1]);
    s2 = v0.fma(FloatVector.broadcast(F, work[BLOCK + 2 * T]), s2);
    s2 = v1.fma(FloatVector.broadcast(F, work[BLOCK + 2 * T + 1]), s2);
    FloatVector v2 = FloatVector.fromArray(F, u, o2).sub(s2).mul(work[INVERSE + 2]);
    s3 = v0.fma(FloatVector.broadcast(F, work[BLOCK + 3 * T]), s3);
    s3 = v1.fma(FloatVector.broadcast(F, work[BLOCK + 3 * T + 1]), s3);
    s3 = v2.fma(FloatVector.broadcast(F, work[BLOCK + 3 * T + 2]), s3);
    FloatVector v3 = FloatVector.fromArray(F, u, o3).sub(s3).mul(work[INVERSE + 3]);
    v0.intoArray(u, o0);
    v1.intoArray(u, o1);
    v2.intoArray(u, o2);
    v3.intoArray(u, o3);
  }
}
