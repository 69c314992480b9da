package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import java.util.Arrays;

/**
 * The matrix product {@code C = start + op(A)·op(B)}, where the start is zero, a bias row or the
 * old C, followed by an activation while the block is still in cache.
 *
 * <p>C is cut into a fixed grid of blocks, a block into panels of two or three vectors of columns,
 * a panel into register tiles ({@link GemmTile}). Rows of A and of B are read where they lie
 * (packing them costs more than it gains); a transposed operand is turned block by block into
 * scratch ({@link Transpose}), and ragged last columns go through a panel padded with zeros. Each
 * element is the same chain of fused multiply-adds over k, cut only every {@link #DEPTH} (and there
 * added to what is in C), whatever the block, the tile and the number of threads.
 *
 * <p>An object holds one product's arguments; each thread reuses its own: {@code
 * Gemm.get().a(…).b(…).run(…)}.
 */
public final class Gemm extends KernelTask {
  /**
   * Longest chain of multiply-adds: bounds the rounding error and keeps a panel of B in the
   * second-level cache.
   */
  private static final int DEPTH = 800;

  /**
   * Whether panels are three vectors wide: with 16 registers a tile of 4 by 3 spills (44 GFLOP/s
   * against 108 of 4 by 2, AVX2 on Zen 5, JDK 25).
   */
  private static final boolean THREES = GemmTile.ROWS == 8;

  private static final int L = GemmTile.L;
  private static final int ROWS = GemmTile.ROWS;
  private static final float[] ZEROS = new float[GemmTile.COLUMNS];
  private static final float[] NONE = new float[0];

  /**
   * Multiply-adds that take about as long as one element operation of {@link Parallel#run}'s
   * estimate.
   */
  private static final int PER_ELEMENT_OPERATION = 16;

  private static final ThreadLocal<Gemm> LOCAL = ThreadLocal.withInitial(Gemm::new);
  private static final ThreadLocal<GemmTile> TILE = ThreadLocal.withInitial(GemmTile::new);

  private float[] a = NONE;
  private int a0;
  private int lda;
  private boolean transA;
  private float[] b = NONE;
  private int b0;
  private int ldb;
  private boolean transB;

  /**
   * Added to the first chunk's product: rows {@code startRow} apart, {@code startColumn} 0 where
   * all are zero.
   */
  private float[] start = ZEROS;

  private int start0;
  private int startRow;
  private int startColumn;
  private float[] c = NONE;
  private int c0;
  private int ldc;
  private boolean activated;
  private Activation activation = Activation.NONE;
  private float[] y = NONE;
  private int y0;
  private int m;
  private int n;
  private int chunks;
  private int k;
  private int rowBlock;
  private int rowBlocks;
  private int columnBlocks;

  private Gemm() {}

  /** The calling thread's object, with no bias and no activation. */
  public static Gemm get() {
    return LOCAL.get();
  }

  /** A is stored [m, k], or [k, m] when transposed, with rows {@code ld} apart. */
  public Gemm a(boolean transposed, float[] array, int offset, int ld) {
    transA = transposed;
    a = array;
    a0 = offset;
    lda = ld;
    return this;
  }

  /** B is stored [k, n], or [n, k] when transposed, with rows {@code ld} apart. */
  public Gemm b(boolean transposed, float[] array, int offset, int ld) {
    transB = transposed;
    b = array;
    b0 = offset;
    ldb = ld;
    return this;
  }

  /** Where C goes, with rows {@code ld} apart; the product is added to it, or replaces it. */
  public Gemm c(boolean accumulate, float[] array, int offset, int ld) {
    c = array;
    c0 = offset;
    ldc = ld;
    start = accumulate ? array : ZEROS;
    start0 = accumulate ? offset : 0;
    startRow = accumulate ? ld : 0;
    startColumn = accumulate ? 1 : 0;
    return this;
  }

  /** A row of n numbers that every row of C starts from. */
  public Gemm bias(float[] array, int offset) {
    start = array;
    start0 = offset;
    startRow = 0;
    startColumn = 1;
    return this;
  }

  /** {@code y = f(C)}, laid out like C; may be C itself. */
  Gemm activation(Activation f, float[] array, int offset) {
    activated = true;
    activation = f;
    y = array;
    y0 = offset;
    return this;
  }

  /** Computes C[rows, columns] over {@code depth} terms; none of the three needs to be positive. */
  public void run(int rows, int columns, int depth) {
    m = rows;
    n = columns;
    k = depth;
    chunks = Math.max(1, Math.ceilDiv(depth, DEPTH));
    // A transposed A is turned once a block, so its blocks are wide; a transposed B wants tall
    // ones.
    rowBlock = transB ? 128 : 64;
    int columnBlock = transA ? 512 : transB ? GemmTile.COLUMNS : 96;
    rowBlocks = Math.ceilDiv(rows, rowBlock);
    columnBlocks = Math.ceilDiv(columns, columnBlock);
    long work = (long) rows * columns * Math.max(1, depth / PER_ELEMENT_OPERATION);
    fork(rowBlocks * columnBlocks, work);
  }

