package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ScoreKernels} on vectors: tasks over blocks of points ({@link LogProbTask}) and of rows of
 * samples ({@link SampleRowsTask}); the arithmetic is in {@link ScoreRows}.
 */
public final class ScoreSimd extends ScoreKernels {
  private static final ThreadLocal<LogProbTask> LOG_PROB =
      ThreadLocal.withInitial(LogProbTask::new);
  private static final ThreadLocal<SampleRowsTask> SAMPLES =
      ThreadLocal.withInitial(SampleRowsTask::new);

  @Override
  protected void doGaussianLogProb(Tensor z, Tensor mu, Tensor logVar, Tensor logQ) {
    LOG_PROB.get().forward(z, mu, logVar, logQ);
  }

  @Override
  protected void doGaussianLogProbBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      Tensor dLogQ,
      @Nullable Tensor dZ,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar) {
    LOG_PROB.get().backward(z, mu, logVar, dLogQ, dZ, dMu, dLogVar);
  }

  @Override
  protected void doBernoulliLogProb(Tensor x, Tensor logits, Tensor logQ) {
    LOG_PROB.get().forward(x, logits, null, logQ);
  }

  @Override
  protected void doBernoulliLogProbBackward(Tensor x, Tensor logits, Tensor dLogQ, Tensor dLogits) {
    LOG_PROB.get().backward(x, logits, null, dLogQ, null, dLogits, null);
  }

  @Override
  protected void doLeaveOneOut(Tensor f, Tensor baseline) {
    SAMPLES.get().leaveOneOut(f, baseline);
  }

  @Override
  protected void doVimco(Tensor logW, @Nullable Tensor bound, Tensor signal) {
    SAMPLES.get().vimco(logW, bound, signal);
  }

  @Override
  protected void doControlVariate(
      Tensor f, Tensor h, Tensor coefficient, @Nullable Tensor controlled) {
    SAMPLES.get().controlVariate(f, h, coefficient, controlled);
  }
}
