package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.dense.Transpose;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** Factors of groups of matrices and their status. */
final class FactorTask extends GroupTask {
  private static final int[] NONE = new int[0];

  /**
   * From this order on, matrices in lanes are copied too: rows 4096 bytes or more apart compete for
   * the same lines of the cache.
   */
  private static final int COPIED = 64;

  private Tensor a = Tensor.EMPTY;
  private Tensor l = Tensor.EMPTY;
  private int[] status = NONE;

  void run(MatrixLayout layout, Tensor matrices, Tensor factors, int[] minors) {
    a = matrices;
    l = factors;
    status = minors;
    order(layout, a);
    run(layout, a, 3L * d * d * (d + 8));
  }

  @Override
  protected void forget() {
    a = Tensor.EMPTY;
    l = Tensor.EMPTY;
    status = NONE;
  }

  @Override
  protected void group(LaneSystem system, int group, int count) {
    Scratch scratch = Scratch.get();
    float[] inverse = scratch.floats(3, d4 * W);
    int from = at(a, group);
    int to = at(l, group);
    if (each(a) != 0 && count <= 2 + d / 64) { // measured, for orders from 32 to 256
      wide(scratch, group, count);
    } else if (direct && d < COPIED) {
      float[] factor = l.array();
      for (int i = 0; i < d; i += LaneCopy.BLOCK) {
        int end = Math.min(d, i + LaneCopy.BLOCK);
        LaneFactor.rows(a.array(), from, factor, to, d * W, i, end, inverse);
      }
      check(factor, to, d * W, inverse, group, count);
      LaneCopy.clearUpper(factor, to, d);
    } else {
      float[] work = scratch.floats(0, square());
      float[] stage = scratch.floats(1, LaneCopy.stage(d));
      for (int i = 0; i < d4; i += LaneCopy.BLOCK) {
        LaneCopy.loadRows(a.array(), from, each(a), count, d, i, work, 0, row, d4);
        LaneFactor.rows(work, 0, work, 0, row, i, Math.min(d4, i + LaneCopy.BLOCK), inverse);
        LaneCopy.storeRows(work, row, d, i, l.array(), to, each(l), count, stage);
      }
      check(work, 0, row, inverse, group, count);
    }
  }

  /** One matrix after the other, for a group that has too few of them. */
  private void wide(Scratch scratch, int group, int count) {
    int ld = WideFactor.stride(d4);
    float[] u = scratch.floats(0, d4 * ld);
    float[] work = scratch.floats(1, WideFactor.WORK);
    float[] from = a.array();
    float[] to = l.array();
    for (int b = 0; b < count; b++) {
      Transpose.run(d, d, from, at(a, group) + b * each(a), d, u, 0, ld);
      for (int i = d; i < d4; i++) { // identity
        for (int j = 0; j <= i; j++) {
          u[j * ld + i] = j == i ? 1 : 0;
        }
      }
      WideFactor.factor(u, ld, d4, work);
      int at = at(l, group) + b * each(l);
      Transpose.run(d, d, u, 0, ld, to, at, d);
      int minor = minor(u, ld);
      status[group * W + b] = minor;
      for (int i = 0; i < d; i++) {
        if (minor != 0) {
          Arrays.fill(to, at + i * d, at + i * d + i + 1, Float.NaN);
        }
        Arrays.fill(to, at + i * d + i + 1, at + (i + 1) * d, 0f);
      }
    }
  }

  private int minor(float[] u, int ld) {
    for (int i = 0; i < d; i++) {
      if (!(u[i * (ld + 1)] > 0 && u[i * (ld + 1)] <= Float.MAX_VALUE)) {
        return i + 1;
      }
    }
    return 0;
  }

  /** The status of the group's matrices, and NaN into those that failed. */
  private void check(float[] factor, int from, int stride, float[] inverse, int group, int count) {
    boolean good = LaneFactor.positive(factor, from, stride, d, inverse);
    for (int lane = 0; lane < count; lane++) {
      int minor = good ? 0 : LaneFactor.status(factor, from, stride, d, lane);
      if (minor != 0) {
        LaneCopy.invalidate(l.array(), at(l, group), each(l), d, lane);
      }
      if (group * W + lane < status.length) {
        status[group * W + lane] = minor;
      }
    }
  }
}
