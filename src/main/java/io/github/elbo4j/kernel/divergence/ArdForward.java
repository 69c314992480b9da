package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;

/** The kernel matrix over blocks of its rows, a tile of columns at a time. */
final class ArdForward extends KernelTask {
  private static final int BLOCK_ROWS = 16;

  /** Columns of a tile: whole pairs of vectors; a tile stays in the first-level cache. */
  private static final int COLUMNS = 256;

  private final ArdPoints points = new ArdPoints();
  private Tensor k = Tensor.EMPTY;
  private float variance;

  void run(Tensor x, Tensor y, Tensor logWeight, Tensor logVariance, Tensor matrix) {
    if (matrix.size() == 0) {
      return;
    }
    points.prepare(x, y, logWeight);
    k = matrix;
    variance = (float) Math.exp(logVariance.get(0));
    long work = (long) matrix.size() * (10 + x.columns());
    fork(Math.ceilDiv(x.rows(), BLOCK_ROWS), work);
  }

  @Override
  protected void forget() {
    points.forget();
    k = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int i = block * BLOCK_ROWS;
    int rows = Math.min(k.rows() - i, BLOCK_ROWS);
    int columns = k.columns();
    float[] tile = Scratch.get().floats(0, BLOCK_ROWS * COLUMNS);
    for (int j = 0; j < columns; j += COLUMNS) {
      int n = Math.min(points.yWidth - j, COLUMNS);
      int to = k.offset() + i * columns + j;
      ArdRows.squaredDistances(points, i, rows, j, n, tile);
      if (n == columns) {
        ArdRows.kernel(tile, variance, k.array(), to, rows * n);
      } else {
        ArdRows.kernel(tile, variance, tile, 0, rows * n);
        for (int r = 0; r < rows; r++) {
          int count = Math.min(columns - j, n);
          System.arraycopy(tile, r * n, k.array(), to + r * columns, count);
        }
      }
    }
  }
}
