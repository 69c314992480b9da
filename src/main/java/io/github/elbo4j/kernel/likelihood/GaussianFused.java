package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/**
 * {@link GaussianForward} and {@link GaussianBackward} in one, for a log-variance of each element.
 */
final class GaussianFused extends KernelTask {
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  final DataRows x = new DataRows();
  private Tensor mean = Tensor.EMPTY;
  private Tensor logVar = Tensor.EMPTY;
  private Tensor dLogLik = Tensor.EMPTY;
  private Tensor logLik = Tensor.EMPTY;
  private Tensor dMean = Tensor.EMPTY;
  private Tensor dLogVar = Tensor.EMPTY;
  private int n;
  private int samples;
  private int rowsPerBlock;

  /** {@link #x} is set. */
  void run(
      Tensor decoded,
      Tensor logVariance,
      Tensor gradient,
      Tensor result,
      Tensor toMean,
      Tensor toLogVar) {
    int rows = decoded.rows();
    if (rows == 0) {
      x.forget();
      return;
    }
    mean = decoded;
    logVar = logVariance;
    dLogLik = gradient;
    logLik = result;
    dMean = toMean;
    dLogVar = toLogVar;
    n = mean.columns();
    samples = rows / x.points();
    rowsPerBlock = RowBlocks.rows(n);
    fork(Math.ceilDiv(rows, rowsPerBlock), 20L * mean.size());
  }

  @Override
  protected void forget() {
    x.forget();
    mean = Tensor.EMPTY;
    logVar = Tensor.EMPTY;
    dLogLik = Tensor.EMPTY;
    logLik = Tensor.EMPTY;
    dMean = Tensor.EMPTY;
    dLogVar = Tensor.EMPTY;
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
      double terms =
          GaussianFusedRows.both(
              data,
              x.at(b, 0),
              mean.array(),
              mean.offset() + row,
              logVar.array(),
              logVar.offset() + row,
              dLogLik.array()[dLogLik.offset() + r],
              dMean.array(),
              dMean.offset() + row,
              dLogVar.array(),
              dLogVar.offset() + row,
              n,
              lanes);
      logLik.array()[logLik.offset() + r] = (float) (-0.5 * (terms + n * LOG_2PI));
    }
  }
}
