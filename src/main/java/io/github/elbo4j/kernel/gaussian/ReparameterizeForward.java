package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.random.PhiloxSimd;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The forward pass over blocks of rows of sample space. A block draws its noise (when it is not
 * given) into scratch that stays in L1; σ is computed once a block for all its data points,
 * whatever their number of samples.
 */
final class ReparameterizeForward extends KernelTask {
  /** Elements of a block: fixed, so that results do not depend on the number of threads. */
  private static final int BLOCK = 4096;

  private static final double LOG_2PI = Math.log(2 * Math.PI);

  private Tensor mu = Tensor.EMPTY;
  private Tensor logVar = Tensor.EMPTY;
  private Tensor z = Tensor.EMPTY;
  private @Nullable Tensor eps;
  private @Nullable NoiseKey noise;
  private @Nullable Tensor kl;
  private @Nullable Tensor klPerDim;
  private @Nullable Tensor logQ;
  private @Nullable Tensor logP;
  private int d;
  private int samples;
  private int rowsPerBlock;

  /** Either {@code given} or {@code drawn} is the noise. */
  void run(
      Tensor mean,
      Tensor logVariance,
      @Nullable Tensor given,
      @Nullable NoiseKey drawn,
      Tensor sample,
      @Nullable Tensor divergence,
      @Nullable Tensor divergencePerDim,
      @Nullable Tensor logPosterior,
      @Nullable Tensor logPrior) {
    int rows = sample.rows();
    if (rows == 0) {
      return;
    }
    mu = mean;
    logVar = logVariance;
    eps = given;
    noise = drawn;
    z = sample;
    kl = divergence;
    klPerDim = divergencePerDim;
    logQ = logPosterior;
    logP = logPrior;
    d = mu.columns();
    samples = rows / mu.rows();
    rowsPerBlock = Math.max(1, BLOCK / Math.max(1, d));
    fork(Math.ceilDiv(rows, rowsPerBlock), 20L * z.size());
  }

  @Override
  protected void forget() {
    mu = Tensor.EMPTY;
    logVar = Tensor.EMPTY;
    z = Tensor.EMPTY;
    eps = null;
    noise = null;
    kl = null;
    klPerDim = null;
    logQ = null;
    logP = null;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(z.rows(), first + rowsPerBlock);
    Scratch scratch = Scratch.get();
    float[] lanes = scratch.floats(2, SimdMath.L);
    float[] noiseArray;
    int noiseAt;
    if (eps != null) {
      noiseArray = eps.array();
      noiseAt = eps.offset() + first * d;
    } else {
      int n = (end - first) * d;
      noiseArray = scratch.floats(1, n);
      noiseAt = 0;
      if (noise != null) {
        PhiloxSimd.normals(noise, (long) first * d, noiseArray, 0, n);
      }
    }
    if (samples == 1 && logQ == null && logP == null) {
      block(first, end, noiseArray, noiseAt, lanes);
    } else {
      int point = first / samples;
      int n = ((end - 1) / samples + 1 - point) * d;
      float[] sigma = scratch.floats(0, n);
      GaussianRows.exp(0.5f, logVar.array(), logVar.offset() + point * d, sigma, n);
      rows(first, end, sigma, noiseArray, noiseAt, lanes);
    }
  }

  /** One sample a point, as in a VAE: the block is one long row, but for the sums. */
  private void block(int first, int end, float[] noiseArray, int noiseAt, float[] lanes) {
    int at = first * d;
    int n = (end - first) * d;
    float[] terms = klPerDim == null ? Scratch.get().floats(0, n) : klPerDim.array();
    int t = klPerDim == null ? 0 : klPerDim.offset() + at;
    float[] m = mu.array();
    int mAt = mu.offset() + at;
    float[] v = logVar.array();
    int vAt = logVar.offset() + at;
    int zAt = z.offset() + at;
    GaussianRows.sampleAndKl(
        m, mAt, v, vAt, noiseArray, noiseAt, z.array(), zAt, terms, t, n, lanes);
    if (kl != null) {
      float[] rowLanes = Scratch.get().floats(3, Lanes.ROWS * SimdMath.L);
      Lanes.rowSums(terms, t, end - first, d, rowLanes, kl.array(), kl.offset() + first);
    }
  }

  private void rows(
      int first, int end, float[] sigma, float[] noiseArray, int noiseAt, float[] lanes) {
    for (int r = first; r < end; r++, noiseAt += d) {
      int b = r / samples;
      int p = b * d;
      int s = p - first / samples * d;
      if (r % samples == 0) {
        writeDivergence(b, p, sigma, s, lanes);
      }
      double squares = logQ == null ? 0 : Lanes.sumOfSquares(noiseArray, noiseAt, d, lanes);
      GaussianRows.sample(
          mu.array(),
          mu.offset() + p,
          sigma,
          s,
          noiseArray,
          noiseAt,
          z.array(),
          z.offset() + r * d,
          d);
      if (logQ != null) {
        double logVars = Lanes.sum(logVar.array(), logVar.offset() + p, d, lanes);
        logQ.array()[logQ.offset() + r] = (float) (-0.5 * (squares + d * LOG_2PI + logVars));
      }
      if (logP != null) {
        double sum = Lanes.sumOfSquares(z.array(), z.offset() + r * d, d, lanes);
        logP.array()[logP.offset() + r] = (float) (-0.5 * (sum + d * LOG_2PI));
      }
    }
  }

  private void writeDivergence(int b, int p, float[] sigma, int s, float[] lanes) {
    float[] m = mu.array();
    int mAt = mu.offset() + p;
    float[] v = logVar.array();
    int vAt = logVar.offset() + p;
    if (kl != null) {
      double sum = GaussianRows.kl(m, mAt, v, vAt, sigma, s, d, lanes);
      kl.array()[kl.offset() + b] = (float) sum;
    }
    if (klPerDim != null) {
      int to = klPerDim.offset() + p;
      GaussianRows.klPerDim(m, mAt, v, vAt, sigma, s, klPerDim.array(), to, d);
    }
  }
}
