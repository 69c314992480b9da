package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Rows of d elements, cut into blocks that follow from the shape alone. */
abstract class RowBlocks extends KernelTask {
  /** Elements of a block that stays in the L1 cache beside what is computed of it. */
  static final int BLOCK = 2048;

  int rows;
  int d;
  int rowsPerBlock;

  /** Sets the blocks. */
  final void cut(int rowCount, int columns, int elements) {
    rows = rowCount;
    d = columns;
    rowsPerBlock = Math.max(1, Math.min(rowCount, elements / Math.max(1, columns)));
  }

  final int blocks() {
    return Math.ceilDiv(rows, rowsPerBlock);
  }

  /** Elements of the largest block. */
  final int blockSize() {
    return rowsPerBlock * d;
  }

  final int firstRow(int block) {
    return block * rowsPerBlock;
  }

  final int rowsOf(int block) {
    return Math.min(rowsPerBlock, rows - firstRow(block));
  }

  /** {@code a}, or a longer one in its place: what a task keeps from call to call. */
  static float[] atLeast(float[] a, int n) {
    return a.length >= n ? a : new float[Math.max(n, BLOCK)];
  }

  /** Repeats a vector of a row for every row of a block. */
  final void tile(Tensor vector, float[] tile) {
    for (int r = 0; r < rowsPerBlock; r++) {
      System.arraycopy(vector.array(), vector.offset(), tile, r * d, d);
    }
  }

  /** One number a row, repeated for its elements; 0 where there is none. */
  final void spread(@Nullable Tensor perRow, int block, float[] out, int to) {
    int count = rowsOf(block);
    if (perRow == null) {
      Arrays.fill(out, to, to + count * d, 0f);
      return;
    }
    int at = perRow.offset() + firstRow(block);
    for (int r = 0; r < count; r++) {
      Arrays.fill(out, to + r * d, to + (r + 1) * d, perRow.array()[at + r]);
    }
  }
}
