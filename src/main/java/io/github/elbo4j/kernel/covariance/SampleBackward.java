package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.random.PhiloxSimd;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass of {@link SampleForward}: all samples of a data point belong to one block, so
 * its gradients are summed in one order by one thread.
 */
final class SampleBackward extends KernelTask {
  private static final int L = SimdMath.L;

  private final FactorTiling tiling = new FactorTiling();
  private final FactorSource factor = new FactorSource();
  private final FactorGradient gradient = new FactorGradient();
  private Tensor mu = Tensor.EMPTY;
  private Tensor lower = Tensor.EMPTY;
  private Tensor z = Tensor.EMPTY;
  private Tensor dMu = Tensor.EMPTY;
  private Tensor dLogSigma = Tensor.EMPTY;
  private Tensor dLower = Tensor.EMPTY;
  private @Nullable Tensor eps;
  private @Nullable NoiseKey noise;
  private @Nullable Tensor dz;
  private @Nullable Tensor dKl;
  private @Nullable Tensor dLogQ;
  private @Nullable Tensor dLogP;
  private boolean throughPosterior;
  private int d;

  void run(
      Tensor mean,
      Tensor logDiagonal,
      Tensor below,
      @Nullable Tensor given,
      @Nullable NoiseKey drawn,
      Tensor sample,
      @Nullable Tensor gradSample,
      @Nullable Tensor gradKl,
      @Nullable Tensor gradLogQ,
      @Nullable Tensor gradLogP,
      boolean stickTheLanding,
      Tensor gradMu,
      Tensor gradLogSigma,
      Tensor gradLower) {
    mu = mean;
    lower = below;
    eps = given;
    noise = drawn;
    z = sample;
    dz = gradSample;
    dKl = gradKl;
    dLogQ = gradLogQ;
    dLogP = gradLogP;
    throughPosterior = stickTheLanding && gradLogQ != null;
    dMu = gradMu;
    dLogSigma = gradLogSigma;
    dLower = gradLower;
    d = mu.columns();
    factor.set(logDiagonal, lower, d);
    gradient.set(dMu, dLogSigma, dLower, d);
    tiling.set(mu.rows(), z.rows());
    int blocks = tiling.blocks() / tiling.chunks();
    fork(blocks, z.size() * (d / 2 + 20L));
  }

  @Override
  protected void forget() {
    mu = Tensor.EMPTY;
    lower = Tensor.EMPTY;
    z = Tensor.EMPTY;
    dMu = Tensor.EMPTY;
    dLogSigma = Tensor.EMPTY;
    dLower = Tensor.EMPTY;
    eps = null;
    noise = null;
    dz = null;
    dKl = null;
    dLogQ = null;
    dLogP = null;
    factor.forget();
    gradient.forget();
  }

  @Override
  public void run(int group) {
    int first = group * tiling.chunks();
    for (int block = first; block < first + tiling.chunks(); block++) {
      if (samplesReached()) {
        throughSamples(block, tiling.first(block) ? dKl : null);
      }
      if (dLogQ != null && !throughPosterior) {
        throughLogQ(block, dLogQ);
      }
    }
    if (dKl != null) {
      throughDivergence(first, dKl);
    }
  }

  private boolean samplesReached() {
    return dz != null || dLogP != null || throughPosterior;
  }

  /**
   * g and the noise of the block's rows, then their outer products point by point; what the
   * divergence brings to the entries below the diagonal is added in the same pass.
   */
  private void throughSamples(int block, @Nullable Tensor divergence) {
    Scratch scratch = Scratch.get();
    int row = tiling.firstRow(block);
    int rows = tiling.rowsIn(block);
    float[] noiseArray = scratch.floats(2, rows * d + FactorOuter.PAD);
    int noiseAt = 0;
    int behind = eps == null ? 0 : eps.offset() + (row + rows) * d + FactorOuter.PAD;
    if (eps != null && behind <= eps.array().length) {
      noiseArray = eps.array();
      noiseAt = eps.offset() + row * d;
    } else if (eps != null) {
      System.arraycopy(eps.array(), eps.offset() + row * d, noiseArray, 0, rows * d);
    } else if (noise != null) {
      PhiloxSimd.normals(noise, (long) row * d, noiseArray, 0, rows * d);
    }
    int points = tiling.pointsIn(block);
    int tiles = throughPosterior ? (tiling.tiles(block) + 1) * d * L : 0;
    float[] work = scratch.floats(1, rows * d + tiles);
    float[] g = work;
    int gAt = 0;
    if (dz != null && dLogP == null && !throughPosterior) {
      g = dz.array();
      gAt = dz.offset() + row * d;
    } else {
      toSamples(block, noiseArray, noiseAt, work);
    }
    float[] sigma = scratch.floats(3, points * d);
    factor.diagonal(tiling.firstPoint(block), points, sigma);
    int n = rows / points;
    for (int p = 0; p < points; p++) {
      int at = p * n * d;
      int b = tiling.firstPoint(block) + p;
      Tensor multiple = divergence == null ? null : lower;
      float scale = divergence == null ? 0 : value(divergence, b);
      gradient.add(b, g, gAt + at, noiseArray, noiseAt + at, n, sigma, p * d, multiple, scale);
    }
  }

