package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/** The Gaussian log-likelihood, or the Laplace, over blocks of rows. */
final class GaussianForward extends KernelTask {
  private static final double LOG_2PI = Math.log(2 * Math.PI);
  private static final double LOG_2 = Math.log(2);

  final DataRows x = new DataRows();
  private Tensor mean = Tensor.EMPTY;
  private Tensor logVar = Tensor.EMPTY;
  private Tensor logLik = Tensor.EMPTY;
  private boolean laplace;
  private boolean perRow;

  /** Under a shared log-variance: made once by the caller, read by all threads. */
  private float[] sharedPrecision = {};

  private double sharedLogVar;
  private int n;
  private int samples;
  private int rowsPerBlock;

  /** {@link #x} is set. */
  void run(Tensor decoded, Tensor logVariance, Tensor result, boolean ofLaplace) {
    int rows = decoded.rows();
    if (rows == 0) {
      x.forget();
      return;
    }
    mean = decoded;
    logVar = logVariance;
    laplace = ofLaplace;
    logLik = result;
    n = mean.columns();
    samples = rows / x.points();
    perRow = GaussianLikelihoodRows.perRow(logVar);
    if (!perRow) {
      Scratch scratch = Scratch.get();
      sharedPrecision = GaussianLikelihoodRows.sharedPrecision(logVar, n, scratch);
      sharedLogVar = GaussianLikelihoodRows.sharedLogVar(logVar, n, scratch.floats(3, SimdMath.L));
    }
    rowsPerBlock = RowBlocks.rows(n);
    fork(Math.ceilDiv(rows, rowsPerBlock), (perRow ? 15L : 3L) * mean.size());
  }

  @Override
  protected void forget() {
    x.forget();
    mean = Tensor.EMPTY;
    logVar = Tensor.EMPTY;
    logLik = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(mean.rows(), first + rowsPerBlock);
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, n);
    float[] lanes = scratch.floats(3, 2 * SimdMath.L);
    float[] data = work;
    for (int r = first; r < end; r++) {
      int b = r / samples;
      int row = r * n;
      if (r == first || r % samples == 0) {
        data = x.read(b, 0, n, work);
      }
      double density =
          laplace
              ? laplace(data, x.at(b, 0), row, scratch, lanes)
              : gaussian(data, x.at(b, 0), row, lanes);
      logLik.array()[logLik.offset() + r] = (float) density;
    }
  }

  private double gaussian(float[] data, int xAt, int row, float[] lanes) {
    float[] means = mean.array();
    int m = mean.offset() + row;
    double terms;
    if (perRow) {
      int v = logVar.offset() + row;
      terms =
          GaussianLikelihoodRows.squaresAndLogVars(
              data, xAt, means, m, logVar.array(), v, n, lanes);
    } else {
      terms =
          GaussianLikelihoodRows.squares(data, xAt, means, m, sharedPrecision, n, lanes)
              + sharedLogVar;
    }
    return -0.5 * (terms + n * LOG_2PI);
  }

  private double laplace(float[] data, int xAt, int row, Scratch scratch, float[] lanes) {
    float[] p = sharedPrecision;
    double logScales = sharedLogVar;
    if (perRow) {
      p = scratch.floats(2, n);
      GaussianLikelihoodRows.precision(logVar.array(), logVar.offset() + row, p, n);
      logScales = Lanes.sum(logVar.array(), logVar.offset() + row, n, lanes);
    }
    int m = mean.offset() + row;
    return -(LaplaceRows.distances(data, xAt, mean.array(), m, p, n, lanes)
        + logScales
        + n * LOG_2);
  }
}
