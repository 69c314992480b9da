package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Matrix transposition by blocks in registers, 8×8 (4×4 on 128-bit machines): step h = 4, 2, 1
 * swaps, for every pair of rows h apart, the lanes of the first that have bit h set with the lanes
 * of the second that have not (Eklundh 1972). On 512-bit machines two 8×8 blocks, one of the eight
 * rows below the other's, share each vector; a 16×16 block has the same operations an element but
 * twice the code, which C2 does not always inline.
 *
 * <p>A single block takes the first lanes of whole vectors, although half a vector would do on a
 * 512-bit machine: as soon as the JVM has linked a second class of float vectors, C2 can no longer
 * tell which one a call means, in any kernel, and boxes in some.
 */
public final class Transpose {
  private static final VectorSpecies<Float> S = SimdMath.F;

  private static final int L = SimdMath.L;

  /** Rows and columns of a block: the first lanes of a vector. */
  private static final int N = L >= 8 ? 8 : 4;

  private static final VectorMask<Float> FIRST = VectorMask.fromLong(S, (1L << N) - 1);

  /** Lane l takes lane l XOR h; of no use for h = 4 where there are four lanes. */
  private static final VectorShuffle<Float> SWAP1 = swap(1), SWAP2 = swap(2), SWAP4 = swap(4);

  /** The lanes with bit h set. */
  private static final VectorMask<Float> UPPER1 = upper(1), UPPER2 = upper(2), UPPER4 = upper(4);

  private static final VectorMask<Float> UPPER8 = upper(8);

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
    int tall = L == 2 * N && rows >= L ? L : N; // rows of a block
    if (rows < N || columns < N) {
      for (int m = 0; m < count; m++) {
        byElement(rows, columns, from, f0 + m * fNext, lf, to, t0 + m * tNext, lt);
      }
    } else if (rows < columns) { // strips along the longer side
      for (int i = 0; i < rows; i += tall) {
        int at = Math.min(i, rows - tall); // a ragged edge is a block that overlaps the last
        strips(
            tall, count, columns, N, from, f0 + at * lf, fNext, 1, lf, to, t0 + at, tNext, lt, lt);
      }
    } else {
      for (int j = 0; j < columns; j += N) {
        int at = Math.min(j, columns - N);
        strips(
            tall, count, rows, tall, from, f0 + at, fNext, lf, lf, to, t0 + at * lt, tNext, 1, lt);
      }
    }
  }

  /** Fewer rows or columns than a block has: the long way round innermost. */
  private static void byElement(
      int rows, int columns, float[] from, int f0, int lf, float[] to, int t0, int lt) {
    if (rows >= columns) {
      for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++) {
          to[t0 + j * lt + i] = from[f0 + i * lf + j];
        }
      }
    } else {
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          to[t0 + j * lt + i] = from[f0 + i * lf + j];
        }
      }
    }
  }

  /**
   * A strip of {@code n} places, {@code unit} of them a block, and a block that ends with it where
   * n is ragged.
   */
  private static void strips(
      int tall,
      int count,
      int n,
      int unit,
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
    int whole = n / unit * unit;
    strip(tall, count, whole, unit, from, f0, fNext, fStep, lf, to, t0, tNext, tStep, lt);
    if (whole < n) {
      int f = f0 + (n - unit) * fStep;
      int t = t0 + (n - unit) * tStep;
      strip(tall, count, unit, unit, from, f, fNext, fStep, lf, to, t, tNext, tStep, lt);
    }
  }

  /** {@code n} places of each matrix, a step of fStep and tStep after one another. */
  private static void strip(
      int tall,
      int count,
      int n,
      int unit,
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
    if (tall > N) {
      tall16(count, n, unit, from, f0, fNext, fStep, lf, to, t0, tNext, tStep, lt);
    } else if (N == 8) {
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
      if (at + 7 * lf + L > from.length || t + 7 * lt + L > to.length) { // beyond an end
        byElement(8, 8, from, at, lf, to, t, lt);
        continue;
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
      r0.intoArray(to, t, FIRST);
      r1.intoArray(to, t + lt, FIRST);
      r2.intoArray(to, t + 2 * lt, FIRST);
      r3.intoArray(to, t + 3 * lt, FIRST);
      r4.intoArray(to, t + 4 * lt, FIRST);
      r5.intoArray(to, t + 5 * lt, FIRST);
      r6.intoArray(to, t + 6 * lt, FIRST);
      r7.intoArray(to, t + 7 * lt, FIRST);
    }
  }

  /** Blocks of 16×8: the upper lanes of a vector are those of the row eight further on. */
  private static void tall16(
      int count,
      int n,
      int unit,
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
    VectorMask<Float> m1 = UPPER1, m2 = UPPER2, m4 = UPPER4, m8 = UPPER8;
    int each = n / unit;
    for (int q = 0, m = 0, j = 0; q < count * each; q++) { // one loop: matrix m, place j in it
      int at = f0 + m * fNext + j * fStep;
      int t = t0 + m * tNext + j * tStep;
      j += unit;
      if (j == n) {
        j = 0;
        m++;
      }
      int up = at + 8 * lf - 8;
      FloatVector a = FloatVector.fromArray(S, from, at);
      FloatVector b = FloatVector.fromArray(S, from, at + lf);
      FloatVector c = FloatVector.fromArray(S, from, at + 2 * lf);
      FloatVector d = FloatVector.fromArray(S, from, at + 3 * lf);
      FloatVector e = FloatVector.fromArray(S, from, at + 4 * lf);
      FloatVector f = FloatVector.fromArray(S, from, at + 5 * lf);
      FloatVector g = FloatVector.fromArray(S, from, at + 6 * lf);
      FloatVector h = FloatVector.fromArray(S, from, at + 7 * lf);
      a = a.blend(FloatVector.fromArray(S, from, up), m8);
      b = b.blend(FloatVector.fromArray(S, from, up + lf), m8);
      c = c.blend(FloatVector.fromArray(S, from, up + 2 * lf), m8);
      d = d.blend(FloatVector.fromArray(S, from, up + 3 * lf), m8);
      e = e.blend(FloatVector.fromArray(S, from, up + 4 * lf), m8);
      f = f.blend(FloatVector.fromArray(S, from, up + 5 * lf), m8);
      g = g.blend(FloatVector.fromArray(S, from, up + 6 * lf), m8);
      h = h.blend(FloatVector.fromArray(S, from, up + 7 * lf), m8);
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
    return VectorShuffle.fromOp(S, l -> (l ^ h) % L);
  }

  private static VectorMask<Float> upper(int h) {
    boolean[] lanes = new boolean[L];
    for (int l = 0; l < L; l++) {
      lanes[l] = (l & h) != 0;
    }
    return VectorMask.fromArray(S, lanes, 0);
  }
}
