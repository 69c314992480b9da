package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The continuous Bernoulli, or its gradient, over blocks of rows. */
final class ContinuousBernoulli extends KernelTask {
  final DataRows x = new DataRows();
  private Tensor logits = Tensor.EMPTY;

  /** logLik, or its gradient. */
  private Tensor perRow = Tensor.EMPTY;

  /** Where the gradient goes; null in the forward pass. */
  private @Nullable Tensor dLogits;

  private int n;
  private int samples;
  private int rowsPerBlock;

  /** {@link #x} is set. */
  void run(Tensor decoded, Tensor logLikOrGradient, @Nullable Tensor toLogits) {
    int rows = decoded.rows();
    if (rows == 0) {
      x.forget();
      return;
    }
    logits = decoded;
    perRow = logLikOrGradient;
    dLogits = toLogits;
    n = logits.columns();
    samples = rows / x.points();
    rowsPerBlock = RowBlocks.rows(n);
    fork(Math.ceilDiv(rows, rowsPerBlock), 20L * logits.size());
  }

  @Override
  protected void forget() {
    x.forget();
    logits = Tensor.EMPTY;
    perRow = Tensor.EMPTY;
    dLogits = null;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(logits.rows(), first + rowsPerBlock);
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, n);
    float[] u = scratch.floats(2, Math.min(n, Lanes.CHUNK));
    float[] lanes = scratch.floats(3, 2 * SimdMath.L);
    float[] data = work;
    for (int r = first; r < end; r++) {
      int b = r / samples;
      if (r == first || r % samples == 0) {
        data = x.read(b, 0, n, work);
      }
      if (dLogits == null) {
        float sum = (float) forward(r, data, x.at(b, 0), u, lanes);
        perRow.array()[perRow.offset() + r] = sum;
      } else {
        backward(dLogits, r, data, x.at(b, 0), u);
      }
    }
  }

  private double forward(int r, float[] data, int xAt, float[] u, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      int l = logits.offset() + r * n + i;
      ContinuousRows.exponentials(logits.array(), l, u, count);
      total += ContinuousRows.forward(logits.array(), l, data, xAt + i, u, count, lanes);
      total += LogProduct.sum(u, 0, count, lanes);
    }
    return total;
  }

  private void backward(Tensor to, int r, float[] data, int xAt, float[] u) {
    float g = perRow.array()[perRow.offset() + r];
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      int l = logits.offset() + r * n + i;
      int d = to.offset() + r * n + i;
      ContinuousRows.exponentials(logits.array(), l, u, count);
      ContinuousRows.backward(logits.array(), l, data, xAt + i, g, u, to.array(), d, count);
    }
  }
}
