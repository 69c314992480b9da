package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A lower triangular system in lanes, which everything in this family is made of: factor, solves
 * and gradients are the same tiles with other strides.
 *
 * <pre>
 * x[r,c] = ( given[r,c] − Σ_{k&lt;r} p[r,k]·x[k,c] )·reciprocal[r]
 * </pre>
 *
 * Element [r,k] of p is the vector at {@code p0 + r·pr + k·pk}, that of x the one at {@code x0 +
 * r·xr + c·xc}; strides may be negative, which is how a transposed system is a lower one. The sum
 * starts from 0 and takes k in order, whatever the tiles: results have the same bits for any vector
 * length and for any number of matrices beside each other.
 */
final class LaneSystem {
  /** Matrices side by side. */
  static final int W = CholeskyKernels.LANES;

  /** At most {@link #W} lanes. */
  static final VectorSpecies<Float> S =
      SimdMath.L > W ? FloatVector.SPECIES_512 : FloatVector.SPECIES_PREFERRED;

  static final int L = S.length();

  /** Rows and columns of a tile: its 16 sums and what they are made of fit in 32 registers. */
  static final int T = 4;

  private static final float[] NONE = new float[0];
  private static final ThreadLocal<LaneSystem> LOCAL = ThreadLocal.withInitial(LaneSystem::new);

  private float[] p = NONE;
  private int p0;
  private int pr;
  private int pk;
  private float[] x = NONE;
  private int x0;
  private int xr;
  private int xc;
  private float[] given = NONE;
  private int g0;
  private int gr;
  private int gc;
  private float[] reciprocal = NONE;

  private LaneSystem() {}

  /** The calling thread's own. */
  static LaneSystem get() {
    return LOCAL.get();
  }

  LaneSystem matrix(float[] array, int from, int rowStride, int columnStride) {
    p = array;
    p0 = from;
    pr = rowStride;
    pk = columnStride;
    return this;
  }

  LaneSystem unknown(float[] array, int from, int rowStride, int columnStride) {
    x = array;
    x0 = from;
    xr = rowStride;
    xc = columnStride;
    return this;
  }

  /** The right-hand side; it may be the unknown itself. */
  LaneSystem given(float[] array, int from, int rowStride, int columnStride) {
    given = array;
    g0 = from;
    gr = rowStride;
    gc = columnStride;
    return this;
  }

  /** 1/p[r,r] at {@code array[r·W]}. */
  LaneSystem reciprocals(float[] array) {
    reciprocal = array;
    return this;
  }

  /** Lets go of the arrays. */
  void forget() {
    p = NONE;
    x = NONE;
    given = NONE;
    reciprocal = NONE;
  }

  /** Solves {@code rows} (a multiple of {@link #T}) for {@code columns} right-hand sides. */
  void solve(int rows, int columns) {
    int full = columns / T * T;
    for (int h = 0; h < W; h += L) {
      for (int c = 0; c < full; c += T) {
        for (int r = 0; r < rows; r += T) {
          tile(r, c, h);
        }
      }
      for (int c = full; c < columns; c++) {
        for (int r = 0; r < rows; r += T) {
          column(r, c, h);
        }
      }
    }
  }

