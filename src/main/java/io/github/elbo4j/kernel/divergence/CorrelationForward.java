package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** Log densities under the aggregated posterior, over blocks of samples. */
final class CorrelationForward extends KernelTask {
  private static final int BLOCK_ROWS = 8;

  private final PosteriorColumns posteriors = new PosteriorColumns();
  private Tensor z = Tensor.EMPTY;
  private Tensor logQ = Tensor.EMPTY;
  private Tensor logQPerDim = Tensor.EMPTY;

  void run(
      Tensor samples,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor joint,
      Tensor perDim) {
    if (samples.rows() == 0) {
      return;
    }
    posteriors.prepare(mu, logVar, examples, weighting, 0);
    z = samples;
    logQ = joint;
    logQPerDim = perDim;
    fork(Math.ceilDiv(z.rows(), BLOCK_ROWS), 15L * z.size() * mu.rows());
  }

  @Override
  protected void forget() {
    posteriors.forget();
    z = Tensor.EMPTY;
    logQ = Tensor.EMPTY;
    logQPerDim = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int n = posteriors.width;
    Scratch scratch = Scratch.get();
    float[] joint = scratch.floats(0, n);
    float[] terms = scratch.floats(1, n);
    float[] logW = scratch.floats(2, n);
    float[] lanes = scratch.floats(3, SimdMath.L);
    posteriors.startWeights(logW);
    int end = Math.min(z.rows(), (block + 1) * BLOCK_ROWS);
    for (int r = block * BLOCK_ROWS; r < end; r++) {
      posteriors.enter(r, logW);
      row(r, joint, terms, logW, lanes);
      posteriors.leave(r, logW);
    }
  }

  private void row(int r, float[] joint, float[] terms, float[] logW, float[] lanes) {
    int n = posteriors.width;
    int d = z.columns();
    Arrays.fill(joint, 0, n, 0f);
    for (int i = 0; i < d; i++) {
      float sample = z.array()[z.offset() + r * d + i];
      CorrelationRows.logDensities(
          posteriors.values, i * n, posteriors.matrix, sample, logW, terms, joint, n);
      logQPerDim.array()[logQPerDim.offset() + r * d + i] =
          (float) CorrelationRows.logSumExp(terms, n, lanes);
    }
    CorrelationRows.addWeights(joint, logW, n);
    logQ.array()[logQ.offset() + r] = (float) CorrelationRows.logSumExp(joint, n, lanes);
  }
}
