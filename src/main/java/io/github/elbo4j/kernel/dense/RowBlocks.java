package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.tensor.Tensor;

/**
 * Rows cut into at most {@value #MOST} blocks of whole chunks, for sums over rows: each block has a
 * set of double sums, so that their memory does not grow with the rows, and the sums of blocks are
 * added in order. A chunk is what is summed in float32.
 */
final class RowBlocks {
  private static final int MOST = 64;

  /** Rows of a chunk. */
  int chunk = 1;

  /** Blocks. */
  int count;

  private int rows;
  private int perBlock = 1;

  void set(int allRows, int chunkRows) {
    rows = allRows;
    chunk = chunkRows;
    perBlock = chunk * Math.max(1, Math.ceilDiv(Math.ceilDiv(rows, chunk), MOST));
    count = Math.ceilDiv(rows, perBlock);
  }

  /** First row of a block. */
  int first(int block) {
    return block * perBlock;
  }

  /** The row behind the last of a block. */
  int end(int block) {
    return Math.min(rows, (block + 1) * perBlock);
  }

  /** Adds the sums of all blocks, n each, to those of the first. */
  static void total(double[] sums, int blocks, int n) {
    if (blocks == 0) {
      java.util.Arrays.fill(sums, 0, n, 0);
    }
    for (int b = 1; b < blocks; b++) {
      for (int i = 0; i < n; i++) {
        sums[i] += sums[b * n + i];
      }
    }
  }

  /** Adds sums from {@code from} on to a gradient. */
  static void accumulate(double[] sums, int from, Tensor gradient) {
    float[] out = gradient.array();
    int o = gradient.offset();
    for (int i = 0; i < gradient.size(); i++) {
      out[o + i] = (float) (out[o + i] + sums[from + i]);
    }
  }
}
