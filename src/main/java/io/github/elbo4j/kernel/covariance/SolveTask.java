package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;

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
      solve(lanes, l.array(), from, d * W, y.array(), at(y, group), x.array(), to, m, inverse);
      return;
    }
    float[] factor = scratch.floats(0, square());
    LaneCopy.loadLower(l.array(), from, each(l), count, d, factor, 0, row, d4);
    int strip = sides(m);
    float[] work = scratch.floats(1, d4 * strip * W);
    float[] stage = scratch.floats(2, LaneCopy.stage(strip));
    for (int c = 0; c < m; c += strip) {
      int n = Math.min(strip, m - c);
      LaneCopy.loadSides(y.array(), at(y, group), each(y), count, d, m, c, n, work, d4);
      solve(lanes, factor, 0, row, work, 0, work, 0, n, inverse);
      int to = at(x, group);
      LaneCopy.storeSides(work, false, x.array(), to, each(x), count, d, m, c, n, stage);
    }
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
      int n,
      float[] inverse) {
    boolean full = system == LinearSystem.FULL;
    if (system != LinearSystem.TRANSPOSED) {
      LaneSolve.lower(lanes, factor, from, stride, d4, given, g0, unknown, x0, n, inverse);
    }
    if (system != LinearSystem.LOWER) {
      float[] right = full ? unknown : given;
      int r0 = full ? x0 : g0;
      LaneSolve.transposed(lanes, factor, from, stride, d4, right, r0, unknown, x0, n, inverse);
    }
  }
}
