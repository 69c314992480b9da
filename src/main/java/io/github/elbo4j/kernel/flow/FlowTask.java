package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A pass over rows of z in blocks, a block in tiles that stay in the first-level cache. {@code k}
 * rows use one row of the parameters (a point); what a step makes of a row of parameters is
 * prepared once: before the blocks where all rows share it, else by the block that has its rows.
 *
 * <p>A backward pass has {@code width} sums a point. They are made in float32 over a tile, which
 * has all rows of a point; or else in double over tiles. A point's tiles are in one block, or,
 * where all rows share the parameters, each block has sums of its own that are added in their
 * order.
 */
abstract class FlowTask extends KernelTask {
  /** Elements of a tile; what does not depend on the number of threads gives the same bits. */
  private static final int TILE = 4096;

  private static final int MOST_ROWS = 128;

  /** Blocks with sums of their own, and the doubles of them all: bound their memory. */
  private static final int MOST_BLOCKS = 64;

  private static final int MOST_SUMS = 1 << 18;

  int d;
  int rows;
  int k;

  /** Rows of a tile, at most. */
  int tileRows;

  boolean shared;

  /** Whether a tile has all rows of a point, so that its float32 sums are the point's. */
  private boolean whole;

  private int width;
  private int rowsPerBlock;
  private float[] heldPrepared = {};
  private double[] heldSums = {};

  /**
   * Runs all blocks.
   *
   * @param z [R,D]
   * @param parameter one of the parameters
   * @param sums doubles that a row of parameters sums, 0 for a forward pass
   * @param work element operations an element
   */
  final void start(Tensor z, Tensor parameter, int sums, int work) {
    d = z.columns();
    rows = z.rows();
    k = FlowKernels.rowsPerParameter(z, parameter);
    tileRows = Math.clamp(TILE / Math.max(1, d), 1, MOST_ROWS);
    shared = parameter.rows() == 1;
    width = sums;
    whole = !shared && k <= tileRows;
    int tiles = Math.ceilDiv(rows, tileRows);
    if (!shared) {
      tileRows = (int) Math.min(tileRows, (long) mostPoints() * k);
      rowsPerBlock = Math.max(1, tileRows / k) * k;
    } else if (sums == 0) {
      rowsPerBlock = tileRows;
    } else {
      int most = Math.clamp(MOST_SUMS / sums, 1, MOST_BLOCKS);
      rowsPerBlock = Math.ceilDiv(tiles, most) * tileRows;
    }
    int blocks = Math.ceilDiv(rows, rowsPerBlock);
    Scratch scratch = Scratch.get();
    if (shared) {
      heldPrepared = scratch.floats(Scratch.HELD, preparedSize() + width);
      heldSums = scratch.doubles(Scratch.HELD, blocks * width);
      prepare(0, 1, heldPrepared);
    }
    try {
      Parallel.run(this, blocks, (long) work * Math.max(1, d) * rows);
      if (shared && sums > 0) {
        addBlocks(blocks);
        round(heldSums, 0, heldPrepared);
        finish(0, 1, heldPrepared, preparedSize());
      }
    } finally {
      forget();
    }
  }

  /** For rows of a matrix instead, {@code n} of them with one row of parameters. */
  final void matrix(int n, int columns) {
    d = columns;
    rows = n;
    k = Math.max(1, n);
    shared = true;
    whole = false;
  }

  /** The sums of all blocks in those of the first. */
  private void addBlocks(int blocks) {
    for (int block = 1; block < blocks; block++) {
      for (int i = 0; i < width; i++) {
        heldSums[i] += heldSums[block * width + i];
      }
    }
  }

