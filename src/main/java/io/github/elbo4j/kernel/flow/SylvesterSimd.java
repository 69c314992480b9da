package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link SylvesterKernels} on vectors: matrix products and reflections of tiles of rows. */
public final class SylvesterSimd extends SylvesterKernels {
  private static final ThreadLocal<SylvesterForward> FORWARD =
      ThreadLocal.withInitial(SylvesterForward::new);
  private static final ThreadLocal<SylvesterBackward> BACKWARD =
      ThreadLocal.withInitial(SylvesterBackward::new);
  private static final ThreadLocal<SylvesterInverse> INVERSE =
      ThreadLocal.withInitial(SylvesterInverse::new);

  @Override
  protected void doSylvester(
      Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor zOut, @Nullable Tensor logDet) {
    FORWARD.get().run(z, v, r1, r2, b, zOut, logDet);
  }

  @Override
  protected void doSylvesterInverse(
      Tensor zOut, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor z, @Nullable Tensor logDet) {
    INVERSE.get().run(zOut, v, r1, r2, b, z, logDet);
  }

  @Override
  protected void doSylvesterBackward(
      Tensor z,
      Tensor v,
      Tensor r1,
      Tensor r2,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dv,
      @Nullable Tensor dr1,
      @Nullable Tensor dr2,
      @Nullable Tensor db) {
    BACKWARD.get().run(z, v, r1, r2, b, dzOut, dLogDet, dz, dv, dr1, dr2, db);
  }
}
