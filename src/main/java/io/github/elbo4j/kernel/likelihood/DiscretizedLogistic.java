package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The discretised logistic, or its gradients, over blocks of rows; or, where a gradient goes to a
 * scale that rows share, over strips of columns, each summed over all rows in their order by one
 * thread: in float32 over a few rows, then in double.
 */
final class DiscretizedLogistic extends KernelTask {
  private static final int STRIP = LogisticRows.STRIP;

  /** Rows that a float32 sum is made of. */
  private static final int ROWS = 64;

  private static final ByteTensor NONE = new ByteTensor(new byte[0], 0, 0, 0);

  private Tensor mean = Tensor.EMPTY;
  private ByteTensor x = NONE;
  private Tensor logScale = Tensor.EMPTY;

  /** logLik, or its gradient. */
  private Tensor perRow = Tensor.EMPTY;

  private boolean forward;
  private @Nullable Tensor dMean;
  private @Nullable Tensor dLogScale;

  /** Where the columns' sums go, the caller's; no columns without a gradient to a shared scale. */
  private double[] columnSums = {};

  private boolean byColumns;
  private boolean shared;
  private int n;
  private int samples;
  private int rowsPerBlock;

  void forward(Tensor decoded, ByteTensor data, Tensor scale, Tensor logLik) {
    forward = true;
    run(decoded, data, scale, logLik, null, null);
  }

  void backward(
      Tensor decoded,
      ByteTensor data,
      Tensor scale,
      Tensor gradient,
      @Nullable Tensor toMean,
      @Nullable Tensor toScale) {
    forward = false;
    if (toMean != null || toScale != null) {
      run(decoded, data, scale, gradient, toMean, toScale);
    }
  }

  private void run(
      Tensor decoded,
      ByteTensor data,
      Tensor scale,
      Tensor logLikOrGradient,
      @Nullable Tensor toMean,
      @Nullable Tensor toScale) {
    int rows = decoded.rows();
    if (rows == 0) {
      return;
    }
    mean = decoded;
    x = data;
    logScale = scale;
    perRow = logLikOrGradient;
    dMean = toMean;
    dLogScale = toScale;
    n = mean.columns();
    samples = rows / x.rows();
    shared = scale.rows() == 1;
    byColumns = shared && toScale != null;
    rowsPerBlock = RowBlocks.rows(n);
    double[] sums = Scratch.get().doubles(Scratch.HELD, n);
    columnSums = sums;
    int blocks = byColumns ? Math.ceilDiv(n, STRIP) : Math.ceilDiv(rows, rowsPerBlock);
    fork(blocks, 30L * decoded.size());
    if (shared && toScale != null) {
      addColumnSums(toScale, sums, decoded.columns());
    }
  }

  private static void addColumnSums(Tensor dLogScale, double[] sums, int n) {
    float[] out = dLogScale.array();
    int at = dLogScale.offset();
    if (dLogScale.size() == 1) {
      double all = 0;
      for (int i = 0; i < n; i++) {
        all += sums[i];
      }
      out[at] += (float) all;
    } else {
      for (int i = 0; i < n; i++) {
        out[at + i] += (float) sums[i];
      }
    }
  }

  @Override
  protected void forget() {
    mean = Tensor.EMPTY;
    x = NONE;
    logScale = Tensor.EMPTY;
    perRow = Tensor.EMPTY;
    dMean = null;
    dLogScale = null;
  }

  @Override
  public void run(int block) {
    Scratch scratch = Scratch.get();
    float[] levels = scratch.floats(0, STRIP);
    float[] q = scratch.floats(1, 2 * STRIP);
    float[] e = scratch.floats(2, 2 * STRIP);
    if (byColumns) {
      int column = block * STRIP;
      int count = Math.min(STRIP, n - column);
      Arrays.fill(columnSums, column, column + count, 0);
      for (int first = 0; first < mean.rows(); first += ROWS) {
        int end = Math.min(mean.rows(), first + ROWS);
        strip(first, end, column, count, levels, q, e, scratch);
      }
      return;
    }
    int first = block * rowsPerBlock;
    int end = Math.min(mean.rows(), first + rowsPerBlock);
    Arrays.fill(scratch.doubles(0, ROWS), 0, ROWS, 0);
    for (int column = 0; column < n; column += STRIP) {
      strip(first, end, column, Math.min(STRIP, n - column), levels, q, e, scratch);
    }
    for (int r = first; forward && r < end; r++) {
      perRow.array()[perRow.offset() + r] = (float) scratch.doubles(0, ROWS)[r - first];
    }
  }

  private void strip(
      int first,
      int end,
      int column,
      int count,
      float[] levels,
      float[] q,
      float[] e,
      Scratch scratch) {
    float[] d = scratch.floats(3, 2 * STRIP);
    double[] totals = scratch.doubles(0, ROWS);
    if (shared) {
      LogisticRows.widths(logScale, column, count, q);
    }
    Arrays.fill(d, STRIP, STRIP + count, 0); // sums of the gradient to a shared scale
    for (int r = first; r < end; r++) {
      int at = r * n + column;
      if (r == first || r % samples == 0) {
        LogisticRows.levels(x, r / samples * n + column, count, levels);
      }
      if (!shared) {
        LogisticRows.widths(logScale, at, count, q);
      }
      LogisticRows.exponentials(mean.array(), mean.offset() + at, levels, q, count, d, e);
      if (forward) {
        LogisticRows.forward(levels, q, d, e, count);
        // d is not needed again, and serves as the lanes
        totals[r - first] += Lanes.sum(e, STRIP, count, d) + LogProduct.sum(e, 0, count, d);
      } else {
        LogisticRows.backward(levels, q, d, e, count);
        gradients(r, at, count, d, e);
      }
    }
    for (int i = 0; byColumns && i < count; i++) {
      columnSums[column + i] += d[STRIP + i];
    }
  }

  private void gradients(int r, int at, int count, float[] sums, float[] e) {
    float g = perRow.array()[perRow.offset() + r];
    if (dMean != null) {
      LogisticRows.addScaled(g, e, 0, dMean.array(), dMean.offset() + at, count);
    }
    if (byColumns) {
      LogisticRows.addScaled(g, e, STRIP, sums, STRIP, count);
    } else if (dLogScale != null) {
      LogisticRows.addScaled(g, e, STRIP, dLogScale.array(), dLogScale.offset() + at, count);
    }
  }
}
