package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of the kernel matrix over blocks of its rows, or of its columns when {@code
 * transposed}: then x and y have changed places and dK is read column by column.
 */
final class ArdBackward extends KernelTask {
  private static final int BLOCK_ROWS = 16;

  private final ArdPoints points = new ArdPoints();
  private Tensor dK = Tensor.EMPTY;
  private boolean transposed;
  private @Nullable Tensor dX;
  private int rows;
  private int columns;
  private float variance;
  private boolean toHyper;

  /** Of each block: Σ G, then Σ G·w_c·(x − y)² for each coordinate. */
  private double[] sums = {};

  void run(
      Tensor x,
      Tensor y,
      Tensor logWeight,
      Tensor logVariance,
      Tensor gradient,
      boolean byColumns,
      @Nullable Tensor toX,
      @Nullable Tensor toLogWeight,
      @Nullable Tensor toLogVariance) {
    toHyper = toLogWeight != null || toLogVariance != null;
    if (gradient.size() == 0 || (toX == null && !toHyper)) {
      return;
    }
    int blocks = Math.ceilDiv(x.rows(), BLOCK_ROWS);
    int stride = x.columns() + 1;
    if (sums.length < blocks * stride) {
      sums = new double[blocks * stride];
    }
    rows = x.rows();
    columns = y.rows();
    dK = gradient;
    transposed = byColumns;
    dX = toX;
    variance = (float) Math.exp(logVariance.get(0));
    try {
      points.prepare(x, y, logWeight);
      Parallel.run(this, blocks, (long) gradient.size() * (10 + 3L * x.columns()));
      if (toLogVariance != null) {
        toLogVariance.array()[toLogVariance.offset()] += (float) total(blocks, stride, 0);
      }
      for (int c = 0; toLogWeight != null && c < x.columns(); c++) {
        toLogWeight.array()[toLogWeight.offset() + c] -=
            (float) (0.5 * total(blocks, stride, 1 + c));
      }
    } finally {
      forget();
    }
  }

  private double total(int blocks, int stride, int which) {
    double total = 0;
    for (int b = 0; b < blocks; b++) {
      total += sums[b * stride + which];
    }
    return total;
  }

  @Override
  protected void forget() {
    points.forget();
    dK = Tensor.EMPTY;
    dX = null;
  }

  @Override
  public void run(int block) {
    Scratch scratch = Scratch.get();
    float[] squares = scratch.floats(0, points.width);
    float[] g = scratch.floats(1, points.width);
    float[] differences = scratch.floats(2, points.d);
    float[] lanes = scratch.floats(3, PairRows.DIMENSIONS * SimdMath.L);
    int from = block * (points.d + 1);
    Arrays.fill(sums, from, from + points.d + 1, 0);
    int end = Math.min(rows, (block + 1) * BLOCK_ROWS);
    for (int i = block * BLOCK_ROWS; i < end; i++) {
      weights(i, squares, g);
      if (dX != null) {
        points.minusDifferences(i, g, differences, lanes);
        int to = dX.offset() + i * points.d;
        for (int c = 0; c < points.d; c++) {
          dX.array()[to + c] += points.root[c] * differences[c];
        }
      }
      if (toHyper) {
        sums[from] += Lanes.sum(g, 0, columns, lanes);
        for (int c = 0; c < points.d; c++) {
          sums[from + 1 + c] += points.squares(i, c, g, lanes);
        }
      }
    }
  }

  /** G = dK·K of one row, 0 behind its end. */
  private void weights(int i, float[] squares, float[] g) {
    points.squaredDistances(i, squares);
    Arrays.fill(g, 0, points.width, 0f);
    PairRows.addExp(squares, -0.5f, variance, g, points.width);
    float[] upstream = dK.array();
    int from = transposed ? dK.offset() + i : dK.offset() + i * columns;
    int step = transposed ? rows : 1;
    for (int j = 0; j < columns; j++) {
      g[j] *= upstream[from + j * step];
    }
    Arrays.fill(g, columns, points.width, 0f);
  }
}
