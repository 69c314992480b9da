package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link FlowKernels} on vectors: each hook hands its arguments to a task that the thread keeps,
 * which goes over the rows in tiles. The arithmetic is in {@link FlowRows}, {@link RadialRows} and
 * {@link Reflections}.
 */
public final class FlowSimd extends FlowKernels {
  private static final ThreadLocal<PlanarForward> PLANAR =
      ThreadLocal.withInitial(PlanarForward::new);
  private static final ThreadLocal<PlanarBackward> PLANAR_BACKWARD =
      ThreadLocal.withInitial(PlanarBackward::new);
  private static final ThreadLocal<RadialForward> RADIAL =
      ThreadLocal.withInitial(RadialForward::new);
  private static final ThreadLocal<RadialBackward> RADIAL_BACKWARD =
      ThreadLocal.withInitial(RadialBackward::new);
  private static final ThreadLocal<HouseholderForward> HOUSEHOLDER =
      ThreadLocal.withInitial(HouseholderForward::new);
  private static final ThreadLocal<HouseholderBackward> HOUSEHOLDER_BACKWARD =
      ThreadLocal.withInitial(HouseholderBackward::new);

  @Override
  protected void doPlanar(
      Tensor z, Tensor u, Tensor w, Tensor b, Tensor zOut, @Nullable Tensor logDet) {
    PLANAR.get().run(false, z, u, w, b, zOut, logDet);
  }

  @Override
  protected void doPlanarInverse(
      Tensor zOut, Tensor u, Tensor w, Tensor b, Tensor z, @Nullable Tensor logDet) {
    PLANAR.get().run(true, zOut, u, w, b, z, logDet);
  }

  @Override
  protected void doPlanarBackward(
      Tensor z,
      Tensor u,
      Tensor w,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor du,
      @Nullable Tensor dw,
      @Nullable Tensor db) {
    PLANAR_BACKWARD.get().run(z, u, w, b, dzOut, dLogDet, dz, du, dw, db);
  }

  @Override
  protected void doRadial(
      Tensor z, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor zOut, @Nullable Tensor logDet) {
    RADIAL.get().run(false, z, z0, alphaHat, betaHat, zOut, logDet);
  }

  @Override
  protected void doRadialInverse(
      Tensor zOut, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor z, @Nullable Tensor logDet) {
    RADIAL.get().run(true, zOut, z0, alphaHat, betaHat, z, logDet);
  }

  @Override
  protected void doRadialBackward(
      Tensor z,
      Tensor z0,
      Tensor alphaHat,
      Tensor betaHat,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dz0,
      @Nullable Tensor dAlphaHat,
      @Nullable Tensor dBetaHat) {
    RADIAL_BACKWARD
        .get()
        .run(z, z0, alphaHat, betaHat, dzOut, dLogDet, dz, dz0, dAlphaHat, dBetaHat);
  }

  @Override
  protected void doHouseholder(Tensor z, Tensor v, boolean lastFirst, Tensor zOut) {
    HOUSEHOLDER.get().run(z, v, lastFirst, zOut);
  }

  @Override
  protected void doHouseholderBackward(
      Tensor zOut, Tensor v, Tensor dzOut, @Nullable Tensor dz, @Nullable Tensor dv) {
    HOUSEHOLDER_BACKWARD.get().run(zOut, v, dzOut, dz, dv);
  }
}
