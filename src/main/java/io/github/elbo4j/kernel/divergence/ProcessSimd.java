package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@link ProcessKernels} on vectors. The kernel matrix is computed a row at a time from points
 * scaled by the square roots of their weights ({@link ArdPoints}), so that a distance needs no
 * weights.
 */
public final class ProcessSimd extends ProcessKernels {
  private static final ThreadLocal<ArdForward> FORWARD = ThreadLocal.withInitial(ArdForward::new);
  private static final ThreadLocal<ArdBackward> BACKWARD =
      ThreadLocal.withInitial(ArdBackward::new);

  private static final ThreadLocal<CombineRows> COMBINE = ThreadLocal.withInitial(CombineRows::new);

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
    ArdBackward task = BACKWARD.get();
    Tensor other = y == null ? x : y;
    task.run(x, other, logWeight, logVariance, dK, false, dX, dLogWeight, dLogVariance);
    Tensor toOther = y == null ? dX : dY;
    if (toOther != null) {
      task.run(other, x, logWeight, logVariance, dK, true, toOther, null, null);
    }
  }

  @Override
  protected void doConditionalVariance(Tensor v, Tensor logVariance, Tensor variance) {
    int n = variance.size();
    float[] out = variance.array();
    int to = variance.offset();
    Arrays.fill(out, to, to + n, (float) Math.exp(logVariance.get(0)));
    for (int i = 0; i < v.rows(); i++) {
      subtractSquares(v.array(), v.offset() + i * n, out, to, n);
    }
    for (int r = 0; r < n; r++) {
      out[to + r] = Math.max(out[to + r], 0);
    }
  }

  private static void subtractSquares(float[] v, int from, float[] out, int to, int n) {
    for (int r = 0; r < n; r++) {
      out[to + r] = Math.fma(-v[from + r], v[from + r], out[to + r]);
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
    for (int i = 0; dV != null && i < v.rows(); i++) {
      addProducts(v.array(), v.offset() + i * n, g, dV.array(), dV.offset() + i * n, n);
    }
  }

  /** dV −= 2·v·g. */
  private static void addProducts(float[] v, int from, float[] g, float[] dV, int to, int n) {
    for (int r = 0; r < n; r++) {
      dV[to + r] = Math.fma(-2 * v[from + r], g[r], dV[to + r]);
    }
  }

  @Override
  protected void doConditionalCovariance(Tensor k, Tensor v, Tensor covariance) {
    if (k.offset() != covariance.offset() || !k.overlaps(covariance)) {
      System.arraycopy(k.array(), k.offset(), covariance.array(), covariance.offset(), k.size());
    }
    // row r −= Σ_i V[i,r]·V[i,·]
    COMBINE.get().subtract(v.array(), v.offset(), 1, v.columns(), v, covariance);
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
      float[] both = Scratch.get().floats(Scratch.HELD, r * r);
      for (int i = 0; i < r; i++) {
        for (int j = 0; j < r; j++) {
          both[i * r + j] = g[from + i * r + j] + g[from + j * r + i];
        }
      }
      // row i −= Σ_s V[i,s]·(G + Gᵀ)[s,·]
      COMBINE.get().subtract(v.array(), v.offset(), r, 1, both, 0, r, dV);
    }
  }
}
