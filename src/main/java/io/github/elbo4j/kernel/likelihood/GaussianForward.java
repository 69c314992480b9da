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
    float[] p = perRow ? scratch.floats(2, n) : sharedPrecision;
    float[] lanes = scratch.floats(3, SimdMath.L);
    float[] data = work;
    double logVars = sharedLogVar;
    for (int r = first; r < end; r++) {
      int b = r / samples;
      int row = r * n;
      if (r == first || r % samples == 0) {
        data = x.read(b, 0, n, work);
      }
      if (perRow) {
        GaussianLikelihoodRows.precision(logVar.array(), logVar.offset() + row, p, n);
        logVars = Lanes.sum(logVar.array(), logVar.offset() + row, n, lanes);
      }
      double density = logDensity(data, x.at(b, 0), mean.offset() + row, p, logVars, lanes);
      logLik.array()[logLik.offset() + r] = (float) density;
    }
  }

  private double logDensity(
      float[] data, int xAt, int m, float[] p, double logVars, float[] lanes) {
    if (laplace) {
      return -(LaplaceRows.distances(data, xAt, mean.array(), m, p, n, lanes)
          + logVars
          + n * LOG_2);
    }
    double squares = GaussianLikelihoodRows.squares(data, xAt, mean.array(), m, p, n, lanes);
    return -0.5 * (squares + logVars + n * LOG_2PI);
  }
}
