package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link CovarianceKernels} on vectors: each hook hands its arguments to a task that the thread
 * keeps, so nothing is allocated. How rows are laid across lanes is said in {@link FactorTiling},
 * the arithmetic is in {@link FactorTile}, {@link FactorOuter} and {@link DivergenceTile}.
 */
public final class CovarianceSimd extends CovarianceKernels {
  private static final ThreadLocal<SampleForward> FORWARD =
      ThreadLocal.withInitial(SampleForward::new);
  private static final ThreadLocal<SampleBackward> BACKWARD =
      ThreadLocal.withInitial(SampleBackward::new);
  private static final ThreadLocal<FactorDensity> DENSITY =
      ThreadLocal.withInitial(FactorDensity::new);
  private static final ThreadLocal<FactorDivergence> DIVERGENCE =
      ThreadLocal.withInitial(FactorDivergence::new);

  @Override
  protected void doReparameterize(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    FORWARD.get().run(mu, logSigma, lower, eps, noise, z, kl, logQ, logP);
  }

  @Override
  protected void doReparameterizeBackward(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogSigma,
      Tensor dLower) {
    BACKWARD
        .get()
        .run(
            mu,
            logSigma,
            lower,
            eps,
            noise,
            z,
            dz,
            dKl,
            dLogQ,
            dLogP,
            stickTheLanding,
            dMu,
            dLogSigma,
            dLower);
  }

  @Override
  protected void doLogDensity(
      Tensor x, Tensor mu, @Nullable Tensor logSigma, Tensor lower, Tensor logProb) {
    DENSITY.get().forward(x, mu, logSigma, lower, logProb);
  }

  @Override
  protected void doLogDensityBackward(
      Tensor x,
      Tensor mu,
      @Nullable Tensor logSigma,
      Tensor lower,
      Tensor dLogProb,
      @Nullable Tensor dX,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogSigma,
      @Nullable Tensor dLower) {
    DENSITY.get().backward(x, mu, logSigma, lower, dLogProb, dX, dMu, dLogSigma, dLower);
  }

  @Override
  protected void doKl(Tensor mu1, Tensor factor1, Tensor mu2, Tensor factor2, Tensor kl) {
    DIVERGENCE.get().forward(mu1, factor1, mu2, factor2, kl);
  }

  @Override
  protected void doKlBackward(
      Tensor mu1,
      Tensor factor1,
      Tensor mu2,
      Tensor factor2,
      Tensor dKl,
      Tensor dMu1,
      Tensor dFactor1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dFactor2) {
    DIVERGENCE.get().backward(mu1, factor1, mu2, factor2, dKl, dMu1, dFactor1, dMu2, dFactor2);
  }
}
