package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/** {@link BernoulliForward} and {@link BernoulliBackward} in one. */
final class BernoulliFused extends KernelTask {
  private static final int L = SimdMath.L;

  final DataRows x = new DataRows();
  private Tensor logits = Tensor.EMPTY;
  private Tensor dLogLik = Tensor.EMPTY;
  private Tensor logLik = Tensor.EMPTY;
  private Tensor dLogits = Tensor.EMPTY;
  private int n;
  private int samples;
  private int chunks;
  private int rowsPerBlock;

  /** Set by any block, read when all are done. */
  private volatile boolean mayLeaveUnit;

  /** {@link #x} is set. Whether an element of it may lie outside [0,1]. */
  boolean run(Tensor decoded, Tensor gradient, Tensor result, Tensor toLogits) {
    int rows = decoded.rows();
    mayLeaveUnit = false;
    if (rows == 0) {
      x.forget();
      return false;
    }
    logits = decoded;
    dLogLik = gradient;
    logLik = result;
    dLogits = toLogits;
    n = logits.columns();
    samples = rows / x.points();
    chunks = Math.ceilDiv(n, Lanes.CHUNK);
    rowsPerBlock = RowBlocks.rows(n);
    fork(Math.ceilDiv(rows, rowsPerBlock), 20L * logits.size());
    return mayLeaveUnit;
  }

  @Override
  protected void forget() {
    x.forget();
    logits = Tensor.EMPTY;
    dLogLik = Tensor.EMPTY;
    logLik = Tensor.EMPTY;
    dLogits = Tensor.EMPTY;
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
      float g = dLogLik.array()[dLogLik.offset() + r];
      int l = logits.offset() + r * n;
      int d = dLogits.offset() + r * n;
      for (int i = 0; i < n; i += Lanes.CHUNK, slot += L) {
        int count = Math.min(Lanes.CHUNK, n - i);
        boolean may =
            BernoulliFusedRows.both(
                logits.array(),
                l + i,
                data,
                at + i,
                g,
                dLogits.array(),
                d + i,
                count,
                lanes,
                slot,
                half + slot,
                tail);
        if (may) {
          mayLeaveUnit = true;
        }
      }
    }
    SimdMath.log1p(lanes, half, lanes, half, half);
    BernoulliForward.finish(first, end, lanes, half, chunks, logLik);
  }
}
