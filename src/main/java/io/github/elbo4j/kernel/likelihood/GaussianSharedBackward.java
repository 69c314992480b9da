package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * The gradient to a log-variance that all rows share: {@code dLogVar[n] += ½( p·c[n] − G )} with
 * {@code c[n] = Σ_r g·(x − mean)²} and {@code G = Σ_r g}; for the Laplace, {@code p·c[n] − G} with
 * {@code c[n] = Σ_r g·|x − mean|}. Blocks are columns, each summed over all rows in their order by
 * one thread: in float32 over a few rows, then in double.
 */
final class GaussianSharedBackward extends KernelTask {
  private static final int COLUMNS = 256;

  /** Rows that a float32 sum is made of. */
  private static final int ROWS = 64;

  final DataRows x = new DataRows();
  private Tensor mean = Tensor.EMPTY;
  private Tensor dLogLik = Tensor.EMPTY;

  /** c, one array of the caller's that the blocks fill. */
  private double[] columnSums = {};

  private boolean laplace;
  private int n;
  private int samples;

  /** {@link #x} is set. */
  void run(Tensor decoded, Tensor logVar, Tensor gradient, Tensor dLogVar, boolean ofLaplace) {
    int rows = decoded.rows();
    if (rows == 0) {
      x.forget();
      return;
    }
    mean = decoded;
    dLogLik = gradient;
    laplace = ofLaplace;
    n = mean.columns();
    samples = rows / x.points();
    Scratch scratch = Scratch.get();
    columnSums = scratch.doubles(Scratch.HELD, n);
    fork(Math.ceilDiv(n, COLUMNS), 3L * decoded.size());
    float[] p = GaussianLikelihoodRows.sharedPrecision(logVar, n, scratch);
    double total = 0;
    for (int r = 0; r < rows; r++) {
      total += gradient.array()[gradient.offset() + r];
    }
    double factor = ofLaplace ? 1 : 0.5;
    if (logVar.size() == 1) {
      double all = 0;
      for (int i = 0; i < n; i++) {
        all += columnSums[i];
      }
      dLogVar.array()[dLogVar.offset()] += (float) (factor * (p[0] * all - n * total));
    } else {
      for (int i = 0; i < n; i++) {
        dLogVar.array()[dLogVar.offset() + i] += (float) (factor * (p[i] * columnSums[i] - total));
      }
    }
  }

  @Override
  protected void forget() {
    x.forget();
    mean = Tensor.EMPTY;
    dLogLik = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int column = block * COLUMNS;
    int count = Math.min(COLUMNS, n - column);
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, COLUMNS);
    float[] sums = scratch.floats(2, COLUMNS);
    Arrays.fill(columnSums, column, column + count, 0);
    for (int first = 0; first < mean.rows(); first += ROWS) {
      int end = Math.min(mean.rows(), first + ROWS);
      Arrays.fill(sums, 0, count, 0);
      sumRows(first, end, column, count, work, sums);
      for (int i = 0; i < count; i++) {
        columnSums[column + i] += sums[i];
      }
    }
  }

  private void sumRows(int first, int end, int column, int count, float[] work, float[] sums) {
    float[] data = work;
    for (int r = first; r < end; r++) {
      int b = r / samples;
      if (r == first || r % samples == 0) {
        data = x.read(b, column, count, work);
      }
      int m = mean.offset() + r * n + column;
      float g = dLogLik.array()[dLogLik.offset() + r];
      int xAt = x.at(b, column);
      if (laplace) {
        LaplaceRows.addDistances(data, xAt, mean.array(), m, g, sums, count);
      } else {
        GaussianLikelihoodRows.addSquares(data, xAt, mean.array(), m, g, sums, count);
      }
    }
  }
}
