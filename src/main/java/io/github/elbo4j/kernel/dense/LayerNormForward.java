package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/**
 * Layer normalisation over blocks of rows: the mean, then the squares about it, then the values.
 */
final class LayerNormForward extends KernelTask {
  private static final int BLOCK = 4096;

  private Tensor x = Tensor.EMPTY;
  private Tensor gain = Tensor.EMPTY;
  private Tensor bias = Tensor.EMPTY;
  private Tensor y = Tensor.EMPTY;
  private Tensor mean = Tensor.EMPTY;
  private Tensor rstd = Tensor.EMPTY;
  private float epsilon;
  private int d;
  private int rowsPerBlock;

  void run(Tensor in, Tensor g, Tensor b, float eps, Tensor out, Tensor means, Tensor rstds) {
    x = in;
    gain = g;
    bias = b;
    epsilon = eps;
    y = out;
    mean = means;
    rstd = rstds;
    d = in.columns();
    rowsPerBlock = Math.max(1, BLOCK / Math.max(1, d));
    fork(Math.ceilDiv(in.rows(), rowsPerBlock), 4L * in.size());
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    gain = Tensor.EMPTY;
    bias = Tensor.EMPTY;
    y = Tensor.EMPTY;
    mean = Tensor.EMPTY;
    rstd = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(x.rows(), first + rowsPerBlock);
    for (int r = first; r < end; r += Lanes.ROWS) {
      statistics(r, Math.min(Lanes.ROWS, end - r));
    }
    for (int r = first; r < end; r++) {
      NormColumns.layer(
          x.array(),
          x.offset() + r * d,
          mean.array()[mean.offset() + r],
          rstd.array()[rstd.offset() + r],
          gain.array(),
          gain.offset(),
          bias.array(),
          bias.offset(),
          y.array(),
          y.offset() + r * d,
          d);
    }
  }

  /** Mean and rstd of some rows; none waits for the lanes of the one before. */
  private void statistics(int first, int rows) {
    float[] lanes = Scratch.get().floats(0, Lanes.ROWS * SimdMath.L);
    float[] means = mean.array();
    int m = mean.offset() + first;
    int from = x.offset() + first * d;
    Lanes.rowSums(x.array(), from, rows, d, lanes, means, m);
    for (int r = 0; r < rows; r++) {
      means[m + r] /= d;
    }
    if (d <= Lanes.CHUNK) {
      NormRows.squares(x.array(), from, means, m, rows, d, lanes);
    }
    for (int r = 0; r < rows; r++) {
      double squares =
          d <= Lanes.CHUNK
              ? Lanes.sum(lanes, r * SimdMath.L)
              : NormRows.squares(x.array(), from + r * d, means[m + r], d, lanes);
      rstd.array()[rstd.offset() + first + r] = (float) (1 / Math.sqrt(squares / d + epsilon));
    }
  }
}
