package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.T;
import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.dense.Transpose;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Between a batch, in either layout, and work arrays in lanes: element [i,j] of all matrices of a
 * group is the vector at {@code i·row + j·W}. A group's first element in the batch is at {@code
 * at}, {@code each} elements before the next matrix; each = 0 stands for the layout in lanes.
 *
 * <p>What goes out to single matrices is transposed into a stage that stays in L1 and copied from
 * there: writing to sixteen matrices a power of two apart evicts each line half full.
 */
final class LaneCopy {
  /** Elements of a matrix that the stage holds. */
  private static final int STAGE = 256;

  /** Rows and columns that are transposed together. */
  static final int BLOCK = 8;

  private LaneCopy() {}

  /** Floats of a stage for matrices with rows of {@code columns} elements. */
  static int stage(int columns) {
    return W * stride(columns);
  }

  /** From a matrix's part of the stage to the next: no power of two. */
  private static int stride(int columns) {
    return Math.max(STAGE, whole(columns)) + 16;
  }

  /** Columns in whole blocks. */
  static int whole(int columns) {
    return Math.ceilDiv(columns, BLOCK) * BLOCK;
  }

  /** Rows of that many columns that go through the stage together: they end with a block. */
  private static int rows(int columns) {
    return Integer.highestOneBit(Math.clamp(STAGE / whole(columns), 1, BLOCK));
  }

  /** {@code n} elements of {@code count} matrices; the lanes left have no meaning. */
  static void load(float[] batch, int at, int each, int count, int n, float[] to, int t0) {
    if (each == 0) {
      System.arraycopy(batch, at, to, t0, n * W);
    } else {
      Transpose.run(count, n, batch, at, each, to, t0, W);
    }
  }

  /**
   * Columns [c, c + n) of right-hand sides [d,m], dense in lanes and 0 in the rows up to {@code
   * d4}.
   */
  static void loadSides(
      float[] batch, int at, int each, int count, int d, int m, int c, int n, float[] to, int d4) {
    if (n == m) {
      load(batch, at, each, count, d * m, to, 0);
    } else if (each == 0) {
      for (int i = 0; i < d; i++) {
        System.arraycopy(batch, at + (i * m + c) * W, to, i * n * W, n * W);
      }
    } else {
      Transpose.run(d, count, n, batch, at + c, m, each, to, 0, n * W, W);
    }
    Arrays.fill(to, d * n * W, d4 * n * W, 0f);
  }

  /** The reverse: dense columns in lanes to [c, c + n) of right-hand sides, or added to them. */
  static void storeSides(
      float[] from,
      boolean added,
      float[] batch,
      int at,
      int each,
      int count,
      int d,
      int m,
      int c,
      int n,
      float[] stage) {
    int rows = n == m ? 1 : d; // whole rows lie one behind the other
    int part = d * n / rows;
    int unit = each == 0 ? W : 1;
    for (int i = 0; i < rows; i++) {
      int to = at + (i * m + c) * unit;
      if (added) {
        add(from, i * n * W, part, batch, to, each, count, stage);
      } else {
        store(from, i * n * W, part, batch, to, each, count, stage);
      }
    }
  }

  /** The first lane into those from {@code count} on. */
  static void fillLanes(float[] to, int t0, int n, int count) {
    for (int e = 0; count < W && e < n; e++) {
      int i = t0 + e * W;
      Arrays.fill(to, i + count, i + W, to[i]);
    }
  }

  /**
   * The lower triangles of order {@code d} as those of the order {@code d4} that has room for whole
   * tiles: identity below, 0 above the diagonal within the tiles. Whole blocks of a transposition
   * are loaded, so that what lies beyond the diagonal or the row has no meaning.
   */
  static void loadLower(
      float[] batch, int at, int each, int count, int d, float[] to, int t0, int row, int d4) {
    for (int i = 0; i < d4; i += BLOCK) {
      loadRows(batch, at, each, count, d, i, to, t0, row, d4);
    }
  }

  /** The same for {@link #BLOCK} rows from row {@code i} on, or those that are left. */
  static void loadRows(
      float[] batch,
      int at,
      int each,
      int count,
      int d,
      int i,
      float[] to,
      int t0,
      int row,
      int d4) {
    int rows = Math.min(BLOCK, d - i);
    int w0 = t0 + i * row;
    if (each == 0) {
      for (int r = 0; r < rows; r++) {
        System.arraycopy(batch, at + (i + r) * d * W, to, w0 + r * row, (i + r + 1) * W);
      }
    } else {
      int from = at + i * d;
      int last = from + (count - 1) * each + (rows - 1) * d;
      int n = last + i + BLOCK <= batch.length ? i + BLOCK : Math.min(d, i + BLOCK);
      Transpose.run(rows, count, n, batch, from, d, each, to, w0, row, W);
    }
    for (int r = i; r < i + rows; r++) {
      clear(to, t0 + r * row + (r + 1) * W, t0 + r * row + Math.ceilDiv(r + 1, T) * T * W);
    }
    for (int r = i + rows; r < Math.min(d4, i + BLOCK); r++) {
      Arrays.fill(to, t0 + r * row, t0 + r * row + d4 * W, 0f);
      Arrays.fill(to, t0 + r * (row + W), t0 + r * (row + W) + W, 1f);
    }
  }

