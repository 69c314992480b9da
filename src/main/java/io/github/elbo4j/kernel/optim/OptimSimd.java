package io.github.elbo4j.kernel.optim;

import io.github.elbo4j.kernel.BlockSums;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link OptimKernels} on vectors, in blocks for the team of threads. */
public final class OptimSimd extends OptimKernels {
  private static final ThreadLocal<AdamSweep> ADAM = ThreadLocal.withInitial(AdamSweep::new);
  private static final ThreadLocal<PolyakSweep> POLYAK = ThreadLocal.withInitial(PolyakSweep::new);

  @Override
  protected void doAdam(
      Tensor param,
      Tensor grad,
      Tensor m,
      Tensor v,
      @Nullable Tensor gradScale,
      @Nullable Tensor guard,
      AdamStep step) {
    if (!finite(guard)) {
      grad.fill(0);
      return;
    }
    ADAM.get().run(param, grad, m, v, gradScale, step);
  }

  @Override
  protected void doSquaredNorm(Tensor x, Tensor out) {
    out.array()[out.offset()] = (float) BlockSums.sumOfSquares(x);
  }

  @Override
  protected void doClipScale(Tensor squaredNorm, float maxNorm, Tensor scale) {
    double norm = Math.sqrt(squaredNorm.array()[squaredNorm.offset()]);
    scale.array()[scale.offset()] = norm <= maxNorm ? 1f : (float) (maxNorm / norm);
  }

  @Override
  protected void doPolyak(Tensor average, Tensor param, float decay, @Nullable Tensor guard) {
    if (finite(guard)) {
      POLYAK.get().run(average, param, decay);
    }
  }
}
