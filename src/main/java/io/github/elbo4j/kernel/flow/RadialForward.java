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
    int m = FlowRows.padded(n); // r, α, p, φ, ψ, the factor
    float[] work = scratch.floats(1, 6 * m);
    float[] lanes = scratch.floats(2, LaneSums.size(n));
    radii(z, first, end, point, points, prepared, work, m, lanes);
    if (inverse) {
      originals(work, m, n);
    }
    factors(work, m);
    int factor = 5 * m;
    for (int i = 0; i < n; i++) {
      work[factor + i] = inverse ? 1 / work[3 * m + i] : work[3 * m + i];
    }
    if (logDet != null) {
      addLogDet(work, m, first, n, logDet);
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
  private static void originals(float[] work, int m, int n) {
    for (int i = 0; i < n; i++) {
      double y = work[i];
      double alpha = work[m + i];
      double half = 0.5 * (y - work[2 * m + i]);
      double root = Math.sqrt(half * half + alpha * y);
      work[i] = (float) (half > 0 ? half + root : alpha * y / (root - half));
    }
  }

  private void addLogDet(float[] work, int m, int first, int n, Tensor to) {
    int phi = 3 * m;
    int psi = 4 * m; // just behind
    SimdMath.log(work, phi, work, phi, 2 * m);
    float[] sums = to.array();
    int at = to.offset() + first;
    float sign = inverse ? -1 : 1;
    for (int i = 0; i < n; i++) {
      sums[at + i] += sign * Math.fma(d - 1, work[phi + i], work[psi + i]);
    }
  }
}
