package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link SplineKernels} on vectors whose lanes are dimensions and rows: see {@link SplineTask} for
 * the order of the work, {@link SplineRows} and {@link SplineGradients} for the arithmetic.
 */
public final class SplineSimd extends SplineKernels {
  private static final ThreadLocal<SplineTask> TASK = ThreadLocal.withInitial(SplineTask::new);

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
    SplineTask task = TASK.get();
    transformed(mask, params, bins, task.index(z.columns()));
    task.forward(z, params, bins, bound, inverse, out, logDet);
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
    SplineTask task = TASK.get();
    transformed(mask, params, bins, task.index(z.columns()));
    task.backward(z, params, bins, bound, inverse, dOut, dLogDet, dZ, dParams);
  }
}
