package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;

/**
 * Adds rows to rows by index. A block is a strip of columns, for all rows in their order: the same
 * sums for any number of threads, and no two threads write to one element.
 */
final class ScatterTask extends KernelTask {
  private static final int STRIP = 4 * SimdMath.L;
  private static final int[] NONE = new int[0];

  private int[] index = NONE;
  private Tensor rows = Tensor.EMPTY;
  private Tensor sums = Tensor.EMPTY;
  private int d;

  void add(int[] to, Tensor added, Tensor result) {
    if (added.size() == 0) {
      return;
    }
    index = to;
    rows = added;
    sums = result;
    d = added.columns();
    fork(Math.ceilDiv(d, STRIP), added.size());
  }

  @Override
  protected void forget() {
    index = NONE;
    rows = Tensor.EMPTY;
    sums = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int from = block * STRIP;
    int n = Math.min(STRIP, d - from);
    for (int r = 0; r < index.length; r++) {
      addRow(
          rows.array(),
          rows.offset() + r * d + from,
          sums.array(),
          sums.offset() + index[r] * d + from,
          n);
    }
  }

  private static void addRow(float[] a, int from, float[] sum, int to, int n) {
    int full = SimdMath.F.loopBound(n);
    for (int i = 0; i < full; i += SimdMath.L) {
      FloatVector.fromArray(SimdMath.F, a, from + i)
          .add(FloatVector.fromArray(SimdMath.F, sum, to + i))
          .intoArray(sum, to + i);
    }
    for (int i = full; i < n; i++) {
      sum[to + i] += a[from + i];
    }
  }
}
