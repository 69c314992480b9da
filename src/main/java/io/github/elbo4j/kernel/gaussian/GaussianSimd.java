package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link GaussianKernels} on vectors: each hook hands its arguments to a task that the thread
 * keeps, so nothing is allocated, and the task cuts the rows into blocks. The arithmetic is in
 * {@link GaussianRows}.
 */
public final class GaussianSimd extends GaussianKernels {
  private static final ThreadLocal<ReparameterizeForward> FORWARD =
      ThreadLocal.withInitial(ReparameterizeForward::new);
  private static final ThreadLocal<ReparameterizeBackward> BACKWARD =
      ThreadLocal.withInitial(ReparameterizeBackward::new);

  @Override
  protected void doReparameterize(
      Tensor mu,
      Tensor logVar,
      Tensor eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    FORWARD.get().run(mu, logVar, eps, null, z, kl, klPerDim, logQ, logP);
  }

  @Override
  protected void doReparameterizeDrawn(
      Tensor mu,
      Tensor logVar,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    FORWARD.get().run(mu, logVar, null, noise, z, kl, klPerDim, logQ, logP);
  }

  @Override
  protected void doReparameterizeBackward(
      Tensor mu,
      Tensor logVar,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogVar) {
    BACKWARD
        .get()
        .run(mu, logVar, z, dz, dKl, dKlPerDim, dLogQ, dLogP, stickTheLanding, dMu, dLogVar);
  }

  @Override
  protected void doKlToPrior(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim) {
    GaussianPrior.forward(mu, logVar, priorMu, priorLogVar, kl, klPerDim);
  }

  @Override
  protected void doKlToPriorBackward(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      Tensor dMu,
      Tensor dLogVar,
      @Nullable Tensor dPriorMu,
      @Nullable Tensor dPriorLogVar) {
    GaussianPrior.backward(
        mu, logVar, priorMu, priorLogVar, dKl, dKlPerDim, dMu, dLogVar, dPriorMu, dPriorLogVar);
  }

  @Override
  protected void doClampLogVar(Tensor raw, float low, float high, Tensor bounded) {
    GaussianRows.clamp(
        raw.array(), raw.offset(), low, high, bounded.array(), bounded.offset(), raw.size());
  }

  @Override
  protected void doClampLogVarBackward(
      Tensor raw, float low, float high, Tensor dBounded, Tensor dRaw) {
    GaussianRows.clampBackward(
        raw.array(),
        raw.offset(),
        low,
        high,
        dBounded.array(),
        dBounded.offset(),
        dRaw.array(),
        dRaw.offset(),
        raw.size());
  }
}
