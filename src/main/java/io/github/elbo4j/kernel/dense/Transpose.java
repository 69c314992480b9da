package io.github.elbo4j.kernel.dense;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Matrix transposition by blocks in registers, 8×8 (4×4 on 128-bit machines): step h = 4, 2, 1
 * swaps, for every pair of rows h apart, the lanes of the first that have bit h set with the lanes
 * of the second that have not (Eklundh 1972). Ragged edges go element by element. 8×8 blocks are as
 * fast as 16×16 ones and a quarter of their code.
 */
public final class Transpose {
  private static final int N = FloatVector.SPECIES_PREFERRED.length() >= 8 ? 8 : 4;
  private static final VectorSpecies<Float> S =
      N == 8 ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128;

  /** Lane l takes lane l XOR h; of no use for h = 4 where there are four lanes. */
  private static final VectorShuffle<Float> SWAP1 = swap(1), SWAP2 = swap(2), SWAP4 = swap(4);

  /** The lanes with bit h set. */
  private static final VectorMask<Float> UPPER1 = upper(1), UPPER2 = upper(2), UPPER4 = upper(4);

  private Transpose() {}

  /** {@code to[t0 + j·lt + i] = from[f0 + i·lf + j]} for i < rows, j < columns. */
  public static void run(
      int rows, int columns, float[] from, int f0, int lf, float[] to, int t0, int lt) {
    run(1, rows, columns, from, f0, 0, lf, to, t0, 0, lt);
  }

  /**
   * {@code count} matrices of the same shape in one go, each {@code fNext} and {@code tNext}
   * elements after the one before, which pays when they are small.
   */
  public static void run(
      int count,
      int rows,
      int columns,
      float[] from,
      int f0,
      int fNext,
      int lf,
      float[] to,
      int t0,
      int tNext,
      int lt) {
    int fullRows = rows / N * N;
    int fullColumns = columns / N * N;
    if (fullRows < fullColumns) {
      for (int i = 0; i < fullRows; i += N) {
        int f = f0 + i * lf;
        strip(count, fullColumns, from, f, fNext, 1, lf, to, t0 + i, tNext, lt, lt);
      }
    } else { // strips along the longer side
      for (int j = 0; j < fullColumns; j += N) {
        int t = t0 + j * lt;
        strip(count, fullRows, from, f0 + j, fNext, lf, lf, to, t, tNext, 1, lt);
      }
    }
    for (int m = 0; m < count && (fullRows < rows || fullColumns < columns); m++) {
      int f = f0 + m * fNext;
      int t = t0 + m * tNext;
      edge(0, fullRows, fullColumns, columns, from, f, lf, to, t, lt);
      edge(fullRows, rows, 0, columns, from, f, lf, to, t, lt);
    }
  }

  /** Rows [i0, i1) of columns [j0, j1), one by one. */
  private static void edge(
      int i0, int i1, int j0, int j1, float[] from, int f0, int lf, float[] to, int t0, int lt) {
    for (int j = j0; j < j1; j++) {
      for (int i = i0; i < i1; i++) {
        to[t0 + j * lt + i] = from[f0 + i * lf + j];
      }
    }
  }

  /** {@code n} / N blocks of each matrix, a step of N·fStep and N·tStep after one another. */
  private static void strip(
      int count,
      int n,
      float[] from,
      int f0,
      int fNext,
      int fStep,
      int lf,
      float[] to,
      int t0,
      int tNext,
      int tStep,
      int lt) {
    if (N == 8) {
      strip8(count, n, from, f0, fNext, fStep, lf, to, t0, tNext, tStep, lt);
    } else {
      strip4(count, n, from, f0, fNext, fStep, lf, to, t0, tNext, tStep, lt);
    }
  }

