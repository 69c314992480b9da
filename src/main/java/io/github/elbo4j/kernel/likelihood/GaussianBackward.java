package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of the Gaussian log-likelihood, or the Laplace, that have a row for each row of the
 * mean: to the mean, and to a log-variance [R,N]. Over blocks of rows.
 */
final class GaussianBackward extends KernelTask {
  final DataRows x = new DataRows();
  private Tensor mean = Tensor.EMPTY;
  private Tensor logVar = Tensor.EMPTY;
  private Tensor dLogLik = Tensor.EMPTY;
  private @Nullable Tensor dMean;
  private @Nullable Tensor dLogVar;
  private boolean laplace;
  private boolean perRow;

  /** Under a shared log-variance: made once by the caller, read by all threads. */
  private float[] sharedPrecision = {};

  private int n;
  private int samples;
  private int rowsPerBlock;

  /** {@link #x} is set; {@code toLogVar} is null unless the log-variance is [R,N]. */
  void run(
      Tensor decoded,
      Tensor logVariance,
      Tensor gradient,
      @Nullable Tensor toMean,
      @Nullable Tensor toLogVar,
      boolean ofLaplace) {
    int rows = decoded.rows();
    if (rows == 0 || (toMean == null && toLogVar == null)) {
      x.forget();
      return;
    }
    mean = decoded;
    logVar = logVariance;
    dLogLik = gradient;
    laplace = ofLaplace;
    dMean = toMean;
    dLogVar = toLogVar;
    n = mean.columns();
    samples = rows / x.points();
    perRow = GaussianLikelihoodRows.perRow(logVar);
    if (!perRow) {
      sharedPrecision = GaussianLikelihoodRows.sharedPrecision(logVar, n, Scratch.get());
    }
    rowsPerBlock = RowBlocks.rows(n);
    fork(Math.ceilDiv(rows, rowsPerBlock), (perRow ? 15L : 3L) * mean.size());
  }

  @Override
  protected void forget() {
    x.forget();
    mean = Tensor.EMPTY;
    logVar = Tensor.EMPTY;
    dLogLik = Tensor.EMPTY;
    dMean = null;
    dLogVar = null;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(mean.rows(), first + rowsPerBlock);
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, n);
    float[] p = perRow ? scratch.floats(2, n) : sharedPrecision;
    float[] data = work;
    boolean together = perRow && !laplace && dMean != null && dLogVar != null;
    for (int r = first; r < end; r++) {
      int b = r / samples;
      int row = r * n;
      if (r == first || r % samples == 0) {
        data = x.read(b, 0, n, work);
      }
      if (perRow && !together) {
        GaussianLikelihoodRows.precision(logVar.array(), logVar.offset() + row, p, n);
      }
      float[] m = mean.array();
      int mAt = mean.offset() + row;
      int xAt = x.at(b, 0);
      float g = dLogLik.array()[dLogLik.offset() + r];
      if (together && dMean != null && dLogVar != null) {
        GaussianLikelihoodRows.toMeanAndLogVar(
            data,
            xAt,
            m,
            mAt,
            logVar.array(),
            logVar.offset() + row,
            g,
            dMean.array(),
            dMean.offset() + row,
            dLogVar.array(),
            dLogVar.offset() + row,
            n);
        continue;
      }
      if (dMean != null) {
        float[] to = dMean.array();
        int at = dMean.offset() + row;
        if (laplace) {
          LaplaceRows.toMean(data, xAt, m, mAt, p, g, to, at, n);
        } else {
          GaussianLikelihoodRows.toMean(data, xAt, m, mAt, p, g, to, at, n);
        }
      }
      if (dLogVar != null) {
        float[] to = dLogVar.array();
        int at = dLogVar.offset() + row;
        if (laplace) {
          LaplaceRows.toLogScale(data, xAt, m, mAt, p, g, to, at, n);
        } else {
          GaussianLikelihoodRows.toLogVar(data, xAt, m, mAt, p, g, to, at, n);
        }
      }
    }
  }
}
