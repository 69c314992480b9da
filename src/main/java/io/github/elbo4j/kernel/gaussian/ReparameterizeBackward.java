package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass over blocks of data points: all samples of a point belong to one block, so its
 * gradients are summed in one order by one thread.
 */
final class ReparameterizeBackward implements Parallel.Task {
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
    if (mu.rows() == 0) {
      return;
    }
    d = mu.columns();
    samples = z.rows() / mu.rows();
    pointsPerBlock = Math.max(1, BLOCK / Math.max(1, d * samples));
    Parallel.run(this, Math.ceilDiv(mu.rows(), pointsPerBlock), 20L * z.size());
  }

  @Override
  public void run(int block) {
    int end = Math.min(mu.rows(), (block + 1) * pointsPerBlock);
    float[] work = Scratch.get().floats(0, d);
    for (int b = block * pointsPerBlock; b < end; b++) {
      for (int k = 0; k < samples; k++) {
        sampleRow(b, b * samples + k, work);
      }
      divergenceRow(b, work);
    }
  }

  /** Gradients that reach the parameters through one sample: dz, and dlogP and dlogQ through z. */
  private void sampleRow(int b, int r, float[] work) {
    int p = b * d;
    int row = r * d;
    float toLogP = at(dLogP, r);
    float toLogQ = at(dLogQ, r);
    boolean direct = toLogP == 0 && (toLogQ == 0 || !stickTheLanding);
    float[] g = work;
    int gFrom = 0;
    if (direct && dz != null) {
      g = dz.array();
      gFrom = dz.offset() + row;
    } else if (!direct) {
      GaussianRows.throughSample(
          mu.array(),
          mu.offset() + p,
          logVar.array(),
          logVar.offset() + p,
          z.array(),
          z.offset() + row,
          dz == null ? null : dz.array(),
          dz == null ? 0 : dz.offset() + row,
          toLogP,
          stickTheLanding ? toLogQ : 0,
          work,
          d);
    }
    if (!direct || dz != null) {
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
    if (!stickTheLanding && toLogQ != 0) {
      GaussianRows.addConstant(dLogVar.array(), dLogVar.offset() + p, -0.5f * toLogQ, d);
    }
  }

  private void divergenceRow(int b, float[] work) {
    if (dKl == null && dKlPerDim == null) {
      return;
    }
    int p = b * d;
    float shared = at(dKl, b);
    if (dKlPerDim == null) {
      java.util.Arrays.fill(work, 0, d, shared);
    } else {
      for (int i = 0; i < d; i++) {
        work[i] = shared + dKlPerDim.array()[dKlPerDim.offset() + p + i];
      }
    }
    GaussianRows.klBackward(
        mu.array(),
        mu.offset() + p,
        logVar.array(),
        logVar.offset() + p,
        work,
        dMu.array(),
        dMu.offset() + p,
        dLogVar.array(),
        dLogVar.offset() + p,
        d);
  }

  private static float at(@Nullable Tensor t, int i) {
    return t == null ? 0 : t.array()[t.offset() + i];
  }
}
