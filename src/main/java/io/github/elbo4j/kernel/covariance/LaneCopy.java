package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.dense.Transpose;
import java.util.Arrays;

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

  private LaneCopy() {}

  /** Floats of a stage for matrices with rows of {@code columns} elements. */
  static int stage(int columns) {
    return W * stride(columns);
  }

  /** From a matrix's part of the stage to the next: no power of two, and room to write over. */
  private static int stride(int columns) {
    return Math.max(STAGE, columns) + 16;
  }

  /** {@code n} elements of {@code count} matrices, the first of them again in the lanes left. */
  static void load(float[] batch, int at, int each, int count, int n, float[] to, int t0) {
    if (each == 0) {
      System.arraycopy(batch, at, to, t0, n * W);
    } else {
      Transpose.run(count, n, batch, at, each, to, t0, W);
      fillLanes(to, t0, n, count);
    }
  }

  private static void fillLanes(float[] to, int t0, int n, int count) {
    if (count < W) {
      for (int e = 0; e < n; e++) {
        int i = t0 + e * W;
        Arrays.fill(to, i + count, i + W, to[i]);
      }
    }
  }

  /**
   * The lower triangles of order {@code d} as those of the order {@code d4} that has room for whole
   * tiles: identity below, 0 above the diagonal within the tiles.
   */
  static void loadLower(
      float[] batch, int at, int each, int count, int d, float[] to, int t0, int row, int d4) {
    for (int i = 0; i < d; i++) {
      int n = Math.min(d, (i + 8) & -8); // whole blocks of a transposition
      load(batch, at + i * d * (each == 0 ? W : 1), each, count, n, to, t0 + i * row);
      int end = Math.min(row, Math.max(n, (i + 4) & -4) * W);
      Arrays.fill(to, t0 + i * row + (i + 1) * W, t0 + i * row + end, 0f);
    }
    for (int i = d; i < d4; i++) {
      Arrays.fill(to, t0 + i * row, t0 + i * row + d4 * W, 0f);
      Arrays.fill(to, t0 + i * (row + W), t0 + i * (row + W) + W, 1f);
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

  /** Lower triangles of order d, 0 above the diagonal. */
  static void storeLower(
      float[] from,
      int f0,
      int row,
      int d,
      float[] batch,
      int at,
      int each,
      int count,
      float[] stage) {
    if (each == 0) {
      for (int i = 0; i < d; i++) {
        System.arraycopy(from, f0 + i * row, batch, at + i * d * W, (i + 1) * W);
      }
      clearUpper(batch, at, d);
      return;
    }
    int stride = stride(d);
    int rows = Math.max(1, STAGE / d);
    Arrays.fill(stage, 0, W * stride, 0f); // later rows cover what earlier ones wrote
    for (int i = 0; i < d; i += rows) {
      int end = Math.min(d, i + rows);
      for (int r = i; r < end; r++) {
        int n = Math.min(row / W, (r + 8) & -8); // may go beyond d, where the next row begins
        Arrays.fill(from, f0 + r * row + (r + 1) * W, f0 + r * row + n * W, 0f);
        Transpose.run(n, count, from, f0 + r * row, W, stage, (r - i) * d, stride);
      }
      for (int b = 0; b < count; b++) {
        System.arraycopy(stage, b * stride, batch, at + b * each + i * d, (end - i) * d);
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
    int stride = stride(d);
    for (int i = 0; i < d; i++) {
      int n = lower ? i + 1 : d;
      if (each == 0) {
        add(from, f0 + i * row, scale, batch, at + i * d * W, n * W);
      } else {
        int whole = Math.min(row / W, (n + 7) & -8);
        Transpose.run(whole, count, from, f0 + i * row, W, stage, 0, stride);
        for (int b = 0; b < count; b++) {
          add(stage, b * stride, scale, batch, at + b * each + i * d, n);
        }
      }
    }
  }
}
