package io.github.elbo4j.kernel;

import jdk.incubator.vector.FloatVector;

/**
 * Sums of a fixed order. {@code FloatVector.reduceLanes(ADD)} may add in any order, and does: the
 * interpreter and the compiled code give different bits. So a row's lane sums are stored and added
 * here, always alike.
 */
public final class Lanes {
  private static final int L = SimdMath.L;

  /**
   * Elements after which a row's float32 lane sums are handed on to a double: no lane ever adds a
   * long float32 chain, whatever the length of the row.
   */
  public static final int CHUNK = 112 * L;

  /** Rows whose lane sums stand in memory before {@link #rowSums} adds them up. */
  public static final int ROWS = 64;

  private Lanes() {}

  /** The sum of the L floats from {@code lanes[from]} on, as a balanced tree. */
  public static float sum(float[] lanes, int from) {
    return switch (L) {
      case 16 -> sum8(lanes, from) + sum8(lanes, from + 8);
      case 8 -> sum8(lanes, from);
      case 4 -> sum4(lanes, from);
      default -> sumAny(lanes, from);
    };
  }

  private static float sum8(float[] a, int o) {
    return sum4(a, o) + sum4(a, o + 4);
  }

  private static float sum4(float[] a, int o) {
    return (a[o] + a[o + 1]) + (a[o + 2] + a[o + 3]);
  }

  private static float sumAny(float[] a, int o) {
    float s = 0;
    for (int i = 0; i < L; i++) {
      s += a[o + i];
    }
    return s;
  }

  /** Sum of {@code n} elements from {@code a[from]} on. */
  public static double sum(float[] a, int from, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += CHUNK) {
      total += sumChunk(a, from + i, Math.min(CHUNK, n - i), lanes);
    }
    return total;
  }

  /**
   * {@code out[to + r]} = the sum of row r of {@code rows} rows of {@code n} elements from {@code
   * a[from]} on, each the float32 of {@link #sum(float[], int, int, float[])}. {@code lanes} has
   * room for {@link #ROWS}·L floats: no row waits for the lanes of the one before.
   */
  public static void rowSums(
      float[] a, int from, int rows, int n, float[] lanes, float[] out, int to) {
    if (n > CHUNK) {
      for (int r = 0; r < rows; r++) {
        out[to + r] = (float) sum(a, from + r * n, n, lanes);
      }
      return;
    }
    for (int first = 0; first < rows; first += ROWS) {
      int count = Math.min(ROWS, rows - first);
      for (int r = 0; r < count; r++) {
        rowLanes(a, from + (first + r) * n, n, lanes, r * L);
      }
      for (int r = 0; r < count; r++) {
        out[to + first + r] = sum(lanes, r * L);
      }
    }
  }

  private static float sumChunk(float[] a, int from, int n, float[] lanes) {
    rowLanes(a, from, n, lanes, 0);
    return sum(lanes, 0);
  }

  private static void rowLanes(float[] a, int from, int n, float[] lanes, int to) {
    int full = SimdMath.F.loopBound(n);
    FloatVector sum = FloatVector.zero(SimdMath.F);
    for (int i = 0; i < full; i += L) {
      sum = sum.add(FloatVector.fromArray(SimdMath.F, a, from + i));
    }
    sum.intoArray(lanes, to);
    for (int i = full; i < n; i++) {
      lanes[to + i - full] += a[from + i];
    }
  }

  /**
   * Sum of the squares of {@code n} elements from {@code a[from]} on. Lanes add halves, so that
   * half the sum has all of float32's range.
   */
  public static double sumOfSquares(float[] a, int from, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += CHUNK) {
      total += 2.0 * halfSquaresChunk(a, from + i, Math.min(CHUNK, n - i), lanes);
    }
    return total;
  }

  private static float halfSquaresChunk(float[] a, int from, int n, float[] lanes) {
    int full = SimdMath.F.loopBound(n);
    FloatVector half = FloatVector.broadcast(SimdMath.F, 0.5f);
    FloatVector sum = FloatVector.zero(SimdMath.F);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(SimdMath.F, a, from + i);
      sum = v.mul(half).fma(v, sum);
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      lanes[i - full] = Math.fma(0.5f * a[from + i], a[from + i], lanes[i - full]);
    }
    return sum(lanes, 0);
  }

  /** {@code out[to + i] += a[from + i]} for i in [0, n). */
  public static void add(float[] a, int from, float[] out, int to, int n) {
    int full = SimdMath.F.loopBound(n);
    for (int i = 0; i < full; i += L) { // C2 takes them for the same array, and leaves them scalar
      FloatVector sum = FloatVector.fromArray(SimdMath.F, out, to + i);
      sum.add(FloatVector.fromArray(SimdMath.F, a, from + i)).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] += a[from + i];
    }
  }
}