  /** x[r … r+3, c … c+3], given the rows before. */
  void tile(int r, int c, int h) {
    float[] p = this.p, x = this.x;
    int pr = this.pr, pk = this.pk, xr = this.xr, xc = this.xc;
    int a = p0 + r * pr + h, a1 = a + pr, a2 = a1 + pr, a3 = a2 + pr;
    int b = x0 + c * xc + h, b1 = b + xc, b2 = b1 + xc, b3 = b2 + xc;
    FloatVector s00 = FloatVector.zero(S), s10 = s00, s20 = s00, s30 = s00;
    FloatVector s01 = s00, s11 = s00, s21 = s00, s31 = s00;
    FloatVector s02 = s00, s12 = s00, s22 = s00, s32 = s00;
    FloatVector s03 = s00, s13 = s00, s23 = s00, s33 = s00;
    for (int k = 0; k < r; k++) {
      int m = k * pk, n = k * xr;
      FloatVector q0 = FloatVector.fromArray(S, p, a + m);
      FloatVector q1 = FloatVector.fromArray(S, p, a1 + m);
      FloatVector q2 = FloatVector.fromArray(S, p, a2 + m);
      FloatVector q3 = FloatVector.fromArray(S, p, a3 + m);
      FloatVector v = FloatVector.fromArray(S, x, b + n);
      s00 = v.fma(q0, s00);
      s10 = v.fma(q1, s10);
      s20 = v.fma(q2, s20);
      s30 = v.fma(q3, s30);
      v = FloatVector.fromArray(S, x, b1 + n);
      s01 = v.fma(q0, s01);
      s11 = v.fma(q1, s11);
      s21 = v.fma(q2, s21);
      s31 = v.fma(q3, s31);
      v = FloatVector.fromArray(S, x, b2 + n);
      s02 = v.fma(q0, s02);
      s12 = v.fma(q1, s12);
      s22 = v.fma(q2, s22);
      s32 = v.fma(q3, s32);
      v = FloatVector.fromArray(S, x, b3 + n);
      s03 = v.fma(q0, s03);
      s13 = v.fma(q1, s13);
      s23 = v.fma(q2, s23);
      s33 = v.fma(q3, s33);
    }
    int d = r * pk; // the triangle of these four rows
    FloatVector t10 = FloatVector.fromArray(S, p, a1 + d);
    FloatVector t20 = FloatVector.fromArray(S, p, a2 + d);
    FloatVector t21 = FloatVector.fromArray(S, p, a2 + d + pk);
    FloatVector t30 = FloatVector.fromArray(S, p, a3 + d);
    FloatVector t31 = FloatVector.fromArray(S, p, a3 + d + pk);
    FloatVector t32 = FloatVector.fromArray(S, p, a3 + d + 2 * pk);
    FloatVector i0 = FloatVector.fromArray(S, reciprocal, r * W + h);
    FloatVector i1 = FloatVector.fromArray(S, reciprocal, (r + 1) * W + h);
    FloatVector i2 = FloatVector.fromArray(S, reciprocal, (r + 2) * W + h);
    FloatVector i3 = FloatVector.fromArray(S, reciprocal, (r + 3) * W + h);
    float[] g = given;
    int gr = this.gr, gc = this.gc, y = g0 + r * gr + c * gc + h, e = r * xr;
    int o0 = b + e, w0 = y;
    FloatVector v00 = FloatVector.fromArray(S, g, w0).sub(s00).mul(i0);
    FloatVector v10 = FloatVector.fromArray(S, g, w0 + gr).sub(t10.fma(v00, s10)).mul(i1);
    s20 = t21.fma(v10, t20.fma(v00, s20));
    FloatVector v20 = FloatVector.fromArray(S, g, w0 + 2 * gr).sub(s20).mul(i2);
    s30 = t32.fma(v20, t31.fma(v10, t30.fma(v00, s30)));
    FloatVector v30 = FloatVector.fromArray(S, g, w0 + 3 * gr).sub(s30).mul(i3);
    v00.intoArray(x, o0);
    v10.intoArray(x, o0 + xr);
    v20.intoArray(x, o0 + 2 * xr);
    v30.intoArray(x, o0 + 3 * xr);
    int o1 = b1 + e, w1 = y + gc;
    FloatVector v01 = FloatVector.fromArray(S, g, w1).sub(s01).mul(i0);
    FloatVector v11 = FloatVector.fromArray(S, g, w1 + gr).sub(t10.fma(v01, s11)).mul(i1);
    s21 = t21.fma(v11, t20.fma(v01, s21));
    FloatVector v21 = FloatVector.fromArray(S, g, w1 + 2 * gr).sub(s21).mul(i2);
    s31 = t32.fma(v21, t31.fma(v11, t30.fma(v01, s31)));
    FloatVector v31 = FloatVector.fromArray(S, g, w1 + 3 * gr).sub(s31).mul(i3);
    v01.intoArray(x, o1);
    v11.intoArray(x, o1 + xr);
    v21.intoArray(x, o1 + 2 * xr);
    v31.intoArray(x, o1 + 3 * xr);
    int o2 = b2 + e, w2 = y + 2 * gc;
    FloatVector v02 = FloatVector.fromArray(S, g, w2).sub(s02).mul(i0);
    FloatVector v12 = FloatVector.fromArray(S, g, w2 + gr).sub(t10.fma(v02, s12)).mul(i1);
    s22 = t21.fma(v12, t20.fma(v02, s22));
    FloatVector v22 = FloatVector.fromArray(S, g, w2 + 2 * gr).sub(s22).mul(i2);
    s32 = t32.fma(v22, t31.fma(v12, t30.fma(v02, s32)));
    FloatVector v32 = FloatVector.fromArray(S, g, w2 + 3 * gr).sub(s32).mul(i3);
    v02.intoArray(x, o2);
    v12.intoArray(x, o2 + xr);
    v22.intoArray(x, o2 + 2 * xr);
    v32.intoArray(x, o2 + 3 * xr);
    int o3 = b3 + e, w3 = y + 3 * gc;
    FloatVector v03 = FloatVector.fromArray(S, g, w3).sub(s03).mul(i0);
    FloatVector v13 = FloatVector.fromArray(S, g, w3 + gr).sub(t10.fma(v03, s13)).mul(i1);
    s23 = t21.fma(v13, t20.fma(v03, s23));
    FloatVector v23 = FloatVector.fromArray(S, g, w3 + 2 * gr).sub(s23).mul(i2);
    s33 = t32.fma(v23, t31.fma(v13, t30.fma(v03, s33)));
    FloatVector v33 = FloatVector.fromArray(S, g, w3 + 3 * gr).sub(s33).mul(i3);
    v03.intoArray(x, o3);
    v13.intoArray(x, o3 + xr);
    v23.intoArray(x, o3 + 2 * xr);
    v33.intoArray(x, o3 + 3 * xr);
  }

