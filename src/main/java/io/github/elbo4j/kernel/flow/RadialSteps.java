package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/**
 * What the passes over a radial step share. A row of parameters is prepared into α = softplus(α̂)
 * and p = softplus(β̂) = α + β.
 */
abstract class RadialSteps extends FlowTask {
  Tensor z0 = Tensor.EMPTY;
  Tensor alphaHat = Tensor.EMPTY;
  Tensor betaHat = Tensor.EMPTY;

  final void parameters(Tensor centre, Tensor rawAlpha, Tensor rawBeta) {
    z0 = centre;
    alphaHat = rawAlpha;
    betaHat = rawBeta;
  }

  final void forgetParameters() {
    z0 = Tensor.EMPTY;
    alphaHat = Tensor.EMPTY;
    betaHat = Tensor.EMPTY;
  }

  @Override
  final int preparedSize() {
    return 2;
  }

  @Override
  final void prepare(int point, int points, float[] prepared) {
    SimdMath.softplus(alphaHat.array(), alphaHat.offset() + point, prepared, 0, points);
    SimdMath.softplus(betaHat.array(), betaHat.offset() + point, prepared, points, points);
    for (int i = 0; i < 2 * points; i++) {
      if (prepared[i] < FlowKernels.SMALLEST_SOFTPLUS) { // and not a NaN
        prepared[i] = FlowKernels.SMALLEST_SOFTPLUS;
      }
    }
  }

  /**
   * {@code radius = ‖x − z0‖}, {@code alpha} and {@code p} of rows [first, end), each {@code n}
   * numbers of {@code work} after the other.
   */
  final void radii(
      Tensor x,
      int first,
      int end,
      int point,
      int points,
      float[] prepared,
      float[] work,
      float[] lanes) {
    int n = end - first;
    float[] centre = z0.array();
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      int zAt = z0.offset() + r / k * d;
      float[] a = x.array();
      int at = x.offset() + r * d;
      RadialRows.dots(a, at, a, at, stop - r, d, centre, zAt, true, work, i, lanes);
      float alpha = prepared[r / k - point];
      float p = prepared[r / k - point + points];
      for (; r < stop; r++, i++) {
        work[n + i] = alpha;
        work[2 * n + i] = p;
      }
    }
    for (int i = 0; i < n; i++) {
      float s = work[i];
      s = s < FlowKernels.SMALLEST_SQUARE ? 0 : s > Float.MAX_VALUE ? Float.NaN : s;
      work[i] = (float) Math.sqrt(s);
    }
  }

  /** {@code φ = (r + p)/(r + α)} and {@code ψ = (r + α·φ)/(r + α)} of n rows. */
  static void factors(float[] work, int phi, int psi, int n) {
    for (int i = 0; i < n; i++) {
      float r = work[i];
      float alpha = work[n + i];
      float f = (r + work[2 * n + i]) / (r + alpha);
      work[phi + i] = f;
      work[psi + i] = Math.fma(alpha, f, r) / (r + alpha);
    }
  }
}
