package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link CouplingKernels} on vectors: a block of rows goes through array functions and short loops
 * ({@link CouplingRows}, {@link GatedRows}) while it is in the L1 cache.
 */
public final class CouplingSimd extends CouplingKernels {
  private static final ThreadLocal<AdditiveTask> ADDITIVE =
      ThreadLocal.withInitial(AdditiveTask::new);
  private static final ThreadLocal<AffineForward> AFFINE =
      ThreadLocal.withInitial(AffineForward::new);
  private static final ThreadLocal<AffineBackward> AFFINE_BACKWARD =
      ThreadLocal.withInitial(AffineBackward::new);
  private static final ThreadLocal<GatedForward> GATED = ThreadLocal.withInitial(GatedForward::new);
  private static final ThreadLocal<GatedBackward> GATED_BACKWARD =
      ThreadLocal.withInitial(GatedBackward::new);

  @Override
  protected void doAdditive(Tensor z, Tensor t, Tensor mask, boolean inverse, Tensor out) {
    ADDITIVE.get().run(z, t, mask, inverse, out);
  }

  @Override
  protected void doAdditiveBackward(
      Tensor mask, boolean inverse, Tensor dOut, @Nullable Tensor dZ, @Nullable Tensor dT) {
    ADDITIVE.get().runBackward(mask, inverse, dOut, dZ, dT);
  }

  @Override
  protected void doAffine(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      boolean inverse,
      Tensor out,
      @Nullable Tensor logDet) {
    AFFINE.get().run(z, t, s, scale, mask, inverse, out, logDet);
  }

  @Override
  protected void doAffineBackward(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      boolean inverse,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dT,
      @Nullable Tensor dS,
      @Nullable Tensor dScale) {
    AFFINE_BACKWARD.get().run(z, t, s, scale, mask, inverse, dOut, dLogDet, dZ, dT, dS, dScale);
  }

  @Override
  protected void doGated(
      Tensor z, Tensor m, Tensor s, boolean inverse, Tensor out, @Nullable Tensor logDet) {
    GATED.get().run(z, m, s, inverse, out, logDet);
  }

  @Override
  protected void doGatedBackward(
      Tensor z,
      Tensor m,
      Tensor s,
      boolean inverse,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dM,
      @Nullable Tensor dS) {
    GATED_BACKWARD.get().run(z, m, s, inverse, dOut, dLogDet, dZ, dM, dS);
  }
}