  /** x[r … r+3, c]. */
  void column(int r, int c, int h) {
    float[] p = this.p, x = this.x;
    int pr = this.pr, pk = this.pk, xr = this.xr;
    int a = p0 + r * pr + h, a1 = a + pr, a2 = a1 + pr, a3 = a2 + pr;
    int b = x0 + c * xc + h;
    FloatVector s0 = FloatVector.zero(S), s1 = s0, s2 = s0, s3 = s0;
    for (int k = 0; k < r; k++) {
      int m = k * pk;
      FloatVector v = FloatVector.fromArray(S, x, b + k * xr);
      s0 = v.fma(FloatVector.fromArray(S, p, a + m), s0);
      s1 = v.fma(FloatVector.fromArray(S, p, a1 + m), s1);
      s2 = v.fma(FloatVector.fromArray(S, p, a2 + m), s2);
      s3 = v.fma(FloatVector.fromArray(S, p, a3 + m), s3);
    }
    int d = r * pk, o = b + r * xr, gr = this.gr, w = g0 + r * gr + c * gc + h, i = r * W + h;
    FloatVector v0 = FloatVector.fromArray(S, given, w).sub(s0);
    v0 = v0.mul(FloatVector.fromArray(S, reciprocal, i));
    s1 = FloatVector.fromArray(S, p, a1 + d).fma(v0, s1);
    FloatVector v1 = FloatVector.fromArray(S, given, w + gr).sub(s1);
    v1 = v1.mul(FloatVector.fromArray(S, reciprocal, i + W));
    s2 = FloatVector.fromArray(S, p, a2 + d).fma(v0, s2);
    s2 = FloatVector.fromArray(S, p, a2 + d + pk).fma(v1, s2);
    FloatVector v2 = FloatVector.fromArray(S, given, w + 2 * gr).sub(s2);
    v2 = v2.mul(FloatVector.fromArray(S, reciprocal, i + 2 * W));
    s3 = FloatVector.fromArray(S, p, a3 + d).fma(v0, s3);
    s3 = FloatVector.fromArray(S, p, a3 + d + pk).fma(v1, s3);
    s3 = FloatVector.fromArray(S, p, a3 + d + 2 * pk).fma(v2, s3);
    FloatVector v3 = FloatVector.fromArray(S, given, w + 3 * gr).sub(s3);
    v3 = v3.mul(FloatVector.fromArray(S, reciprocal, i + 3 * W));
    v0.intoArray(x, o);
    v1.intoArray(x, o + xr);
    v2.intoArray(x, o + 2 * xr);
    v3.intoArray(x, o + 3 * xr);
  }

