package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass over blocks of data points: all samples of a point belong to one block, so its
 * gradients are summed in one order by one thread.
 */
final class ReparameterizeBackward extends KernelTask {
  private static final int BLOCK = 4096;

  private Tensor mu = Tensor.EMPTY;
  private Tensor logVar = Tensor.EMPTY;
  private Tensor z = Tensor.EMPTY;
  private Tensor dMu = Tensor.EMPTY;
  private Tensor dLogVar = Tensor.EMPTY;
  private @Nullable Tensor dz;
  private @Nullable Tensor dKl;
  private @Nullable Tensor dKlPerDim;
  private @Nullable Tensor dLogQ;
  private @Nullable Tensor dLogP;
  private boolean stickTheLanding;
  private int d;
  private int samples;
  private int pointsPerBlock;

  void run(
      Tensor mean,
      Tensor logVariance,
      Tensor sample,
      @Nullable Tensor gradSample,
      @Nullable Tensor gradKl,
      @Nullable Tensor gradKlPerDim,
      @Nullable Tensor gradLogQ,
      @Nullable Tensor gradLogP,
      boolean stl,
      Tensor gradMu,
      Tensor gradLogVar) {
    if (mean.rows() == 0) {
      return;
    }
    mu = mean;
    logVar = logVariance;
    z = sample;
    dz = gradSample;
    dKl = gradKl;
    dKlPerDim = gradKlPerDim;
    dLogQ = gradLogQ;
    dLogP = gradLogP;
    stickTheLanding = stl;
    dMu = gradMu;
    dLogVar = gradLogVar;
    d = mu.columns();
    samples = z.rows() / mu.rows();
    pointsPerBlock = Math.max(1, BLOCK / Math.max(1, d * samples));
    fork(Math.ceilDiv(mu.rows(), pointsPerBlock), 20L * z.size());
  }

  @Override
  protected void forget() {
    mu = Tensor.EMPTY;
    logVar = Tensor.EMPTY;
    z = Tensor.EMPTY;
    dMu = Tensor.EMPTY;
    dLogVar = Tensor.EMPTY;
    dz = null;
    dKl = null;
    dKlPerDim = null;
    dLogQ = null;
    dLogP = null;
  }

  @Override
  public void run(int block) {
    int first = block * pointsPerBlock;
    int end = Math.min(mu.rows(), first + pointsPerBlock);
    boolean toDivergence = dKl != null || dKlPerDim != null;
    if (samples == 1 && dz != null && toDivergence && dLogQ == null && dLogP == null) {
      sampleAndDivergence(first, end, dz);
      return;
    }
    float[] work = Scratch.get().floats(0, d);
    for (int b = first; b < end; b++) {
      for (int k = 0; k < samples; k++) {
        sampleRow(b, b * samples + k, work);
      }
    }
    if (toDivergence) {
      divergence(first, end);
    }
  }

  /** One sample a point, as in a VAE: the block is one long row. */
  private void sampleAndDivergence(int first, int end, Tensor toSample) {
    int n = (end - first) * d;
    int at = first * d;
    Scratch scratch = Scratch.get();
    GaussianRows.sampleAndKlBackward(
        mu.array(),
        mu.offset() + at,
        logVar.array(),
        logVar.offset() + at,
        z.array(),
        z.offset() + at,
        toSample.array(),
        toSample.offset() + at,
        divergenceGradients(first, end, scratch.floats(2, n)),
        dMu.array(),
        dMu.offset() + at,
        dLogVar.array(),
        dLogVar.offset() + at,
        n,
        scratch.floats(1, SimdMath.L));
  }

  /** The gradient that reaches the divergence of each element of a block. */
  private float[] divergenceGradients(int first, int end, float[] g) {
    for (int b = first; b < end; b++) {
      int row = (b - first) * d;
      java.util.Arrays.fill(g, row, row + d, at(dKl, b));
    }
    if (dKlPerDim != null) {
      Lanes.add(dKlPerDim.array(), dKlPerDim.offset() + first * d, g, 0, (end - first) * d);
    }
    return g;
  }

  /**
   * Gradients that reach the parameters through one sample: dz, and dlogP and dlogQ through z. What
   * is null is left out, never multiplied: 0·∞ would be NaN.
   */
  private void sampleRow(int b, int r, float[] work) {
    int p = b * d;
    int row = r * d;
    boolean throughPosterior = stickTheLanding && dLogQ != null;
    float[] g = work;
    int gFrom = 0;
    if (dLogP != null || throughPosterior) {
      throughDensities(p, row, r, throughPosterior, work);
    } else if (dz != null) {
      g = dz.array();
      gFrom = dz.offset() + row;
    }
    if (dz != null || dLogP != null || throughPosterior) {
      GaussianRows.sampleBackward(
          mu.array(),
          mu.offset() + p,
          z.array(),
          z.offset() + row,
          g,
          gFrom,
          dMu.array(),
          dMu.offset() + p,
          dLogVar.array(),
          dLogVar.offset() + p,
          d);
    }
    if (!stickTheLanding && dLogQ != null) {
      GaussianRows.addConstant(dLogVar.array(), dLogVar.offset() + p, -0.5f * at(dLogQ, r), d);
    }
  }

  /** work = dz − dlogP·z − dlogQ·(z − mu)/σ² of row {@code r}. */
  private void throughDensities(int p, int row, int r, boolean throughPosterior, float[] work) {
    if (throughPosterior) {
      GaussianRows.throughPosterior(
          mu.array(),
          mu.offset() + p,
          logVar.array(),
          logVar.offset() + p,
          z.array(),
          z.offset() + row,
          at(dLogQ, r),
          work,
          d);
    } else {
      java.util.Arrays.fill(work, 0, d, 0f);
    }
    if (dLogP != null) {
      GaussianRows.throughPrior(z.array(), z.offset() + row, at(dLogP, r), work, d);
    }
    GaussianRows.fromSample(
        dz == null ? null : dz.array(), dz == null ? 0 : dz.offset() + row, work, d);
  }

  private void divergence(int first, int end) {
    int n = (end - first) * d;
    int at = first * d;
    Scratch scratch = Scratch.get();
    float[] variance = scratch.floats(1, n);
    GaussianRows.exp(1, logVar.array(), logVar.offset() + at, variance, n);
    GaussianRows.klBackward(
        mu.array(),
        mu.offset() + at,
        variance,
        divergenceGradients(first, end, scratch.floats(2, n)),
        dMu.array(),
        dMu.offset() + at,
        dLogVar.array(),
        dLogVar.offset() + at,
        n);
  }

  private static float at(@Nullable Tensor t, int i) {
    return t == null ? 0 : t.array()[t.offset() + i];
  }
}
