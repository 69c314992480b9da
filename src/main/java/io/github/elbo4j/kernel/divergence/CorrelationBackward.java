package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of the log densities under the aggregated posterior. A block is a run of samples with
 * sums of its own for the posteriors; there are at most {@link #MOST_BLOCKS}, fewer where the
 * posteriors are very many, whatever the number of threads, and their sums are added in order at
 * the end.
 */
final class CorrelationBackward extends KernelTask {
  private static final int MOST_BLOCKS = 8;
  private static final int FEWEST_ROWS = 16;

  /** Floats for the sums of all blocks, unless one needs more. */
  private static final int MOST_SUMS = 1 << 26;

  private final PosteriorColumns posteriors = new PosteriorColumns();
  private Tensor z = Tensor.EMPTY;
  private Tensor logQ = Tensor.EMPTY;
  private Tensor logQPerDim = Tensor.EMPTY;
  private @Nullable Tensor dLogQ;
  private @Nullable Tensor dPerDim;
  private Tensor dZ = Tensor.EMPTY;
  private int rowsPerBlock;

  void run(
      Tensor samples,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor joint,
      Tensor perDim,
      @Nullable Tensor toJoint,
      @Nullable Tensor toPerDim,
      Tensor gradZ,
      Tensor gradMu,
      Tensor gradLogVar) {
    if (samples.rows() == 0 || (toJoint == null && toPerDim == null)) {
      return;
    }
    z = samples;
    logQ = joint;
    logQPerDim = perDim;
    dLogQ = toJoint;
    dPerDim = toPerDim;
    dZ = gradZ;
    int sums = 2 * mu.columns() * PointColumns.width(mu.rows());
    int most = Math.clamp(MOST_SUMS / Math.max(1, sums), 1, MOST_BLOCKS);
    rowsPerBlock = Math.max(FEWEST_ROWS, Math.ceilDiv(z.rows(), most));
    int blocks = Math.ceilDiv(z.rows(), rowsPerBlock);
    posteriors.prepare(mu, logVar, examples, weighting, blocks * sums);
    try {
      Arrays.fill(posteriors.values, posteriors.extra, posteriors.extra + blocks * sums, 0f);
      Parallel.run(this, blocks, 25L * z.size() * mu.rows());
      addSums(posteriors.extra, blocks, gradMu);
      addSums(posteriors.extra + posteriors.matrix, blocks, gradLogVar);
    } finally {
      forget();
    }
  }

  @Override
  protected void forget() {
    posteriors.forget();
    z = Tensor.EMPTY;
    logQ = Tensor.EMPTY;
    logQPerDim = Tensor.EMPTY;
    dLogQ = null;
    dPerDim = null;
    dZ = Tensor.EMPTY;
  }

  /** gradient[j,i] += Σ_blocks of the element (i,j) of its matrix; the first is at {@code from}. */
  private void addSums(int from, int blocks, Tensor gradient) {
    int d = gradient.columns();
    float[] out = gradient.array();
    for (int j = 0; j < gradient.rows(); j++) {
      for (int i = 0; i < d; i++) {
        float sum = 0;
        for (int b = 0; b < blocks; b++) {
          sum += posteriors.values[from + 2 * b * posteriors.matrix + i * posteriors.width + j];
        }
        out[gradient.offset() + j * d + i] += sum;
      }
    }
  }

  @Override
  public void run(int block) {
    int n = posteriors.width;
    Scratch scratch = Scratch.get();
    float[] shared = scratch.floats(0, n);
    float[] terms = scratch.floats(1, n);
    float[] logW = scratch.floats(2, n);
    float[] lanes = scratch.floats(3, SimdMath.L);
    posteriors.startWeights(logW);
    int sums = posteriors.extra + 2 * block * posteriors.matrix;
    int end = Math.min(z.rows(), (block + 1) * rowsPerBlock);
    for (int r = block * rowsPerBlock; r < end; r++) {
      posteriors.enter(r, logW);
      shared(r, shared, terms, logW);
      row(r, shared, terms, logW, sums, lanes);
      posteriors.leave(r, logW);
    }
  }

  /** dLogQ[r]·exp( log W + Σ_d l − logQ[r] ) of all posteriors. */
  private void shared(int r, float[] shared, float[] terms, float[] logW) {
    int n = posteriors.width;
    int d = z.columns();
    Arrays.fill(shared, 0, n, 0f);
    if (dLogQ == null) {
      return;
    }
    for (int i = 0; i < d; i++) {
      float sample = z.array()[z.offset() + r * d + i];
      CorrelationRows.logDensities(
          posteriors.values, i * n, posteriors.matrix, sample, logW, terms, shared, n);
    }
    CorrelationRows.addWeights(shared, logW, n);
    float g = dLogQ.array()[dLogQ.offset() + r];
    CorrelationRows.responsibilities(shared, logQ.array()[logQ.offset() + r], g, n);
  }

  private void row(int r, float[] shared, float[] terms, float[] logW, int sums, float[] lanes) {
    int n = posteriors.width;
    int d = z.columns();
    for (int i = 0; i < d; i++) {
      int at = r * d + i;
      float sample = z.array()[z.offset() + at];
      float shift = logQPerDim.array()[logQPerDim.offset() + at];
      float g = dPerDim == null ? 0 : dPerDim.array()[dPerDim.offset() + at];
      CorrelationRows.logResponsibilities(
          posteriors.values, i * n, posteriors.matrix, sample, logW, shift, terms, n);
      int dMu = sums + i * n;
      double toZ = 0;
      for (int first = 0; first < n; first += Lanes.CHUNK) {
        CorrelationRows.gradients(
            posteriors.values,
            i * n,
            posteriors.matrix,
            sample,
            terms,
            g,
            shared,
            dMu,
            dMu + posteriors.matrix,
            first,
            Math.min(n, first + Lanes.CHUNK),
            lanes);
        toZ += Lanes.sum(lanes, 0);
      }
      dZ.array()[dZ.offset() + at] -= (float) toZ;
    }
  }
}
