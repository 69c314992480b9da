package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the passes over a radial step share. A row of parameters is prepared into α = softplus(α̂)
 * and p = softplus(β̂) = α + β.
 */
abstract class RadialSteps extends FlowTask {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

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
   * {@code radius = ‖x − z0‖}, {@code alpha} and {@code p} of rows [first, end), {@code m} numbers
   * of {@code work} each.
   */
  final void radii(
      Tensor x,
      int first,
      int end,
      int point,
      int points,
      float[] prepared,
      float[] work,
      int m,
      float[] lanes) {
    float[] centre = z0.array();
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      int cAt = z0.offset() + r / k * d;
      RadialRows.laneSquares(x.array(), x.offset() + r * d, stop - r, d, centre, cAt, lanes, i);
      float alpha = prepared[r / k - point];
      float p = prepared[r / k - point + points];
      for (; r < stop; r++, i++) {
        work[m + i] = alpha;
        work[2 * m + i] = p;
      }
    }
    LaneSums.sum(lanes, end - first);
    for (int i = 0; i < end - first; i++) {
      float s = lanes[i];
      s = s < FlowKernels.SMALLEST_SQUARE ? 0 : s > Float.MAX_VALUE ? Float.NaN : s;
      work[i] = (float) Math.sqrt(s);
    }
  }

  /** {@code φ = (r + p)/(r + α)} and {@code ψ = (r + α·φ)/(r + α)}, behind r, α and p. */
  static void factors(float[] work, int m) {
    for (int i = 0; i < m; i += L) {
      FloatVector r = FloatVector.fromArray(F, work, i);
      FloatVector alpha = FloatVector.fromArray(F, work, m + i);
      FloatVector p = FloatVector.fromArray(F, work, 2 * m + i);
      FloatVector big = r.add(alpha);
      FloatVector phi = r.add(p).div(big);
      phi.intoArray(work, 3 * m + i);
      alpha.fma(phi, r).div(big).intoArray(work, 4 * m + i);
    }
  }
}
