package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.DeviceStorage;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link SplineKernels} on a device: cuda/spline.cu. A mask on the device is counted there, and
 * nothing waits for it: where it sets other than Dt dimensions, the results are NaN.
 */
public final class SplineCuda extends SplineKernels {
  /** A thread takes one transformed dimension, not four. */
  private static final int EACH = 4;

  private final Cuda cuda;
  private final CudaKernel index;
  private final GroupKernel transform;
  private final GroupKernel backward;

  public SplineCuda(Cuda cuda) {
    this.cuda = cuda;
    index = cuda.kernel("spline", "spline_index");
    transform = new GroupKernel(cuda, "spline", "spline_transform");
    backward = new GroupKernel(cuda, "spline", "spline_backward");
  }

  /** The arguments that both kernels begin with. */
  private DeviceCall begin(
      Tensor z, Tensor params, Tensor mask, int bins, float bound, boolean inverse) {
    if (!(mask.storage() instanceof DeviceStorage)) {
      transformed(mask, params, bins, new int[z.columns()]);
    }
    DeviceCall call = cuda.begin();
    long set = call.in(mask);
    long dt = transformed(params, bins);
    long dimensions = call.scratch((dt + 1) * Integer.BYTES);
    call.pass(set).pass(dimensions).pass(z.columns()).pass(dt).launch(index, 1, 32, 0);
    call.pass(call.in(z)).pass(call.in(params)).pass(set).pass(dimensions).pass(bins);
    return call.pass(bound).pass(inverse);
  }

  private static int transformed(Tensor params, int bins) {
    return params.columns() / parameters(bins, 1);
  }

  private static void end(DeviceCall call, GroupKernel kernel, Tensor z, int dt) {
    kernel.launch(call.pass(z.rows()).pass(z.columns()).pass(dt), z.rows(), EACH * dt);
    call.end();
  }

  @Override
  protected void doTransform(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      boolean inverse,
      Tensor out,
      @Nullable Tensor logDet) {
    DeviceCall call = begin(z, params, mask, bins, bound, inverse);
    call.pass(call.out(out)).pass(call.inOut(logDet));
    end(call, transform, z, transformed(params, bins));
  }

  @Override
  protected void doTransformBackward(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      boolean inverse,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dParams) {
    DeviceCall call = begin(z, params, mask, bins, bound, inverse);
    call.pass(call.in(dOut)).pass(call.in(dLogDet)).pass(call.inOut(dZ)).pass(call.inOut(dParams));
    end(call, backward, z, transformed(params, bins));
  }
}