  /** g = dz − dlogP·z − dlogQ·L⁻ᵀ·eps of the block's rows, to the beginning of {@code g}. */
  private void toSamples(int block, float[] noiseArray, int noiseAt, float[] g) {
    int row = tiling.firstRow(block);
    int rows = tiling.rowsIn(block);
    if (throughPosterior) {
      solveForNoise(block, noiseArray, noiseAt, g);
    } else {
      Arrays.fill(g, 0, rows * d, 0f);
    }
    for (int r = 0; r < rows; r++) {
      int at = r * d;
      if (throughPosterior && dLogQ != null) {
        scale(-value(dLogQ, row + r), g, at, d);
      }
      if (dLogP != null) {
        int from = z.offset() + (row + r) * d;
        FactorOuter.addScaled(-value(dLogP, row + r), z.array(), from, g, at, d);
      }
    }
    if (dz != null) {
      Lanes.add(dz.array(), dz.offset() + row * d, g, 0, rows * d);
    }
  }

  /** out = L⁻ᵀ·eps, with tiles behind it. */
  private void solveForNoise(int block, float[] noiseArray, int noiseAt, float[] out) {
    Scratch scratch = Scratch.get();
    int inverse = tiling.rowsIn(block) * d;
    int tiles = inverse + d * L;
    float[] rows = scratch.floats(3, tiling.pointsIn(block) * d);
    float[] panel = scratch.floats(0, FactorTile.panelSize(d));
    FactorSolves.inverse(tiling, factor, block, d, rows, out, inverse);
    FactorSolves.load(tiling, block, d, noiseArray, noiseAt, out, tiles);
    FactorSolves.transposed(tiling, factor, block, d, out, inverse, tiles, panel);
    FactorSolves.store(tiling, block, d, out, tiles, out, 0);
  }

  private void throughLogQ(int block, Tensor g) {
    int row = tiling.firstRow(block);
    int n = tiling.rowsIn(block) / tiling.pointsIn(block);
    float[] none = Scratch.get().floats(3, 0);
    for (int r = row; r < row + tiling.rowsIn(block); r += n) {
      double sum = 0;
      for (int k = 0; k < n; k++) {
        sum += value(g, r + k);
      }
      gradient.addToLogDiagonal(r / tiling.samples(), (float) -sum, none, 0);
    }
  }

  private void throughDivergence(int block, Tensor g) {
    int point = tiling.firstPoint(block);
    int points = tiling.pointsIn(block);
    int size = FactorTile.offset(d);
    float[] sigma = Scratch.get().floats(3, points * d);
    factor.diagonal(point, points, sigma);
    for (int p = 0; p < points; p++) {
      int b = point + p;
      float scale = value(g, b);
      int at = b * size;
      if (!samplesReached()) {
        FactorOuter.addScaled(
            scale, lower.array(), lower.offset() + at, dLower.array(), dLower.offset() + at, size);
      }
      at = b * d;
      FactorOuter.addScaled(scale, mu.array(), mu.offset() + at, dMu.array(), dMu.offset() + at, d);
      at += dLogSigma.offset();
      for (int i = 0; i < d; i++) {
        float excess = Math.fma(sigma[p * d + i], sigma[p * d + i], -1f);
        dLogSigma.array()[at + i] = Math.fma(scale, excess, dLogSigma.array()[at + i]);
      }
    }
  }

  private static void scale(float factor, float[] a, int from, int n) {
    for (int i = from; i < from + n; i++) {
      a[i] *= factor;
    }
  }

  private static float value(Tensor t, int i) {
    return t.array()[t.offset() + i];
  }
}
