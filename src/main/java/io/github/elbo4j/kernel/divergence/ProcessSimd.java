package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Gemm;
import io.github.elbo4j.kernel.dense.Transpose;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@link ProcessKernels} on vectors. The kernel matrix is computed a tile at a time from points
 * scaled by the square roots of their weights ({@link ArdPoints}), so that a distance needs no
 * weights. Covariances are matrix products.
 */
public final class ProcessSimd extends ProcessKernels {
  private static final ThreadLocal<ArdForward> FORWARD = ThreadLocal.withInitial(ArdForward::new);
  private static final ThreadLocal<ArdBackward> BACKWARD =
      ThreadLocal.withInitial(ArdBackward::new);

  /** Rows of a block of a symmetric product. */
  private static final int BLOCK = 32;

  @Override
  protected void doArd(
      Tensor x, @Nullable Tensor y, Tensor logWeight, Tensor logVariance, float jitter, Tensor k) {
    FORWARD.get().run(x, y == null ? x : y, logWeight, logVariance, k);
    for (int i = 0; y == null && i < k.rows(); i++) {
      k.array()[k.offset() + i * k.columns() + i] += jitter;
    }
  }

  @Override
  protected void doArdBackward(
      Tensor x,
      @Nullable Tensor y,
      Tensor logWeight,
      Tensor logVariance,
      Tensor dK,
      @Nullable Tensor dX,
      @Nullable Tensor dY,
      @Nullable Tensor dLogWeight,
      @Nullable Tensor dLogVariance) {
    Tensor toOther = y == null ? dX : dY;
    BACKWARD
        .get()
        .run(
            x,
            y == null ? x : y,
            logWeight,
            logVariance,
            dK,
            dX,
            toOther,
            dLogWeight,
            dLogVariance);
  }

  @Override
  protected void doConditionalVariance(Tensor v, Tensor logVariance, Tensor variance) {
    int n = variance.size();
    float[] out = variance.array();
    int to = variance.offset();
    Arrays.fill(out, to, to + n, (float) Math.exp(logVariance.get(0)));
    ProcessRows.subtractSquares(v.array(), v.offset(), v.rows(), out, to, n);
    for (int r = 0; r < n; r++) {
      out[to + r] = Math.max(out[to + r], 0);
    }
  }

  @Override
  protected void doConditionalVarianceBackward(
      Tensor v,
      Tensor logVariance,
      Tensor variance,
      Tensor dVariance,
      @Nullable Tensor dV,
      @Nullable Tensor dLogVariance) {
    int n = variance.size();
    Scratch scratch = Scratch.get();
    float[] g = scratch.floats(0, Math.max(1, n));
    for (int r = 0; r < n; r++) {
      g[r] = variance.get(r) == 0 ? 0 : dVariance.get(r);
    }
    if (dLogVariance != null) {
      double sum = Lanes.sum(g, 0, n, scratch.floats(1, SimdMath.L));
      dLogVariance.array()[dLogVariance.offset()] += (float) (Math.exp(logVariance.get(0)) * sum);
    }
    if (dV != null) {
      ProcessRows.subtractProducts(v.array(), v.offset(), v.rows(), g, dV.array(), dV.offset(), n);
    }
  }

  @Override
  protected void doConditionalCovariance(Tensor k, Tensor v, Tensor covariance) {
    int r = v.columns();
    float[] product = Scratch.get().floats(Scratch.HELD, r * r);
    squared(v, product);
    ProcessRows.subtract(
        k.array(), k.offset(), product, covariance.array(), covariance.offset(), r * r);
  }

  /** VᵀV: the blocks on and above the diagonal, and the others from those. */
  private static void squared(Tensor v, float[] product) {
    int r = v.columns();
    for (int i = 0; i < r; i += BLOCK) {
      int rows = Math.min(BLOCK, r - i);
      Gemm.get()
          .a(true, v.array(), v.offset() + i, r)
          .b(false, v.array(), v.offset() + i, r)
          .c(false, product, i * r + i, r)
          .run(rows, r - i, v.rows());
      int next = i + rows;
      Transpose.run(rows, r - next, product, i * r + next, r, product, next * r + i, r);
    }
  }

  @Override
  protected void doConditionalCovarianceBackward(
      Tensor v, Tensor dCovariance, @Nullable Tensor dK, @Nullable Tensor dV) {
    float[] g = dCovariance.array();
    int from = dCovariance.offset();
    if (dK != null) {
      Lanes.add(g, from, dK.array(), dK.offset(), dK.size());
    }
    if (dV != null && dV.size() > 0) {
      int r = v.columns();
      float[] both = Scratch.get().floats(Scratch.HELD, r * r); // −(G + Gᵀ)
      Transpose.run(r, r, g, from, r, both, 0, r);
      Lanes.add(g, from, both, 0, r * r);
      ProcessRows.negate(both, 0, both, 0, r * r);
      Gemm.get()
          .a(false, v.array(), v.offset(), r)
          .b(false, both, 0, r)
          .c(true, dV.array(), dV.offset(), r)
          .run(v.rows(), r, r);
    }
  }
}
