package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link DiscrepancyKernels} on vectors: each sum over pairs is a task over blocks of points
 * ({@link DiscrepancySums}), which sees one row of the matrix of pairs at a time.
 */
public final class DiscrepancySimd extends DiscrepancyKernels {
  private static final ThreadLocal<DiscrepancySums> SUMS =
      ThreadLocal.withInitial(DiscrepancySums::new);

  @Override
  protected void doMmd(
      Tensor x, Tensor y, Kernel kernel, float[] scales, boolean unbiased, Tensor mmd) {
    DiscrepancySums sums = SUMS.get();
    double xx = sums.kernels(x, x, kernel, scales, unbiased) / pairsOfOne(x.rows(), unbiased);
    double yy = sums.kernels(y, y, kernel, scales, unbiased) / pairsOfOne(y.rows(), unbiased);
    double xy = sums.kernels(x, y, kernel, scales, false) / ((double) x.rows() * y.rows());
    mmd.array()[mmd.offset()] = (float) (xx + yy - 2 * xy);
  }

  @Override
  protected void doMmdBackward(
      Tensor x,
      Tensor y,
      Kernel kernel,
      float[] scales,
      boolean unbiased,
      Tensor dMmd,
      @Nullable Tensor dX,
      @Nullable Tensor dY) {
    float g = dMmd.array()[dMmd.offset()];
    if (dX != null) {
      towards(x, y, kernel, scales, unbiased, g, dX);
    }
    if (dY != null) {
      towards(y, x, kernel, scales, unbiased, g, dY);
    }
  }

  private static void towards(
      Tensor x, Tensor y, Kernel kernel, float[] scales, boolean unbiased, float g, Tensor dX) {
    DiscrepancySums sums = SUMS.get();
    sums.slopes(x, x, kernel, scales, 4.0 * g / pairsOfOne(x.rows(), unbiased), dX);
    sums.slopes(x, y, kernel, scales, -4.0 * g / ((double) x.rows() * y.rows()), dX);
  }
}
