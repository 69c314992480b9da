package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link CouplingKernels} on a device: cuda/coupling.cu. */
public final class CouplingCuda extends CouplingKernels {
  /** Partial sums of dScale: the most a dimension, and the elements of z from which they add up. */
  private static final int MOST_CHUNKS = 4096;

  private static final int ELEMENTS_AT_ONCE = 1 << 18;

  private final Cuda cuda;
  private final GroupKernel additive;
  private final GroupKernel additiveBackward;
  private final GroupKernel affine;
  private final CudaKernel affineBackward;
  private final GroupKernel gated;
  private final GroupKernel gatedBackward;
  private final ColumnSums columnSums;

  public CouplingCuda(Cuda cuda) {
    this.cuda = cuda;
    additive = new GroupKernel(cuda, "coupling", "coupling_additive");
    additiveBackward = new GroupKernel(cuda, "coupling", "coupling_additive_backward");
    affine = new GroupKernel(cuda, "coupling", "coupling_affine");
    affineBackward = cuda.kernel("coupling", "coupling_affine_backward");
    gated = new GroupKernel(cuda, "coupling", "coupling_gated");
    gatedBackward = new GroupKernel(cuda, "coupling", "coupling_gated_backward");
    columnSums = new ColumnSums(cuda);
  }

  @Override
  protected void doAdditive(Tensor z, Tensor t, Tensor mask, boolean inverse, Tensor out) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(z)).pass(call.in(t)).pass(call.in(mask)).pass(inverse).pass(call.out(out));
    additive.launch(call.pass(z.rows()).pass(z.columns()), z.rows(), z.columns());
    call.end();
  }

  @Override
  protected void doAdditiveBackward(
      Tensor mask, boolean inverse, Tensor dOut, @Nullable Tensor dZ, @Nullable Tensor dT) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(mask)).pass(inverse).pass(call.in(dOut)).pass(call.inOut(dZ));
    call.pass(call.inOut(dT)).pass(dOut.rows()).pass(dOut.columns());
    additiveBackward.launch(call, dOut.rows(), dOut.columns());
    call.end();
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
    DeviceCall call = cuda.begin();
    call.pass(call.in(z)).pass(call.in(t)).pass(call.in(s)).pass(call.in(scale));
    call.pass(call.in(mask)).pass(inverse).pass(call.out(out)).pass(call.inOut(logDet));
    affine.launch(call.pass(z.rows()).pass(z.columns()), z.rows(), z.columns());
    call.end();
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
    DeviceCall call = cuda.begin();
    long d = z.columns();
    long per = dScale == null ? 1 : rowsEach(z.rows(), d);
    long chunks = (z.rows() + per - 1) / per;
    long part = dScale == null ? 0 : call.scratch(chunks * d * Float.BYTES);
    call.pass(call.in(z)).pass(call.in(t)).pass(call.in(s)).pass(call.in(scale));
    call.pass(call.in(mask)).pass(inverse).pass(call.in(dOut)).pass(call.in(dLogDet));
    call.pass(call.inOut(dZ)).pass(call.inOut(dT)).pass(call.inOut(dS)).pass(part);
    call.pass(z.rows()).pass(per).pass(d).launchFlat(affineBackward, chunks * ((d + 3) / 4));
    if (dScale != null) {
      columnSums.addTo(call, part, chunks, d, call.inOut(dScale));
    }
    call.end();
  }

  /** Rows a partial sum of dScale has: of sizes alone, so that the bits stay. */
  private static long rowsEach(long rows, long d) {
    long many = (rows * d + ELEMENTS_AT_ONCE - 1) / ELEMENTS_AT_ONCE;
    return Math.max(1, Math.max(many, (rows + MOST_CHUNKS - 1) / MOST_CHUNKS));
  }

  @Override
  protected void doGated(
      Tensor z, Tensor m, Tensor s, boolean inverse, Tensor out, @Nullable Tensor logDet) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(z)).pass(call.in(m)).pass(call.in(s)).pass(inverse).pass(call.out(out));
    call.pass(call.inOut(logDet)).pass(z.rows()).pass(z.columns());
    gated.launch(call, z.rows(), z.columns());
    call.end();
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
    DeviceCall call = cuda.begin();
    call.pass(call.in(z)).pass(call.in(m)).pass(call.in(s)).pass(inverse).pass(call.in(dOut));
    call.pass(call.in(dLogDet)).pass(call.inOut(dZ)).pass(call.inOut(dM)).pass(call.inOut(dS));
    call.pass(z.rows()).pass(z.columns());
    gatedBackward.launch(call, z.rows(), z.columns());
    call.end();
  }
}
