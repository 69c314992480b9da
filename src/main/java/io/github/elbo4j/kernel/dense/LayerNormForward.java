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
    int end = Math.min(x.rows(), (block + 1) * rowsPerBlock);
    float[] lanes = Scratch.get().floats(0, SimdMath.L);
    for (int r = block * rowsPerBlock; r < end; r++) {
      int from = x.offset() + r * d;
      float m = (float) (Lanes.sum(x.array(), from, d, lanes) / d);
      double variance = NormRows.squares(x.array(), from, m, d, lanes) / d;
      float s = (float) (1 / Math.sqrt(variance + epsilon));
      mean.array()[mean.offset() + r] = m;
      rstd.array()[rstd.offset() + r] = s;
      NormColumns.layer(
          x.array(),
          from,
          m,
          s,
          gain.array(),
          gain.offset(),
          bias.array(),
          bias.offset(),
          y.array(),
          y.offset() + r * d,
          d);
    }
  }
}
