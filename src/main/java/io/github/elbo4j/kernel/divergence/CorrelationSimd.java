package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link CorrelationKernels} on vectors: lanes run across the posteriors, whose parameters are
 * transposed once ({@link PosteriorColumns}); the arithmetic is in {@link CorrelationRows}.
 */
public final class CorrelationSimd extends CorrelationKernels {
  private static final ThreadLocal<CorrelationForward> FORWARD =
      ThreadLocal.withInitial(CorrelationForward::new);
  private static final ThreadLocal<CorrelationBackward> BACKWARD =
      ThreadLocal.withInitial(CorrelationBackward::new);

  @Override
  protected void doLogDensities(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim) {
    FORWARD.get().run(z, mu, logVar, examples, weighting, logQ, logQPerDim);
  }

  @Override
  protected void doLogDensitiesBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogQPerDim,
      Tensor dZ,
      Tensor dMu,
      Tensor dLogVar) {
    BACKWARD
        .get()
        .run(
            z,
            mu,
            logVar,
            examples,
            weighting,
            logQ,
            logQPerDim,
            dLogQ,
            dLogQPerDim,
            dZ,
            dMu,
            dLogVar);
  }
}
