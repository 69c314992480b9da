package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** The kernel matrix over blocks of its rows. */
final class ArdForward extends KernelTask {
  private static final int BLOCK_ROWS = 16;

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
    Scratch scratch = Scratch.get();
    float[] squares = scratch.floats(0, points.width);
    float[] row = scratch.floats(1, points.width);
    int end = Math.min(k.rows(), (block + 1) * BLOCK_ROWS);
    for (int i = block * BLOCK_ROWS; i < end; i++) {
      points.squaredDistances(i, squares);
      Arrays.fill(row, 0, points.width, 0f);
      PairRows.addExp(squares, -0.5f, variance, row, points.width);
      System.arraycopy(row, 0, k.array(), k.offset() + i * k.columns(), k.columns());
    }
  }
}
