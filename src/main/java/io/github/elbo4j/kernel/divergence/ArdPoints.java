package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Two sets of points, every coordinate scaled by the square root of its weight: the rows of the one
 * and the columns of the other. In the calling thread's scratch; read by all threads.
 */
final class ArdPoints {
  private static final float[] NONE = {};

  /** Scaled rows of x, and behind them the columns of y, from {@link #columnsFrom} on. */
  private float[] values = NONE;

  private int columnsFrom;

  /** exp(½·logWeight). */
  float[] root = NONE;

  /** Columns of the matrix, to whole vectors. */
  int width;

  int d;

  void prepare(Tensor x, Tensor y, Tensor logWeight) {
    d = x.columns();
    width = PointColumns.width(y.rows());
    columnsFrom = x.size();
    values = Scratch.get().floats(Scratch.HELD, x.size() + d * width);
    if (root.length < d) {
      root = new float[d];
    }
    for (int c = 0; c < d; c++) {
      root[c] = 0.5f * logWeight.get(c);
    }
    SimdMath.exp(root, 0, root, 0, d);
    for (int i = 0; i < x.size(); i++) {
      values[i] = x.array()[x.offset() + i] * root[i % d];
    }
    PointColumns.transpose(y, root, values, columnsFrom);
  }

  /** From row i of x to all columns. */
  void squaredDistances(int i, float[] squares) {
    PairRows.squaredDistances(values, i * d, values, columnsFrom, width, d, squares);
  }

  /** out_c = −Σ_j g_j·(x_c − y_jc) of row i, scaled coordinates. */
  void minusDifferences(int i, float[] g, float[] out, float[] lanes) {
    Arrays.fill(out, 0, d, 0f);
    PairRows.addDifferences(values, i * d, values, columnsFrom, width, d, g, -1, out, 0, lanes);
  }

  /** Σ_j g_j·(x_c − y_jc)² of row i, scaled coordinates. */
  double squares(int i, int c, float[] g, float[] lanes) {
    int from = columnsFrom + c * width;
    return PairRows.weightedSquares(values[i * d + c], values, from, g, width, lanes);
  }

  void forget() {
    values = NONE;
  }
}
