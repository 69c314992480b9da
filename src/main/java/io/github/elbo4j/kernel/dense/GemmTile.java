package io.github.elbo4j.kernel.dense;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tiles of the matrix product: {@code c = from + a · b} for up to {@link #ROWS} rows
 * and two or three vectors of columns, with every accumulator in a register. The fields say where
 * the matrices lie; one object a thread.
 *
 * <p>Written out in full because that is what C2 keeps in registers: eight rows of three vectors
 * reach about 85 % of the peak with 32 registers, four rows of two fit the 16 registers of narrower
 * species (and four of three the last rows of a wide one). Rows of {@code a} are read along k with
 * a constant step, so that C2 hoists their range checks out of the loop. Each element of {@code c}
 * is the same chain of fused multiply-adds over k whichever tile computes it.
 */
final class GemmTile {
  static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  static final int L = S.length();

  /** Rows of the tall tile. */
  static final int ROWS = L >= 16 ? 8 : 4;

  /** Columns of the wide tile. */
  static final int COLUMNS = 3 * L;

  /** Length of the product over k. */
  int kc;

  /**
   * Rows of k contiguous factors, {@code lda} apart; rows behind {@code last} repeat it, and their
   * products are unused.
   */
  float[] a = NONE;

  int lda;
  int last;

  /** {@code kc} rows of columns, {@code ldb} apart. */
  float[] b = NONE;

  int ldb;

  /** What is added: the old value (rows {@code ldc} apart), a bias row or zeros (stride 0). */
  float[] from = NONE;

  int fromStride;

  /** The result, rows {@code ldc} apart. Every row of the tile is written. */
  float[] c = NONE;

  int ldc;

  private static final float[] NONE = new float[0];

  /**
   * One tile of {@code vectors} (2 or 3) columns at these offsets; eight rows when there are more
   * than four.
   */
  void multiply(int vectors, int a0, int b0, int f0, int c0) {
    if (ROWS == 8 && last > 3) {
      if (vectors == 3) {
        tile8x3(a0, b0, f0, c0);
      } else {
        tile8x2(a0, b0, f0, c0);
      }
    } else if (vectors == 3) {
      tile4x3(a0, b0, f0, c0);
    } else {
      tile4x2(a0, b0, f0, c0);
    }
  }

  /** Lets go of the matrices. */
  void clear() {
    a = NONE;
    b = NONE;
    from = NONE;
    c = NONE;
  }

  private void tile8x3(int a0, int b0, int f0, int c0) {
    float[] a = this.a, b = this.b, f = from, c = this.c;
    int n = kc, bs = ldb, fs = fromStride, cs = ldc, s = lda, t = last;
    int r0 = a0,
        r1 = a0 + Math.min(1, t) * s,
        r2 = a0 + Math.min(2, t) * s,
        r3 = a0 + Math.min(3, t) * s;
    int r4 = a0 + Math.min(4, t) * s,
        r5 = a0 + Math.min(5, t) * s,
        r6 = a0 + Math.min(6, t) * s,
        r7 = a0 + Math.min(7, t) * s;
    FloatVector z = FloatVector.zero(S);
    FloatVector c00 = z, c01 = z, c02 = z;
    FloatVector c10 = z, c11 = z, c12 = z;
    FloatVector c20 = z, c21 = z, c22 = z;
    FloatVector c30 = z, c31 = z, c32 = z;
    FloatVector c40 = z, c41 = z, c42 = z;
    FloatVector c50 = z, c51 = z, c52 = z;
    FloatVector c60 = z, c61 = z, c62 = z;
    FloatVector c70 = z, c71 = z, c72 = z;
    for (int k = 0; k < n; k++) {
      int q = b0 + k * bs;
      FloatVector u = FloatVector.fromArray(S, b, q);
      FloatVector v = FloatVector.fromArray(S, b, q + L);
      FloatVector w = FloatVector.fromArray(S, b, q + 2 * L);
      FloatVector x = FloatVector.broadcast(S, a[r0 + k]);
      c00 = x.fma(u, c00);
      c01 = x.fma(v, c01);
      c02 = x.fma(w, c02);
      x = FloatVector.broadcast(S, a[r1 + k]);
      c10 = x.fma(u, c10);
      c11 = x.fma(v, c11);
      c12 = x.fma(w, c12);
      x = FloatVector.broadcast(S, a[r2 + k]);
      c20 = x.fma(u, c20);
      c21 = x.fma(v, c21);
      c22 = x.fma(w, c22);
      x = FloatVector.broadcast(S, a[r3 + k]);
      c30 = x.fma(u, c30);
      c31 = x.fma(v, c31);
      c32 = x.fma(w, c32);
      x = FloatVector.broadcast(S, a[r4 + k]);
      c40 = x.fma(u, c40);
      c41 = x.fma(v, c41);
      c42 = x.fma(w, c42);
      x = FloatVector.broadcast(S, a[r5 + k]);
      c50 = x.fma(u, c50);
      c51 = x.fma(v, c51);
      c52 = x.fma(w, c52);
      x = FloatVector.broadcast(S, a[r6 + k]);
      c60 = x.fma(u, c60);
      c61 = x.fma(v, c61);
      c62 = x.fma(w, c62);
      x = FloatVector.broadcast(S, a[r7 + k]);
      c70 = x.fma(u, c70);
      c71 = x.fma(v, c71);
      c72 = x.fma(w, c72);
    }
    c00.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c01.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c02.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c10.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c11.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c12.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c20.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c21.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c22.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c30.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c31.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c32.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c40.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c41.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c42.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c50.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c51.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c52.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c60.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c61.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c62.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c70.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c71.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c72.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
  }

  private void tile8x2(int a0, int b0, int f0, int c0) {
    float[] a = this.a, b = this.b, f = from, c = this.c;
    int n = kc, bs = ldb, fs = fromStride, cs = ldc, s = lda, t = last;
    int r0 = a0,
        r1 = a0 + Math.min(1, t) * s,
        r2 = a0 + Math.min(2, t) * s,
        r3 = a0 + Math.min(3, t) * s;
    int r4 = a0 + Math.min(4, t) * s,
        r5 = a0 + Math.min(5, t) * s,
        r6 = a0 + Math.min(6, t) * s,
        r7 = a0 + Math.min(7, t) * s;
    FloatVector z = FloatVector.zero(S);
    FloatVector c00 = z, c01 = z;
    FloatVector c10 = z, c11 = z;
    FloatVector c20 = z, c21 = z;
    FloatVector c30 = z, c31 = z;
    FloatVector c40 = z, c41 = z;
    FloatVector c50 = z, c51 = z;
    FloatVector c60 = z, c61 = z;
    FloatVector c70 = z, c71 = z;
    for (int k = 0; k < n; k++) {
      int q = b0 + k * bs;
      FloatVector u = FloatVector.fromArray(S, b, q);
      FloatVector v = FloatVector.fromArray(S, b, q + L);
      FloatVector x = FloatVector.broadcast(S, a[r0 + k]);
      c00 = x.fma(u, c00);
      c01 = x.fma(v, c01);
      x = FloatVector.broadcast(S, a[r1 + k]);
      c10 = x.fma(u, c10);
      c11 = x.fma(v, c11);
      x = FloatVector.broadcast(S, a[r2 + k]);
      c20 = x.fma(u, c20);
      c21 = x.fma(v, c21);
      x = FloatVector.broadcast(S, a[r3 + k]);
      c30 = x.fma(u, c30);
      c31 = x.fma(v, c31);
      x = FloatVector.broadcast(S, a[r4 + k]);
      c40 = x.fma(u, c40);
      c41 = x.fma(v, c41);
      x = FloatVector.broadcast(S, a[r5 + k]);
      c50 = x.fma(u, c50);
      c51 = x.fma(v, c51);
      x = FloatVector.broadcast(S, a[r6 + k]);
      c60 = x.fma(u, c60);
      c61 = x.fma(v, c61);
      x = FloatVector.broadcast(S, a[r7 + k]);
      c70 = x.fma(u, c70);
      c71 = x.fma(v, c71);
    }
    c00.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c01.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c10.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c11.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c20.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c21.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c30.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c31.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c40.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c41.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c50.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c51.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c60.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c61.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c70.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c71.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
  }

  private void tile4x3(int a0, int b0, int f0, int c0) {
    float[] a = this.a, b = this.b, f = from, c = this.c;
    int n = kc, bs = ldb, fs = fromStride, cs = ldc, s = lda, t = last;
    int r0 = a0,
        r1 = a0 + Math.min(1, t) * s,
        r2 = a0 + Math.min(2, t) * s,
        r3 = a0 + Math.min(3, t) * s;
    FloatVector z = FloatVector.zero(S);
    FloatVector c00 = z, c01 = z, c02 = z;
    FloatVector c10 = z, c11 = z, c12 = z;
    FloatVector c20 = z, c21 = z, c22 = z;
    FloatVector c30 = z, c31 = z, c32 = z;
    for (int k = 0; k < n; k++) {
      int q = b0 + k * bs;
      FloatVector u = FloatVector.fromArray(S, b, q);
      FloatVector v = FloatVector.fromArray(S, b, q + L);
      FloatVector w = FloatVector.fromArray(S, b, q + 2 * L);
      FloatVector x = FloatVector.broadcast(S, a[r0 + k]);
      c00 = x.fma(u, c00);
      c01 = x.fma(v, c01);
      c02 = x.fma(w, c02);
      x = FloatVector.broadcast(S, a[r1 + k]);
      c10 = x.fma(u, c10);
      c11 = x.fma(v, c11);
      c12 = x.fma(w, c12);
      x = FloatVector.broadcast(S, a[r2 + k]);
      c20 = x.fma(u, c20);
      c21 = x.fma(v, c21);
      c22 = x.fma(w, c22);
      x = FloatVector.broadcast(S, a[r3 + k]);
      c30 = x.fma(u, c30);
      c31 = x.fma(v, c31);
      c32 = x.fma(w, c32);
    }
    c00.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c01.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c02.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c10.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c11.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c12.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c20.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c21.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c22.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
    f0 += fs;
    c0 += cs;
    c30.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c31.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    c32.add(FloatVector.fromArray(S, f, f0 + 2 * L)).intoArray(c, c0 + 2 * L);
  }

  private void tile4x2(int a0, int b0, int f0, int c0) {
    float[] a = this.a, b = this.b, f = from, c = this.c;
    int n = kc, bs = ldb, fs = fromStride, cs = ldc, s = lda, t = last;
    int r0 = a0,
        r1 = a0 + Math.min(1, t) * s,
        r2 = a0 + Math.min(2, t) * s,
        r3 = a0 + Math.min(3, t) * s;
    FloatVector z = FloatVector.zero(S);
    FloatVector c00 = z, c01 = z;
    FloatVector c10 = z, c11 = z;
    FloatVector c20 = z, c21 = z;
    FloatVector c30 = z, c31 = z;
    for (int k = 0; k < n; k++) {
      int q = b0 + k * bs;
      FloatVector u = FloatVector.fromArray(S, b, q);
      FloatVector v = FloatVector.fromArray(S, b, q + L);
      FloatVector x = FloatVector.broadcast(S, a[r0 + k]);
      c00 = x.fma(u, c00);
      c01 = x.fma(v, c01);
      x = FloatVector.broadcast(S, a[r1 + k]);
      c10 = x.fma(u, c10);
      c11 = x.fma(v, c11);
      x = FloatVector.broadcast(S, a[r2 + k]);
      c20 = x.fma(u, c20);
      c21 = x.fma(v, c21);
      x = FloatVector.broadcast(S, a[r3 + k]);
      c30 = x.fma(u, c30);
      c31 = x.fma(v, c31);
    }
    c00.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c01.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c10.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c11.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c20.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c21.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
    f0 += fs;
    c0 += cs;
    c30.add(FloatVector.fromArray(S, f, f0)).intoArray(c, c0);
    c31.add(FloatVector.fromArray(S, f, f0 + L)).intoArray(c, c0 + L);
  }
}
