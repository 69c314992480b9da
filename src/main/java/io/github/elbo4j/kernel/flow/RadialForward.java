package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A radial step, or its inverse. */
final class RadialForward extends RadialSteps {
  private Tensor z = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private @Nullable Tensor logDet;
  private boolean inverse;

  void run(
      boolean backwards,
      Tensor from,
      Tensor centre,
      Tensor rawAlpha,
      Tensor rawBeta,
      Tensor to,
      @Nullable Tensor logDeterminants) {
    inverse = backwards;
    z = from;
    out = to;
    logDet = logDeterminants;
    parameters(centre, rawAlpha, rawBeta);
    start(z, z0, 0, 5);
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
    float[] work = scratch.floats(1, 6 * n);
    radii(z, first, end, point, points, prepared, work, scratch.floats(2, FlowRows.lanes(n)));
    if (inverse) {
      originals(work, n);
    }
    factors(work, 3 * n, 4 * n, n);
    int factor = 5 * n;
    for (int i = 0; i < n; i++) {
      work[factor + i] = inverse ? 1 / work[3 * n + i] : work[3 * n + i];
    }
    if (logDet != null) {
      addLogDet(work, first, n, logDet);
    }
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      RadialRows.scale(
          z.array(),
          z.offset() + r * d,
          work,
          factor + r - first,
          z0.array(),
          z0.offset() + r / k * d,
          out.array(),
          out.offset() + r * d,
          stop - r,
          d);
      r = stop;
    }
  }

  /** From y = ‖z' − z0‖ to r: the positive root, without cancellation. */
  private static void originals(float[] work, int n) {
    for (int i = 0; i < n; i++) {
      double y = work[i];
      double alpha = work[n + i];
      double half = 0.5 * (y - work[2 * n + i]);
      double root = Math.sqrt(half * half + alpha * y);
      work[i] = (float) (half > 0 ? half + root : alpha * y / (root - half));
    }
  }

  private void addLogDet(float[] work, int first, int n, Tensor logDet) {
    int phi = 3 * n;
    int psi = 4 * n; // just behind
    SimdMath.log(work, phi, work, phi, 2 * n);
    float[] sums = logDet.array();
    int to = logDet.offset() + first;
    float sign = inverse ? -1 : 1;
    for (int i = 0; i < n; i++) {
      sums[to + i] += sign * Math.fma(d - 1, work[phi + i], work[psi + i]);
    }
  }
}
