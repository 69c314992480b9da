package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels.Kernel;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Sums over all pairs of two sets of points: of kernels, or of their slopes times differences. */
final class DiscrepancySums extends KernelTask {
  private static final int BLOCK_ROWS = 16;
  private static final float[] NONE = {};

  private Tensor x = Tensor.EMPTY;
  private Kernel kernel = Kernel.RBF;
  private float[] scales = NONE;
  private boolean others;
  private double factor;
  private @Nullable Tensor dX;
  private float[] columns = NONE;
  private int points;
  private int width;
  private double[] sums = {};

  /** Σ_{i,j} k(x_i, y_j), without i = j where {@code withoutSelf}. */
  double kernels(Tensor first, Tensor second, Kernel kind, float[] at, boolean withoutSelf) {
    others = withoutSelf;
    int blocks = Math.ceilDiv(first.rows(), BLOCK_ROWS);
    if (sums.length < blocks) {
      sums = new double[blocks];
    }
    run(first, second, kind, at);
    double total = 0;
    for (int b = 0; b < blocks; b++) {
      total += sums[b];
    }
    return total;
  }

  /** gradient_i += times·Σ_j k'(x_i, y_j)·(x_i − y_j). */
  void slopes(Tensor first, Tensor second, Kernel kind, float[] at, double times, Tensor gradient) {
    factor = times;
    dX = gradient;
    run(first, second, kind, at);
  }

  private void run(Tensor first, Tensor second, Kernel kind, float[] at) {
    x = first;
    kernel = kind;
    scales = at;
    points = second.rows();
    width = PointColumns.width(points);
    columns = Scratch.get().floats(Scratch.HELD, Math.max(1, width * x.columns()));
    try {
      PointColumns.transpose(second, NONE, columns, 0);
      long work = (long) x.size() * points + 10L * x.rows() * points * scales.length;
      Parallel.run(this, Math.ceilDiv(x.rows(), BLOCK_ROWS), work);
    } finally {
      forget();
    }
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    scales = NONE;
    columns = NONE;
    dX = null;
  }

  @Override
  public void run(int block) {
    int d = x.columns();
    Scratch scratch = Scratch.get();
    float[] squares = scratch.floats(0, width);
    float[] values = scratch.floats(1, width);
    float[] lanes = scratch.floats(2, PairRows.DIMENSIONS * SimdMath.L);
    int end = Math.min(x.rows(), (block + 1) * BLOCK_ROWS);
    double sum = 0;
    for (int i = block * BLOCK_ROWS; i < end; i++) {
      int at = x.offset() + i * d;
      PairRows.squaredDistances(x.array(), at, columns, 0, width, d, squares);
      evaluate(squares, values, dX != null);
      if (dX != null) {
        int to = dX.offset() + i * d;
        PairRows.addDifferences(
            x.array(), at, columns, 0, width, d, values, factor, dX.array(), to, lanes);
      } else {
        if (others) {
          values[i] = 0;
        }
        sum += Lanes.sum(values, 0, points, lanes);
      }
    }
    if (dX == null) {
      sums[block] = sum;
    }
  }

  /** The kernel of all squared distances, or its slope; 0 behind the last point. */
  private void evaluate(float[] squares, float[] values, boolean slope) {
    Arrays.fill(values, 0, width, 0f);
    for (float c : scales) {
      if (kernel == Kernel.RBF) {
        float scale = -0.5f / c;
        PairRows.addExp(squares, scale, slope ? scale : 1f, values, width);
      } else if (slope) {
        PairRows.addInverseSlope(squares, c, values, width);
      } else {
        PairRows.addInverse(squares, c, values, width);
      }
    }
    Arrays.fill(values, points, width, 0f);
  }
}
