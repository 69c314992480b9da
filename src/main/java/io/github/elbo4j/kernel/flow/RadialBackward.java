package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.kernel.ReferenceMath.sigmoid;

import io.github.elbo4j.kernel.Scratch;
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
    // r, α, p, φ, ψ, then eᵀdz', dlogDet, dα, dp
    float[] work = scratch.floats(1, 9 * n);
    float[] lanes = scratch.floats(2, Math.max(FlowRows.lanes(n), d));
    radii(z, first, end, point, points, prepared, work, lanes);
    factors(work, 3 * n, 4 * n, n);
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
      RadialRows.dots(
          z.array(), zAt, g, gAt + i * d, stop - r, d, z0.array(), cAt, false, work, 5 * n + i,
          lanes);
      r = stop;
    }
    scalars(dLogDet, first, n, work, 6 * n);
    rowGradients(work, n);
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      int to = at + (r / k - point) * (d + 2);
      spread(r, stop - r, g, gAt + i * d, work, 3 * n + i, 4 * n + i, lanes, sums, to);
      for (; dz0 != null && i < stop - first; i++) {
        sums[to + d] += work[7 * n + i];
        sums[to + d + 1] += work[8 * n + i];
      }
      r = stop;
    }
  }

  /** Makes βh of φ, dr/r of ψ, and dα and dp. */
  private void rowGradients(float[] work, int n) {
    for (int i = 0; i < n; i++) {
      float r = work[i];
      float alpha = work[n + i];
      float p = work[2 * n + i];
      float phi = work[3 * n + i];
      float psi = work[4 * n + i];
      float logDet = work[6 * n + i];
      float inverse = 1 / (r + alpha);
      float bh = (p - alpha) * inverse;
      float share = alpha * inverse;
      float toPhi = work[5 * n + i] + logDet * (d - 1) / phi;
      float toPsi = logDet / psi;
      float toRadius = -bh * inverse * (toPhi + 2 * share * toPsi);
      work[3 * n + i] = bh;
      work[4 * n + i] = r == 0 ? 0 : toRadius / r;
      float byPsi = ((p - 2 * alpha) * inverse - 2 * share * bh) * toPsi;
      work[7 * n + i] = (byPsi - phi * toPhi) * inverse;
      work[8 * n + i] = (toPhi + share * toPsi) * inverse;
    }
  }

  /** To dz and to the sum of the centre, for rows of one centre. */
  private void spread(
      int r,
      int n,
      float[] g,
      int gAt,
      float[] work,
      int bh,
      int along,
      float[] lanes,
      double[] sums,
      int at) {
    float[] x = z.array();
    int xAt = z.offset() + r * d;
    float[] c = z0.array();
    int cAt = z0.offset() + r / k * d;
    if (dz != null) {
      int to = dz.offset() + r * d;
      RadialRows.addGradient(
          x, xAt, g, gAt, work, bh, along, c, cAt, dz.array(), to, n, d);
    }
    if (dz0 != null) {
      RadialRows.centreSums(x, xAt, g, gAt, work, bh, along, c, cAt, lanes, n, d);
      FlowRows.addTo(sums, at, lanes, d);
    }
  }

  @Override
  void finish(int point, float[] prepared, int index, int points, double[] sums, int at) {
    if (dz0 == null || dAlphaHat == null || dBetaHat == null) {
      return;
    }
    int to = dz0.offset() + point * d;
    float[] centre = dz0.array();
    for (int i = 0; i < d; i++) {
      centre[to + i] = (float) (centre[to + i] - sums[at + i]);
    }
    double alpha = alphaHat.array()[alphaHat.offset() + point];
    double beta = betaHat.array()[betaHat.offset() + point];
    dAlphaHat.array()[dAlphaHat.offset() + point] += (float) (sigmoid(alpha) * sums[at + d]);
    dBetaHat.array()[dBetaHat.offset() + point] += (float) (sigmoid(beta) * sums[at + d + 1]);
  }
}
