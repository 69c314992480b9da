package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;

/** Factors of groups of matrices and their status. */
final class FactorTask extends GroupTask {
  private static final int[] NONE = new int[0];

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
    if (direct) {
      LaneFactor.factor(system, a.array(), from, l.array(), to, d * W, d, inverse);
      check(l.array(), to, d * W, inverse, group);
      LaneCopy.clearUpper(l.array(), to, d);
    } else {
      float[] work = scratch.floats(0, square());
      LaneCopy.loadLower(a.array(), from, each(a), count, d, work, 0, row, d4);
      LaneFactor.factor(system, work, 0, work, 0, row, d4, inverse);
      check(work, 0, row, inverse, group);
      float[] stage = scratch.floats(1, LaneCopy.stage(d));
      LaneCopy.storeLower(work, 0, row, d, l.array(), to, each(l), count, stage);
    }
  }

  /** The status of the group's matrices, and NaN into those that failed. */
  private void check(float[] factor, int from, int stride, float[] inverse, int group) {
    boolean good = LaneFactor.positive(factor, from, stride, d, inverse);
    for (int lane = 0; lane < W; lane++) {
      int minor = good ? 0 : LaneFactor.status(factor, from, stride, d, lane);
      if (minor != 0) {
        LaneFactor.invalidate(factor, from, stride, d, lane);
      }
      if (group * W + lane < status.length) {
        status[group * W + lane] = minor;
      }
    }
  }
}
