package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/** The gradient of the Bernoulli log-likelihood over blocks of rows. */
final class BernoulliBackward extends KernelTask {
  final DataRows x = new DataRows();
  private Tensor logits = Tensor.EMPTY;
  private Tensor dLogLik = Tensor.EMPTY;
  private Tensor dLogits = Tensor.EMPTY;
  private int n;
  private int samples;
  private int rowsPerBlock;

  /** {@link #x} is set. */
  void run(Tensor decoded, Tensor gradient, Tensor toLogits) {
    int rows = decoded.rows();
    if (rows == 0) {
      x.forget();
      return;
    }
    logits = decoded;
    dLogLik = gradient;
    dLogits = toLogits;
    n = logits.columns();
    samples = rows / x.points();
    rowsPerBlock = RowBlocks.rows(n);
    fork(Math.ceilDiv(rows, rowsPerBlock), 15L * logits.size());
  }

  @Override
  protected void forget() {
    x.forget();
    logits = Tensor.EMPTY;
    dLogLik = Tensor.EMPTY;
    dLogits = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(logits.rows(), first + rowsPerBlock);
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, n);
    float[] tail = scratch.floats(3, SimdMath.L);
    float[] data = work;
    for (int r = first; r < end; r++) {
      int b = r / samples;
      if (r == first || r % samples == 0) {
        data = x.read(b, 0, n, work);
      }
      float g = dLogLik.array()[dLogLik.offset() + r];
      int row = r * n;
      BernoulliRows.backward(
          logits.array(),
          logits.offset() + row,
          data,
          x.at(b, 0),
          g,
          dLogits.array(),
          dLogits.offset() + row,
          n,
          tail);
    }
  }
}