  @Override
  protected void forget() {
    a = NONE;
    b = NONE;
    c = NONE;
    y = NONE;
    start = ZEROS;
    activated = false;
  }

  @Override
  public void run(int block) {
    int m0 = block % rowBlocks * rowBlock;
    int m1 = Math.min(m, m0 + rowBlock);
    int column = block / rowBlocks;
    // Vectors of columns; where panels are pairs a block holds whole pairs.
    int unit = THREES ? 1 : 2;
    int units = Math.ceilDiv(n, unit * L);
    int v0 = (int) ((long) column * units / columnBlocks) * unit;
    int v1 = (int) ((column + 1L) * units / columnBlocks) * unit;
    GemmTile tile = TILE.get();
    // Chunks of equal length, and a multiple of the transposition's block.
    int step = Math.ceilDiv(Math.ceilDiv(k, chunks), 8) * 8;
    for (int chunk = 0; chunk < chunks; chunk++) {
      int k0 = chunk * step;
      tile.kc = Math.min(step, k - k0);
      chunk(tile, m0, m1, v0, v1, k0);
    }
    tile.clear();
    int width = Math.min(n, v1 * L) - v0 * L;
    if (activated) {
      float[] work = Scratch.get().floats(0, Activations.workSize(width));
      for (int i = m0; i < m1; i++) {
        int at = i * ldc + v0 * L;
        Activations.forward(activation, c, c0 + at, y, y0 + at, work, width);
      }
    }
  }

  /** The product over [k0, k0 + tile.kc) for rows [m0, m1) and vectors of columns [v0, v1). */
  private void chunk(GemmTile tile, int m0, int m1, int v0, int v1, int k0) {
    int kc = tile.kc;
    int first = a0 + m0 * lda + k0;
    tile.a = a;
    tile.lda = lda;
    if (transA) {
      tile.a = Scratch.get().floats(0, (m1 - m0) * kc);
      tile.lda = kc;
      Transpose.run(kc, m1 - m0, a, a0 + k0 * lda + m0, lda, tile.a, 0, kc);
      first = 0;
    }
    for (int v = v0; v < v1; ) {
      // Threes, but never a single vector at the end: four are two pairs.
      int width = !THREES || v1 - v == 4 || v1 - v < 3 ? 2 : 3;
      panel(tile, m0, m1, first, v * L, width, k0);
      v += width;
    }
  }

  /** One panel: {@code width} vectors of columns from column {@code j}. */
  private void panel(GemmTile tile, int m0, int m1, int first, int j, int width, int k0) {
    int columns = Math.min(n - j, width * L);
    int bAt = columns(tile, j, columns, width * L, k0);
    float[] from = k0 == 0 ? start : c;
    int from0 = k0 == 0 ? start0 + j * startColumn : c0 + j;
    int fromRow = k0 == 0 ? startRow : ldc;
    for (int i = m0; i < m1; i += ROWS) {
      int rows = Math.min(ROWS, m1 - i);
      int aAt = first + (i - m0) * tile.lda;
      int fromAt = from0 + i * fromRow;
      int cAt = c0 + i * ldc + j;
      tile.last = rows - 1;
      if (columns == width * L && (rows == ROWS || rows == 4)) {
        tile.from = from;
        tile.fromStride = fromRow;
        tile.c = c;
        tile.ldc = ldc;
        tile.multiply(width, aAt, bAt, fromAt, cAt);
      } else {
        ragged(tile, rows, columns, width, aAt, bAt, from, fromAt, fromRow, cAt);
      }
    }
  }

  /** A tile that does not lie wholly inside C goes through scratch. */
  private void ragged(
      GemmTile tile,
      int rows,
      int columns,
      int width,
      int aAt,
      int bAt,
      float[] from,
      int fromAt,
      int fromRow,
      int cAt) {
    int ld = width * L;
    float[] product = Scratch.get().floats(2, ROWS * GemmTile.COLUMNS);
    tile.from = ZEROS;
    tile.fromStride = 0;
    tile.c = product;
    tile.ldc = ld;
    tile.multiply(width, aAt, bAt, 0, 0);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        c[cAt + i * ldc + j] = product[i * ld + j] + from[fromAt + i * fromRow + j];
      }
    }
  }

  /**
   * Points the tile at columns [j, j + columns) of op(B), padded with zeros to {@code padded};
   * returns the offset.
   */
  private int columns(GemmTile tile, int j, int columns, int padded, int k0) {
    int kc = tile.kc;
    if (!transB && columns == padded) {
      tile.b = b;
      tile.ldb = ldb;
      return b0 + k0 * ldb + j;
    }
    float[] panel = Scratch.get().floats(1, kc * padded);
    if (transB) {
      Transpose.run(columns, kc, b, b0 + j * ldb + k0, ldb, panel, 0, padded);
    } else {
      for (int i = 0; i < kc; i++) {
        System.arraycopy(b, b0 + (k0 + i) * ldb + j, panel, i * padded, columns);
      }
    }
    for (int i = 0; columns < padded && i < kc; i++) {
      Arrays.fill(panel, i * padded + columns, (i + 1) * padded, 0f);
    }
    tile.b = panel;
    tile.ldb = padded;
    return 0;
  }
}