  @Override
  public final void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(rows, first + rowsPerBlock);
    int point = first / k;
    int points = (end - 1) / k + 1 - point;
    Scratch scratch = Scratch.get();
    float[] prepared = heldPrepared;
    double[] sums = heldSums;
    int at = block * width;
    if (!shared) {
      int size = points * (preparedSize() + width);
      prepared = scratch.floats(slot(), size + workSize());
      prepare(point, points, prepared);
      sums = scratch.doubles(0, width);
      at = 0;
    }
    if (!whole) {
      Arrays.fill(sums, at, at + width, 0);
    }
    for (int r = first; r < end; r += tileRows) {
      tile(r, Math.min(end, r + tileRows), point, points, prepared, sums, at);
    }
    if (!shared && width > 0) {
      if (!whole) {
        round(sums, at, prepared);
      }
      finish(point, points, prepared, points * preparedSize());
    }
  }

  /** A point's sums in float32, behind what is prepared of it. */
  private void round(double[] sums, int at, float[] prepared) {
    int to = preparedSize();
    for (int i = 0; i < width; i++) {
      prepared[to + i] = (float) sums[at + i];
    }
  }

  /** Where {@link #deposit} leaves a sum of a tile that has all rows of a point, else -1. */
  final int depositAt(int index, int column, int points) {
    return whole ? points * preparedSize() + index * width + column : -1;
  }

  /**
   * A tile's sums of rows of one point.
   *
   * @param index of the point among the block's
   * @param column of the first of the n sums
   */
  final void deposit(
      float[] tileSums,
      int from,
      int n,
      int index,
      int column,
      int points,
      float[] prepared,
      double[] sums,
      int at) {
    if (whole) {
      int to = points * preparedSize() + index * width + column;
      System.arraycopy(tileSums, from, prepared, to, n);
    } else {
      FlowRows.addTo(sums, at + column, tileSums, from, n);
    }
  }

  /** Floats that a row of parameters is prepared into. */
  abstract int preparedSize();

  /** The scratch that has what a block prepares, sums and, behind these, works with. */
  int slot() {
    return 0;
  }

  /** Floats that a tile works with in {@link #slot}. */
  int workSize() {
    return 0;
  }

  /** Points whose parameters are prepared at once. */
  int mostPoints() {
    return MOST_ROWS;
  }

  /**
   * Where a tile's floats in {@link #slot} begin: {@code prepared} has them unless it is shared.
   */
  final int workAt(int points) {
    return shared ? 0 : points * (preparedSize() + width);
  }

  /** Doubles, and floats, that a row of parameters sums. */
  final int width() {
    return width;
  }

  final float[] work(float[] prepared) {
    return shared ? Scratch.get().floats(slot(), workSize()) : prepared;
  }

  /** Prepares {@code points} rows of parameters from row {@code point} on. */
  abstract void prepare(int point, int points, float[] prepared);

  /**
   * Rows [first, end).
   *
   * @param point the first that {@code prepared} has, of {@code points}
   * @param sums for {@link #deposit}, as are {@code points}, {@code prepared} and {@code at}
   */
  abstract void tile(
      int first, int end, int point, int points, float[] prepared, double[] sums, int at);

  /**
   * Adds the gradients of {@code points} rows of parameters from their sums, {@code width} floats
   * each from {@code prepared[totals]} on.
   */
  void finish(int point, int points, float[] prepared, int totals) {}

  /** The row after the last one before {@code end} that uses the parameters of row {@code r}. */
  final int runEnd(int r, int end) {
    return Math.min(end, (r / k + 1) * k);
  }

  /** The tile's gradients, copied or zeros. */
  final float[] gradients(@Nullable Tensor g, int first, int n, float[] tile, int at) {
    if (g == null) {
      Arrays.fill(tile, at, at + n * d, 0f);
    } else {
      System.arraycopy(g.array(), g.offset() + first * d, tile, at, n * d);
    }
    return tile;
  }

  /** {@code to[0 … n)} = one number a row, or zeros. */
  final void scalars(@Nullable Tensor t, int first, int n, float[] to, int at) {
    if (t == null) {
      Arrays.fill(to, at, at + n, 0f);
    } else {
      System.arraycopy(t.array(), t.offset() + first, to, at, n);
    }
  }
}
