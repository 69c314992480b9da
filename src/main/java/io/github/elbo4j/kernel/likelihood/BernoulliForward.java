package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/**
 * The Bernoulli log-likelihood over blocks of rows. A row leaves the lanes of its chunks behind,
 * and the logarithms of a whole block are taken together.
 */
final class BernoulliForward extends KernelTask {
  private static final int L = SimdMath.L;

  final DataRows x = new DataRows();
  private Tensor logits = Tensor.EMPTY;
  private Tensor logLik = Tensor.EMPTY;
  private int n;
  private int samples;
  private int chunks;
  private int rowsPerBlock;

  /** {@link #x} is set. */
  void run(Tensor decoded, Tensor result) {
    int rows = decoded.rows();
    if (rows == 0) {
      x.forget();
      return;
    }
    logits = decoded;
    logLik = result;
    n = logits.columns();
    samples = rows / x.points();
    chunks = Math.ceilDiv(n, Lanes.CHUNK);
    rowsPerBlock = RowBlocks.rows(n);
    fork(Math.ceilDiv(rows, rowsPerBlock), 15L * logits.size());
  }

  @Override
  protected void forget() {
    x.forget();
    logits = Tensor.EMPTY;
    logLik = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(logits.rows(), first + rowsPerBlock);
    int half = (end - first) * chunks * L; // sums, then products
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, n);
    float[] lanes = scratch.floats(2, 2 * half);
    float[] tail = scratch.floats(3, L);
    float[] data = work;
    int slot = 0;
    for (int r = first; r < end; r++) {
      int b = r / samples;
      if (r == first || r % samples == 0) {
        data = x.read(b, 0, n, work);
      }
      int at = x.at(b, 0);
      int row = logits.offset() + r * n;
      for (int i = 0; i < n; i += Lanes.CHUNK, slot += L) {
        int count = Math.min(Lanes.CHUNK, n - i);
        BernoulliRows.forward(
            logits.array(), row + i, data, at + i, count, lanes, slot, half + slot, tail);
      }
    }
    SimdMath.log1p(lanes, half, lanes, half, half);
    finish(first, end, lanes, half, chunks, logLik);
  }

  /** logLik of rows [first, end) from their lanes: sums, and behind them logarithms. */
  static void finish(int first, int end, float[] lanes, int half, int chunks, Tensor logLik) {
    for (int i = 0; i < half; i++) {
      lanes[i] -= lanes[half + i];
    }
    int slot = 0;
    for (int r = first; r < end; r++) {
      double total = 0;
      for (int c = 0; c < chunks; c++, slot += L) {
        total += Lanes.sum(lanes, slot);
      }
      logLik.array()[logLik.offset() + r] = (float) total;
    }
  }
}