  private static void strip8(
      int count,
      int n,
      float[] from,
      int f0,
      int fNext,
      int fStep,
      int lf,
      float[] to,
      int t0,
      int tNext,
      int tStep,
      int lt) {
    VectorShuffle<Float> s1 = SWAP1, s2 = SWAP2, s4 = SWAP4;
    VectorMask<Float> m1 = UPPER1, m2 = UPPER2, m4 = UPPER4;
    int each = n / 8;
    for (int q = 0, m = 0, j = 0; q < count * each; q++) { // one loop: matrix m, place j in it
      int at = f0 + m * fNext + j * fStep;
      int t = t0 + m * tNext + j * tStep;
      j += 8;
      if (j == n) {
        j = 0;
        m++;
      }
      FloatVector a = FloatVector.fromArray(S, from, at);
      FloatVector b = FloatVector.fromArray(S, from, at + lf);
      FloatVector c = FloatVector.fromArray(S, from, at + 2 * lf);
      FloatVector d = FloatVector.fromArray(S, from, at + 3 * lf);
      FloatVector e = FloatVector.fromArray(S, from, at + 4 * lf);
      FloatVector f = FloatVector.fromArray(S, from, at + 5 * lf);
      FloatVector g = FloatVector.fromArray(S, from, at + 6 * lf);
      FloatVector h = FloatVector.fromArray(S, from, at + 7 * lf);
      FloatVector p0 = a.blend(e.rearrange(s4), m4), p4 = a.rearrange(s4).blend(e, m4);
      FloatVector p1 = b.blend(f.rearrange(s4), m4), p5 = b.rearrange(s4).blend(f, m4);
      FloatVector p2 = c.blend(g.rearrange(s4), m4), p6 = c.rearrange(s4).blend(g, m4);
      FloatVector p3 = d.blend(h.rearrange(s4), m4), p7 = d.rearrange(s4).blend(h, m4);
      FloatVector q0 = p0.blend(p2.rearrange(s2), m2), q2 = p0.rearrange(s2).blend(p2, m2);
      FloatVector q1 = p1.blend(p3.rearrange(s2), m2), q3 = p1.rearrange(s2).blend(p3, m2);
      FloatVector q4 = p4.blend(p6.rearrange(s2), m2), q6 = p4.rearrange(s2).blend(p6, m2);
      FloatVector q5 = p5.blend(p7.rearrange(s2), m2), q7 = p5.rearrange(s2).blend(p7, m2);
      FloatVector r0 = q0.blend(q1.rearrange(s1), m1), r1 = q0.rearrange(s1).blend(q1, m1);
      FloatVector r2 = q2.blend(q3.rearrange(s1), m1), r3 = q2.rearrange(s1).blend(q3, m1);
      FloatVector r4 = q4.blend(q5.rearrange(s1), m1), r5 = q4.rearrange(s1).blend(q5, m1);
      FloatVector r6 = q6.blend(q7.rearrange(s1), m1), r7 = q6.rearrange(s1).blend(q7, m1);
      r0.intoArray(to, t);
      r1.intoArray(to, t + lt);
      r2.intoArray(to, t + 2 * lt);
      r3.intoArray(to, t + 3 * lt);
      r4.intoArray(to, t + 4 * lt);
      r5.intoArray(to, t + 5 * lt);
      r6.intoArray(to, t + 6 * lt);
      r7.intoArray(to, t + 7 * lt);
    }
  }

  private static void strip4(
      int count,
      int n,
      float[] from,
      int f0,
      int fNext,
      int fStep,
      int lf,
      float[] to,
      int t0,
      int tNext,
      int tStep,
      int lt) {
    VectorShuffle<Float> s1 = SWAP1, s2 = SWAP2;
    VectorMask<Float> m1 = UPPER1, m2 = UPPER2;
    int each = n / 4;
    for (int q = 0, m = 0, j = 0; q < count * each; q++) { // one loop: matrix m, place j in it
      int at = f0 + m * fNext + j * fStep;
      int t = t0 + m * tNext + j * tStep;
      j += 4;
      if (j == n) {
        j = 0;
        m++;
      }
      FloatVector a = FloatVector.fromArray(S, from, at);
      FloatVector b = FloatVector.fromArray(S, from, at + lf);
      FloatVector c = FloatVector.fromArray(S, from, at + 2 * lf);
      FloatVector d = FloatVector.fromArray(S, from, at + 3 * lf);
      FloatVector p0 = a.blend(c.rearrange(s2), m2), p2 = a.rearrange(s2).blend(c, m2);
      FloatVector p1 = b.blend(d.rearrange(s2), m2), p3 = b.rearrange(s2).blend(d, m2);
      FloatVector q0 = p0.blend(p1.rearrange(s1), m1), q1 = p0.rearrange(s1).blend(p1, m1);
      FloatVector q2 = p2.blend(p3.rearrange(s1), m1), q3 = p2.rearrange(s1).blend(p3, m1);
      q0.intoArray(to, t);
      q1.intoArray(to, t + lt);
      q2.intoArray(to, t + 2 * lt);
      q3.intoArray(to, t + 3 * lt);
    }
  }

  private static VectorShuffle<Float> swap(int h) {
    return VectorShuffle.fromOp(S, l -> (l ^ h) % N);
  }

  private static VectorMask<Float> upper(int h) {
    boolean[] lanes = new boolean[N];
    for (int l = 0; l < N; l++) {
      lanes[l] = (l & h) != 0;
    }
    return VectorMask.fromArray(S, lanes, 0);
  }
}
