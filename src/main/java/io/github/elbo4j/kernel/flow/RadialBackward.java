package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Gradients of a radial step. A row of parameters sums −dz0 [d], dα and dp. */
final class RadialBackward extends RadialSteps {
  private Tensor z = Tensor.EMPTY;
  private @Nullable Tensor dzOut;
  private @Nullable Tensor dLogDet;
  private @Nullable Tensor dz;
  private @Nullable Tensor dz0;
  private @Nullable Tensor dAlphaHat;
  private @Nullable Tensor dBetaHat;

  void run(
      Tensor entered,
      Tensor centre,
      Tensor rawAlpha,
      Tensor rawBeta,
      @Nullable Tensor gradOut,
      @Nullable Tensor gradLogDet,
      @Nullable Tensor grad,
      @Nullable Tensor gradCentre,
      @Nullable Tensor gradAlpha,
      @Nullable Tensor gradBeta) {
    z = entered;
    dzOut = gradOut;
    dLogDet = gradLogDet;
    dz = grad;
    dz0 = gradCentre;
    dAlphaHat = gradAlpha;
    dBetaHat = gradBeta;
    parameters(centre, rawAlpha, rawBeta);
    start(z, z0, gradCentre == null ? 0 : z.columns() + 2, 10);
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    dzOut = null;
    dLogDet = null;
    dz = null;
    dz0 = null;
    dAlphaHat = null;
    dBetaHat = null;
    forgetParameters();
  }

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {
    int n = end - first;
    Scratch scratch = Scratch.get();
    int m = FlowRows.padded(n); // r, α, p, φ, ψ, then eᵀdz', dlogDet, dα, dp
    float[] work = scratch.floats(1, 9 * m);
    float[] lanes = scratch.floats(2, Math.max(LaneSums.size(n), d + 2));
    radii(z, first, end, point, points, prepared, work, m, lanes);
    factors(work, m);
    float[] g;
    int gAt;
    if (dzOut == null) {
      g = gradients(null, first, n, scratch.floats(3, n * d), 0);
      gAt = 0;
    } else {
      g = dzOut.array();
      gAt = dzOut.offset() + first * d;
    }
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      int cAt = z0.offset() + r / k * d;
      int zAt = z.offset() + r * d;
      RadialRows.laneDots(z.array(), zAt, g, gAt + i * d, stop - r, d, z0.array(), cAt, lanes, i);
      r = stop;
    }
    LaneSums.sum(lanes, n);
    System.arraycopy(lanes, 0, work, 5 * m, n);
    scalars(dLogDet, first, n, work, 6 * m);
    RadialRows.gradients(work, m, d);
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      spread(r, stop - r, g, gAt + i * d, work, 3 * m + i, 4 * m + i, lanes);
      if (dz0 != null) {
        lanes[d] = FlowRows.sum(work, 7 * m + i, stop - r);
        lanes[d + 1] = FlowRows.sum(work, 8 * m + i, stop - r);
        deposit(lanes, 0, d + 2, r / k - point, 0, points, prepared, sums, at);
      }
      r = stop;
    }
  }

  /** To dz and to the sums of the centre, for rows of one centre. */
  private void spread(
      int r, int n, float[] g, int gAt, float[] work, int bh, int along, float[] lanes) {
    float[] x = z.array();
    int xAt = z.offset() + r * d;
    float[] c = z0.array();
    int cAt = z0.offset() + r / k * d;
    if (dz != null) {
      int to = dz.offset() + r * d;
      RadialRows.addGradient(x, xAt, g, gAt, work, bh, along, c, cAt, dz.array(), to, n, d);
    }
    if (dz0 != null) {
      RadialRows.centreSums(x, xAt, g, gAt, work, bh, along, c, cAt, lanes, n, d);
    }
  }

  @Override
  void finish(int point, int points, float[] prepared, int totals) {
    if (dz0 == null || dAlphaHat == null || dBetaHat == null) {
      return;
    }
    float[] slopes = Scratch.get().floats(1, 2 * points);
    SimdMath.sigmoid(alphaHat.array(), alphaHat.offset() + point, slopes, 0, points);
    SimdMath.sigmoid(betaHat.array(), betaHat.offset() + point, slopes, points, points);
    int alphaAt = dAlphaHat.offset() + point;
    int betaAt = dBetaHat.offset() + point;
    for (int p = 0; p < points; p++) {
      int sums = totals + p * (d + 2);
      int to = dz0.offset() + (point + p) * d;
      FlowRows.addMultiple(-1, prepared, sums, dz0.array(), to, d);
      dAlphaHat.array()[alphaAt + p] += slopes[p] * prepared[sums + d];
      dBetaHat.array()[betaAt + p] += slopes[points + p] * prepared[sums + d + 1];
    }
  }
}
