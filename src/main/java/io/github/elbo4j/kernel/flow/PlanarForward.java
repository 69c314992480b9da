package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Planar steps, one after the other on a tile of rows, or their inverses. */
final class PlanarForward extends PlanarSteps {
  private Tensor z = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private @Nullable Tensor logDet;
  private boolean inverse;

  void run(
      boolean backwards,
      Tensor from,
      Tensor directions,
      Tensor weights,
      Tensor biases,
      Tensor to,
      @Nullable Tensor logDeterminants) {
    inverse = backwards;
    z = from;
    out = to;
    logDet = logDeterminants;
    parameters(directions, weights, biases);
    start(z, u, 0, inverse ? 20 * steps : 4 * steps);
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    out = Tensor.EMPTY;
    logDet = null;
    forgetParameters();
  }

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {
    int n = end - first;
    Scratch scratch = Scratch.get();
    int m = FlowRows.padded(n); // x, p, t, h
    float[] work = scratch.floats(1, 4 * m);
    float[] lanes = scratch.floats(2, LaneSums.size(n));
    float[] source = z.array();
    int from = z.offset() + first * d;
    if (steps == 0) {
      System.arraycopy(source, from, out.array(), out.offset() + first * d, n * d);
    }
    for (int j = 0; j < steps; j++) {
      int s = inverse ? steps - 1 - j : j;
      arguments(source, from, first, end, s, point, points, prepared, work, 0, m, lanes);
      if (inverse) {
        roots(work, m, n);
      }
      SimdMath.tanh(work, 0, work, 2 * m, m);
      if (logDet != null) {
        PlanarRows.slopes(work, 0, 2 * m, m, 3 * m, m);
        PlanarRows.determinants(work, 2 * m, 3 * m, m, m);
        SimdMath.log(work, 3 * m, work, 3 * m, m);
        addLogs(work, 3 * m, n, logDet, first);
      }
      for (int i = 2 * m; inverse && i < 2 * m + n; i++) {
        work[i] = -work[i];
      }
      move(source, from, first, end, s, point, prepared, work, 2 * m);
      source = out.array();
      from = out.offset() + first * d;
    }
  }

  /** From wᵀz' + b to wᵀz + b. */
  private static void roots(float[] work, int m, int n) {
    for (int i = 0; i < n; i++) {
      work[i] = (float) TanhRoot.of(work[m + i], work[i]);
    }
  }

  private void addLogs(float[] logs, int at, int n, Tensor to, int row) {
    float[] sums = to.array();
    int from = to.offset() + row;
    FlowRows.addMultiple(inverse ? -1 : 1, logs, at, sums, from, n);
  }

  /** z' = z + t·û of each row. */
  private void move(
      float[] source,
      int from,
      int first,
      int end,
      int s,
      int point,
      float[] prepared,
      float[] t,
      int tAt) {
    if (k == 1) {
      int unit = (first - point) * steps + s;
      int to = out.offset() + first * d;
      RowPairs.addMultiples(
          source, from, t, tAt, prepared, unit * d, steps * d, out.array(), to, end - first, d);
      return;
    }
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int unit = (r / k - point) * steps + s;
      int i = r - first;
      FlowRows.addMultiples(
          source,
          from + i * d,
          t,
          tAt + i,
          prepared,
          unit * d,
          out.array(),
          out.offset() + r * d,
          stop - r,
          d);
      r = stop;
    }
  }
}
