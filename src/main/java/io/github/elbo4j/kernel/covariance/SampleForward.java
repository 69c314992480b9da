package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.random.PhiloxSimd;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** z = mu + L·eps with its divergence and log densities, a block of rows at a time. */
final class SampleForward extends KernelTask {
  private static final int L = SimdMath.L;
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  private final FactorTiling tiling = new FactorTiling();
  private final FactorSource factor = new FactorSource();
  private Tensor mu = Tensor.EMPTY;
  private Tensor logSigma = Tensor.EMPTY;
  private Tensor lower = Tensor.EMPTY;
  private Tensor z = Tensor.EMPTY;
  private @Nullable Tensor eps;
  private @Nullable NoiseKey noise;
  private @Nullable Tensor kl;
  private @Nullable Tensor logQ;
  private @Nullable Tensor logP;
  private int d;

  /** Either {@code given} or {@code drawn} is the noise. */
  void run(
      Tensor mean,
      Tensor logDiagonal,
      Tensor below,
      @Nullable Tensor given,
      @Nullable NoiseKey drawn,
      Tensor sample,
      @Nullable Tensor divergence,
      @Nullable Tensor logPosterior,
      @Nullable Tensor logPrior) {
    mu = mean;
    logSigma = logDiagonal;
    lower = below;
    eps = given;
    noise = drawn;
    z = sample;
    kl = divergence;
    logQ = logPosterior;
    logP = logPrior;
    d = mu.columns();
    factor.set(logSigma, lower, d);
    tiling.set(mu.rows(), z.rows());
    fork(tiling.blocks(), z.size() * (d / 4 + 20L));
  }

  @Override
  protected void forget() {
    mu = Tensor.EMPTY;
    logSigma = Tensor.EMPTY;
    lower = Tensor.EMPTY;
    z = Tensor.EMPTY;
    eps = null;
    noise = null;
    kl = null;
    logQ = null;
    logP = null;
    factor.forget();
  }

  @Override
  public void run(int block) {
    Scratch scratch = Scratch.get();
    int row = tiling.firstRow(block);
    int rows = tiling.rowsIn(block);
    int points = tiling.pointsIn(block);
    float[] sigma = scratch.floats(3, points * d);
    factor.diagonal(tiling.firstPoint(block), points, sigma);
    if (tiling.first(block) && kl != null) {
      divergence(kl, tiling.firstPoint(block), points, sigma);
    }
    float[] x;
    int from;
    if (eps != null) {
      x = eps.array();
      from = eps.offset() + row * d;
    } else {
      x = scratch.floats(2, rows * d);
      from = 0;
      if (noise != null) {
        PhiloxSimd.normals(noise, (long) row * d, x, 0, rows * d);
      }
    }
    if (logQ != null) { // before z is written, which may be eps
      densities(logQ, row, rows, x, from, true);
    }
    product(block, sigma, x, from);
    if (logP != null) {
      densities(logP, row, rows, z.array(), z.offset() + row * d, false);
    }
  }

  /** Panel by panel, in each of them tile by tile: a factor is read once for all its samples. */
  private void product(int block, float[] sigma, float[] x, int from) {
    Scratch scratch = Scratch.get();
    int tiles = tiling.tiles(block);
    int size = d * L;
    int out = tiles * size;
    float[] work = scratch.floats(1, (2 * tiles + 2) * size);
    int means = 2 * tiles * size;
    int p = mu.offset() + tiling.firstPoint(block) * d;
    FactorSolves.vector(tiling, block, d, mu.array(), p, work, means);
    FactorSolves.vector(tiling, block, d, sigma, 0, work, means + size);
    FactorSolves.load(tiling, block, d, x, from, work, 0);
    for (int t = 0; t < out; t += size) {
      FactorTile.shiftAndScale(work, means, work, means + size, work, t, work, out + t, size);
    }
    float[] tile = scratch.floats(0, FactorTile.panelSize(d));
    for (int i0 = 0; i0 < d; ) {
      int i1 = FactorTile.panelEnd(i0, d);
      FactorSolves.panel(tiling, factor, block, i0, i1, tile);
      for (int t = 0; t < out; t += size) {
        FactorTile.multiply(tile, i0, i1, work, t, work, out + t);
      }
      i0 = i1;
    }
    int to = z.offset() + tiling.firstRow(block) * d;
    FactorSolves.store(tiling, block, d, work, out, z.array(), to);
  }

  private void divergence(Tensor out, int point, int points, float[] sigma) {
    int size = FactorTile.offset(d);
    float[] lanes = Scratch.get().floats(0, L);
    for (int p = 0; p < points; p++) {
      int b = point + p;
      double squares =
          Lanes.sumOfSquares(lower.array(), lower.offset() + b * size, size, lanes)
              + Lanes.sumOfSquares(sigma, p * d, d, lanes)
              + Lanes.sumOfSquares(mu.array(), mu.offset() + b * d, d, lanes);
      double logDet = Lanes.sum(logSigma.array(), logSigma.offset() + b * d, d, lanes);
      double divergence = 0.5 * (squares - d) - Math.min(logDet, Float.MAX_VALUE); // no ∞ − ∞
      out.array()[out.offset() + b] = (float) divergence;
    }
  }

  /** −½ Σ ( x² + log 2π ) of each row, less log|L| where the density is the posterior's. */
  private void densities(Tensor out, int row, int rows, float[] x, int from, boolean posterior) {
    float[] lanes = Scratch.get().floats(0, L);
    double logDet = 0;
    for (int r = row; r < row + rows; r++, from += d) {
      if (posterior && (r == row || r % tiling.samples() == 0)) {
        int p = logSigma.offset() + r / tiling.samples() * d;
        logDet = Lanes.sum(logSigma.array(), p, d, lanes);
      }
      double squares = Lanes.sumOfSquares(x, from, d, lanes);
      out.array()[out.offset() + r] = (float) (-0.5 * (squares + d * LOG_2PI) - logDet);
    }
  }
}