  /**
   * {@code out[i,j] = given[i,j] − Σ_{k<n} p[i,k]·x[k,j]} for the tile at r, c; out has the strides
   * of the right-hand side and may be it.
   */
  void remainder(int n, int r, int c, int h, float[] out, int from) {
    float[] p = this.p, x = this.x;
    int pr = this.pr, pk = this.pk, xr = this.xr, xc = this.xc;
    int a = p0 + r * pr + h, a1 = a + pr, a2 = a1 + pr, a3 = a2 + pr;
    int b = x0 + c * xc + h, b1 = b + xc, b2 = b1 + xc, b3 = b2 + xc;
    FloatVector s00 = FloatVector.zero(S), s10 = s00, s20 = s00, s30 = s00;
    FloatVector s01 = s00, s11 = s00, s21 = s00, s31 = s00;
    FloatVector s02 = s00, s12 = s00, s22 = s00, s32 = s00;
    FloatVector s03 = s00, s13 = s00, s23 = s00, s33 = s00;
    for (int k = 0; k < n; k++) {
      int m = k * pk, e = k * xr;
      FloatVector q0 = FloatVector.fromArray(S, p, a + m);
      FloatVector q1 = FloatVector.fromArray(S, p, a1 + m);
      FloatVector q2 = FloatVector.fromArray(S, p, a2 + m);
      FloatVector q3 = FloatVector.fromArray(S, p, a3 + m);
      FloatVector v = FloatVector.fromArray(S, x, b + e);
      s00 = v.fma(q0, s00);
      s10 = v.fma(q1, s10);
      s20 = v.fma(q2, s20);
      s30 = v.fma(q3, s30);
      v = FloatVector.fromArray(S, x, b1 + e);
      s01 = v.fma(q0, s01);
      s11 = v.fma(q1, s11);
      s21 = v.fma(q2, s21);
      s31 = v.fma(q3, s31);
      v = FloatVector.fromArray(S, x, b2 + e);
      s02 = v.fma(q0, s02);
      s12 = v.fma(q1, s12);
      s22 = v.fma(q2, s22);
      s32 = v.fma(q3, s32);
      v = FloatVector.fromArray(S, x, b3 + e);
      s03 = v.fma(q0, s03);
      s13 = v.fma(q1, s13);
      s23 = v.fma(q2, s23);
      s33 = v.fma(q3, s33);
    }
    float[] g = given;
    int gr = this.gr, gc = this.gc, at = r * gr + c * gc + h, y = from - g0;
    int w0 = g0 + at, o0 = w0 + y;
    FloatVector.fromArray(S, g, w0).sub(s00).intoArray(out, o0);
    FloatVector.fromArray(S, g, w0 + gr).sub(s10).intoArray(out, o0 + gr);
    FloatVector.fromArray(S, g, w0 + 2 * gr).sub(s20).intoArray(out, o0 + 2 * gr);
    FloatVector.fromArray(S, g, w0 + 3 * gr).sub(s30).intoArray(out, o0 + 3 * gr);
    int w1 = g0 + at + gc, o1 = w1 + y;
    FloatVector.fromArray(S, g, w1).sub(s01).intoArray(out, o1);
    FloatVector.fromArray(S, g, w1 + gr).sub(s11).intoArray(out, o1 + gr);
    FloatVector.fromArray(S, g, w1 + 2 * gr).sub(s21).intoArray(out, o1 + 2 * gr);
    FloatVector.fromArray(S, g, w1 + 3 * gr).sub(s31).intoArray(out, o1 + 3 * gr);
    int w2 = g0 + at + 2 * gc, o2 = w2 + y;
    FloatVector.fromArray(S, g, w2).sub(s02).intoArray(out, o2);
    FloatVector.fromArray(S, g, w2 + gr).sub(s12).intoArray(out, o2 + gr);
    FloatVector.fromArray(S, g, w2 + 2 * gr).sub(s22).intoArray(out, o2 + 2 * gr);
    FloatVector.fromArray(S, g, w2 + 3 * gr).sub(s32).intoArray(out, o2 + 3 * gr);
    int w3 = g0 + at + 3 * gc, o3 = w3 + y;
    FloatVector.fromArray(S, g, w3).sub(s03).intoArray(out, o3);
    FloatVector.fromArray(S, g, w3 + gr).sub(s13).intoArray(out, o3 + gr);
    FloatVector.fromArray(S, g, w3 + 2 * gr).sub(s23).intoArray(out, o3 + 2 * gr);
    FloatVector.fromArray(S, g, w3 + 3 * gr).sub(s33).intoArray(out, o3 + 3 * gr);
  }
}