  /** A few vectors of zeros, for which {@link Arrays#fill} takes longer to begin than to end. */
  private static void clear(float[] a, int from, int end) {
    FloatVector zero = FloatVector.zero(LaneSystem.S);
    int n = end - from;
    for (int i = 0; i < n; i += LaneSystem.L) {
      zero.intoArray(a, from + i);
    }
  }

  /** {@code n} elements in a row of the {@code count} matrices. */
  static void store(
      float[] from, int f0, int n, float[] batch, int at, int each, int count, float[] stage) {
    if (each == 0) {
      System.arraycopy(from, f0, batch, at, n * W);
      return;
    }
    int stride = stride(STAGE);
    for (int e = 0; e < n; e += STAGE) {
      int part = Math.min(STAGE, n - e);
      Transpose.run(part, count, from, f0 + e * W, W, stage, 0, stride);
      for (int b = 0; b < count; b++) {
        System.arraycopy(stage, b * stride, batch, at + b * each + e, part);
      }
    }
  }

  /** The same, added to what is there. */
  static void add(
      float[] from, int f0, int n, float[] batch, int at, int each, int count, float[] stage) {
    if (each == 0) {
      add(from, f0, 1, batch, at, n * W);
      return;
    }
    int stride = stride(STAGE);
    for (int e = 0; e < n; e += STAGE) {
      int part = Math.min(STAGE, n - e);
      Transpose.run(part, count, from, f0 + e * W, W, stage, 0, stride);
      for (int b = 0; b < count; b++) {
        add(stage, b * stride, 1, batch, at + b * each + e, part);
      }
    }
  }

  private static void add(float[] from, int f0, float scale, float[] to, int t0, int n) {
    for (int i = 0; i < n; i++) {
      to[t0 + i] += scale * from[f0 + i];
    }
  }

  /**
   * {@link #BLOCK} rows of lower triangles of order d from row {@code i} on, or those that are
   * left, and 0 above the diagonal. The stage is that of the rows before.
   */
  static void storeRows(
      float[] from,
      int row,
      int d,
      int i,
      float[] batch,
      int at,
      int each,
      int count,
      float[] stage) {
    int end = Math.min(d, i + BLOCK);
    if (each == 0) {
      for (int r = i; r < end; r++) {
        int to = at + r * d * W;
        System.arraycopy(from, r * row, batch, to, (r + 1) * W);
        Arrays.fill(batch, to + (r + 1) * W, to + d * W, 0f);
      }
      return;
    }
    int stride = stride(d);
    int width = whole(d);
    if (i == 0) {
      Arrays.fill(stage, 0, W * stride, 0f); // later rows cover what earlier ones wrote
    }
    for (int r0 = i; r0 < end; r0 += rows(d)) {
      int some = Math.min(rows(d), end - r0);
      int n = whole(r0 + some);
      for (int r = r0; r < r0 + some; r++) {
        clear(from, r * row + (r + 1) * W, r * row + Math.min(n, d) * W);
      }
      Transpose.run(some, n, count, from, r0 * row, row, W, stage, 0, width, stride);
      for (int b = 0; b < count; b++) {
        copyRows(stage, b * stride, width, some, d, batch, at + b * each + r0 * d);
      }
    }
  }

  private static void copyRows(
      float[] stage, int from, int width, int rows, int d, float[] to, int t0) {
    if (width == d) {
      System.arraycopy(stage, from, to, t0, rows * d);
      return;
    }
    for (int r = 0; r < rows; r++) {
      System.arraycopy(stage, from + r * width, to, t0 + r * d, d);
    }
  }

  /** NaN into the lower triangle of matrix {@code b} of a group. */
  static void invalidate(float[] batch, int at, int each, int d, int b) {
    int unit = each == 0 ? W : 1;
    int first = at + (each == 0 ? b : b * each);
    for (int i = 0; i < d; i++) {
      for (int j = 0; j <= i; j++) {
        batch[first + (i * d + j) * unit] = Float.NaN;
      }
    }
  }

  /** 0 above the diagonal of matrices in lanes. */
  static void clearUpper(float[] lanes, int at, int d) {
    for (int i = 0; i < d; i++) {
      int r = at + i * d * W;
      Arrays.fill(lanes, r + (i + 1) * W, r + d * W, 0f);
    }
  }

  /**
   * {@code scale} times the matrices of order d, added to what is there: whole, or their lower
   * triangles.
   */
  static void addMatrix(
      float[] from,
      int f0,
      int row,
      int d,
      boolean lower,
      float scale,
      float[] batch,
      int at,
      int each,
      int count,
      float[] stage) {
    if (each == 0) {
      for (int i = 0; i < d; i++) {
        add(from, f0 + i * row, scale, batch, at + i * d * W, (lower ? i + 1 : d) * W);
      }
      return;
    }
    int stride = stride(d);
    int width = whole(d);
    for (int i = 0; i < d; i += rows(d)) {
      int some = Math.min(rows(d), d - i);
      int n = whole(lower ? i + some : d);
      Transpose.run(some, n, count, from, f0 + i * row, row, W, stage, 0, width, stride);
      for (int b = 0; b < count; b++) {
        int to = at + b * each + i * d;
        for (int r = 0; r < some; r++) {
          add(stage, b * stride + r * width, scale, batch, to + r * d, lower ? i + r + 1 : d);
        }
      }
    }
  }
}
