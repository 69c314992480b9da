package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** Triangular solves of groups of matrices. */
final class SolveTask extends GroupTask {
  private LinearSystem system = LinearSystem.LOWER;
  private Tensor l = Tensor.EMPTY;
  private Tensor y = Tensor.EMPTY;
  private Tensor x = Tensor.EMPTY;
  private int m;

  void run(MatrixLayout layout, LinearSystem which, Tensor factors, Tensor given, Tensor unknown) {
    system = which;
    l = factors;
    y = given;
    x = unknown;
    order(layout, l);
    m = CholeskyKernels.elements(layout, x) / d;
    run(layout, l, 16L * d * d * m);
  }

  @Override
  protected void forget() {
    l = Tensor.EMPTY;
    y = Tensor.EMPTY;
    x = Tensor.EMPTY;
  }

  @Override
  protected void group(LaneSystem lanes, int group, int count) {
    Scratch scratch = Scratch.get();
    float[] inverse = scratch.floats(3, d4 * W);
    int from = at(l, group);
    if (direct) {
      int to = at(x, group);
      solve(lanes, l.array(), from, d * W, y.array(), at(y, group), x.array(), to, inverse);
      return;
    }
    float[] factor = scratch.floats(0, square());
    LaneCopy.loadLower(l.array(), from, each(l), count, d, factor, 0, row, d4);
    float[] work = scratch.floats(1, d4 * m * W);
    LaneCopy.load(y.array(), at(y, group), each(y), count, d * m, work, 0);
    Arrays.fill(work, d * m * W, d4 * m * W, 0f);
    solve(lanes, factor, 0, row, work, 0, work, 0, inverse);
    float[] stage = scratch.floats(2, LaneCopy.stage(m));
    LaneCopy.store(work, 0, d * m, x.array(), at(x, group), each(x), count, stage);
  }

  private void solve(
      LaneSystem lanes,
      float[] factor,
      int from,
      int stride,
      float[] given,
      int g0,
      float[] unknown,
      int x0,
      float[] inverse) {
    boolean full = system == LinearSystem.FULL;
    if (system != LinearSystem.TRANSPOSED) {
      LaneSolve.lower(lanes, factor, from, stride, d4, given, g0, unknown, x0, m, inverse);
    }
    if (system != LinearSystem.LOWER) {
      float[] right = full ? unknown : given;
      int r0 = full ? x0 : g0;
      LaneSolve.transposed(lanes, factor, from, stride, d4, right, r0, unknown, x0, m, inverse);
    }
  }
}
