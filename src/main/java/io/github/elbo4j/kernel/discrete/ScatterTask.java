package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Adds rows to rows by index. A block is a strip of columns, for all rows in their order: the same
 * sums for any number of threads, and no two threads write to one element. Where one index is that
 * of very many rows the sums are in double.
 */
final class ScatterTask extends KernelTask {
  private static final int STRIP = 4 * SimdMath.L;

  /** The longest float32 sum. */
  private static final int CHAIN = 256;

  private static final int[] NONE = new int[0];

  private int[] index = NONE;
  private Tensor rows = Tensor.EMPTY;
  private Tensor sums = Tensor.EMPTY;
  private int d;
  private boolean inDouble;

  void add(int[] to, Tensor added, Tensor result) {
    if (added.size() == 0) {
      return;
    }
    index = to;
    rows = added;
    sums = result;
    d = added.columns();
    inDouble = to.length > CHAIN && mostOfOne() > CHAIN;
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
    if (inDouble) {
      addInDouble(from, n);
      return;
    }
    for (int r = 0; r < index.length; r++) {
      Lanes.add(
          rows.array(),
          rows.offset() + r * d + from,
          sums.array(),
          sums.offset() + index[r] * d + from,
          n);
    }
  }

  /** Rows of the index that has most of them. */
  private int mostOfOne() {
    int[] counts = Scratch.get().ints(sums.rows());
    Arrays.fill(counts, 0, sums.rows(), 0);
    int most = 0;
    for (int entry : index) {
      most = Math.max(most, ++counts[entry]);
    }
    return most;
  }

  private void addInDouble(int from, int n) {
    int entries = sums.rows();
    double[] totals = Scratch.get().doubles(0, entries * n);
    Arrays.fill(totals, 0, entries * n, 0);
    for (int r = 0; r < index.length; r++) {
      addRow(rows.array(), rows.offset() + r * d + from, totals, index[r] * n, n);
    }
    for (int j = 0; j < entries; j++) {
      addRow(totals, j * n, sums.array(), sums.offset() + j * d + from, n);
    }
  }

  private static void addRow(float[] a, int from, double[] sum, int to, int n) {
    for (int i = 0; i < n; i++) {
      sum[to + i] += a[from + i];
    }
  }

  private static void addRow(double[] a, int from, float[] sum, int to, int n) {
    for (int i = 0; i < n; i++) {
      sum[to + i] += (float) a[from + i];
    }
  }
}
