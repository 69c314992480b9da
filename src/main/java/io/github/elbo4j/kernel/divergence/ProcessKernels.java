package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a Gaussian process needs beside a Cholesky factor (KERNELS.md §8; Rasmussen and Williams
 * 2006; Tran et al. 2016 for the variational Gaussian process). NaN in gives NaN out.
 */
public abstract class ProcessKernels {
  /**
   * The kernel matrix with automatic relevance determination.
   *
   * <pre>
   * K[i,j] = exp( logVariance − ½ Σ_c exp(logWeight_c)·(x[i,c] − y[j,c])² )  (+ jitter where y is x and i = j)
   * </pre>
   *
   * A weight has the range of a float32. K is symmetric to the bit where y is x.
   *
   * @param x read, [N,C], C at least 1
   * @param y read, [M,C], or null for x itself
   * @param logWeight read, C elements: minus twice the logarithms of the length scales
   * @param logVariance read, one element: log σ²
   * @param jitter &ge; 0, added to the diagonal; 0 unless y is null
   * @param k written, [N,M]
   */
  public final void ard(
      Tensor x, @Nullable Tensor y, Tensor logWeight, Tensor logVariance, float jitter, Tensor k) {
    String m = "ard";
    check(m, x, y, logWeight, logVariance);
    if (!(jitter >= 0) || Float.isInfinite(jitter) || (y != null && jitter != 0)) {
      throw Checks.fail(
          m, "jitter " + jitter + " must be finite, >= 0, and 0 unless y is null (x itself)");
    }
    Checks.shape(m, "k", k, x.rows(), y == null ? x.rows() : y.rows());
    Aliases.of(m)
        .reads("x", x)
        .reads("y", y)
        .reads("logWeight", logWeight)
        .reads("logVariance", logVariance)
        .writes("k", k)
        .end();
    doArd(x, y, logWeight, logVariance, jitter, k);
  }

  /**
   * Gradients of {@link #ard}, with {@code G = dK·K} (K without its jitter, computed again) and
   * {@code w = exp(logWeight)}:
   *
   * <pre>
   * dX[i,c]       −= Σ_j G·w_c·(x − y)         dY[j,c] += Σ_i G·w_c·(x − y)
   * dLogWeight_c  −= Σ_{i,j} ½·G·w_c·(x − y)²
   * dLogVariance  += Σ_{i,j} G
   * </pre>
   *
   * @param x read, [N,C]
   * @param y read, [M,C], or null for x itself: then dX gets both parts
   * @param dK read, [N,M]; need not be symmetric where y is x
   * @param dX accumulated, [N,C], or null
   * @param dY accumulated, [M,C], or null; null where y is
   * @param dLogWeight accumulated, C elements, or null
   * @param dLogVariance accumulated, one element, or null
   */
  public final void ardBackward(
      Tensor x,
      @Nullable Tensor y,
      Tensor logWeight,
      Tensor logVariance,
      Tensor dK,
      @Nullable Tensor dX,
      @Nullable Tensor dY,
      @Nullable Tensor dLogWeight,
      @Nullable Tensor dLogVariance) {
    String m = "ardBackward";
    check(m, x, y, logWeight, logVariance);
    Checks.shape(m, "dK", dK, x.rows(), y == null ? x.rows() : y.rows());
    Checks.same(m, "dX", dX, "x", x);
    if (y == null && dY != null) {
      throw Checks.fail(m, "dY must be null where y is");
    }
    if (y != null) {
      Checks.same(m, "dY", dY, "y", y);
    }
    Checks.length(m, "dLogWeight", dLogWeight, x.columns());
    Checks.length(m, "dLogVariance", dLogVariance, 1);
    Aliases.of(m)
        .reads("x", x)
        .reads("y", y)
        .reads("logWeight", logWeight)
        .reads("logVariance", logVariance)
        .reads("dK", dK)
        .writes("dX", dX)
        .writes("dY", dY)
        .writes("dLogWeight", dLogWeight)
        .writes("dLogVariance", dLogVariance)
        .end();
    doArdBackward(x, y, logWeight, logVariance, dK, dX, dY, dLogWeight, dLogVariance);
  }

  /**
   * The variance of a Gaussian process at R points given its values at M others: with {@code V =
   * L⁻¹·K(others, points)} and L the Cholesky factor of {@code K(others, others)},
   *
   * <pre>
   * variance[r] = max( exp(logVariance) − Σ_i V[i,r]², 0 )
   * </pre>
   *
   * The difference is never negative but for rounding, which the maximum takes away.
   *
   * @param v read, [M,R]
   * @param logVariance read, one element: the logarithm of the variance before anything is known
   * @param variance written, R elements
   */
  public final void conditionalVariance(Tensor v, Tensor logVariance, Tensor variance) {
    String m = "conditionalVariance";
    Checks.length(m, "logVariance", logVariance, 1);
    Checks.length(m, "variance", variance, v.columns());
    Aliases.of(m)
        .reads("v", v)
        .reads("logVariance", logVariance)
        .writes("variance", variance)
        .end();
    doConditionalVariance(v, logVariance, variance);
  }

  /**
   * Gradients of {@link #conditionalVariance}: {@code dV[i,r] −= 2·V·dVariance[r]} and {@code
   * dLogVariance += exp(logVariance)·Σ_r dVariance[r]}, both 0 where the variance is 0.
   *
   * @param v read, [M,R]
   * @param logVariance read, one element
   * @param variance read, R elements, as the forward pass left it
   * @param dVariance read, R elements
   * @param dV accumulated, [M,R], or null
   * @param dLogVariance accumulated, one element, or null
   */
  public final void conditionalVarianceBackward(
      Tensor v,
      Tensor logVariance,
      Tensor variance,
      Tensor dVariance,
      @Nullable Tensor dV,
      @Nullable Tensor dLogVariance) {
    String m = "conditionalVarianceBackward";
    Checks.length(m, "logVariance", logVariance, 1);
    Checks.length(m, "variance", variance, v.columns());
    Checks.length(m, "dVariance", dVariance, v.columns());
    Checks.same(m, "dV", dV, "v", v);
    Checks.length(m, "dLogVariance", dLogVariance, 1);
    Aliases.of(m)
        .reads("v", v)
        .reads("logVariance", logVariance)
        .reads("variance", variance)
        .reads("dVariance", dVariance)
        .writes("dV", dV)
        .writes("dLogVariance", dLogVariance)
        .end();
    doConditionalVarianceBackward(v, logVariance, variance, dVariance, dV, dLogVariance);
  }

  /**
   * The covariance of a Gaussian process at R points given its values at M others, with {@code V =
   * L⁻¹·K(others, points)}:
   *
   * <pre>
   * covariance[r,s] = K(points, points)[r,s] − Σ_i V[i,r]·V[i,s]
   * </pre>
   *
   * Symmetric to the bit where K is. Its diagonal may be slightly negative where nothing is left to
   * know; K with a jitter keeps it positive definite.
   *
   * @param k read, [R,R]
   * @param v read, [M,R]
   * @param covariance written, [R,R]; may be {@code k} itself
   */
  public final void conditionalCovariance(Tensor k, Tensor v, Tensor covariance) {
    String m = "conditionalCovariance";
    Checks.shape(m, "k", k, v.columns(), v.columns());
    Checks.same(m, "covariance", covariance, "k", k);
    Aliases.of(m).reads("k", k).reads("v", v).writesOver("covariance", covariance, k).end();
    doConditionalCovariance(k, v, covariance);
  }

  /**
   * Gradients of {@link #conditionalCovariance}: {@code dK += G} and {@code dV −= V·(G + Gᵀ)}.
   *
   * @param v read, [M,R]
   * @param dCovariance read, [R,R]: G; need not be symmetric
   * @param dK accumulated, [R,R], or null
   * @param dV accumulated, [M,R], or null
   */
  public final void conditionalCovarianceBackward(
      Tensor v, Tensor dCovariance, @Nullable Tensor dK, @Nullable Tensor dV) {
    String m = "conditionalCovarianceBackward";
    Checks.shape(m, "dCovariance", dCovariance, v.columns(), v.columns());
    Checks.same(m, "dK", dK, "dCovariance", dCovariance);
    Checks.same(m, "dV", dV, "v", v);
    Aliases.of(m)
        .reads("v", v)
        .reads("dCovariance", dCovariance)
        .writes("dK", dK)
        .writes("dV", dV)
        .end();
    doConditionalCovarianceBackward(v, dCovariance, dK, dV);
  }

  private static void check(
      String m, Tensor x, @Nullable Tensor y, Tensor logWeight, Tensor logVariance) {
    if (x.columns() == 0) {
      throw Checks.fail(m, "x " + x.shape() + " must have at least one column");
    }
    if (y != null) {
      Checks.columns(m, "y", y, x.columns());
    }
    Checks.length(m, "logWeight", logWeight, x.columns());
    Checks.length(m, "logVariance", logVariance, 1);
  }

  protected abstract void doArd(
      Tensor x, @Nullable Tensor y, Tensor logWeight, Tensor logVariance, float jitter, Tensor k);

  protected abstract void doArdBackward(
      Tensor x,
      @Nullable Tensor y,
      Tensor logWeight,
      Tensor logVariance,
      Tensor dK,
      @Nullable Tensor dX,
      @Nullable Tensor dY,
      @Nullable Tensor dLogWeight,
      @Nullable Tensor dLogVariance);

  protected abstract void doConditionalVariance(Tensor v, Tensor logVariance, Tensor variance);

  protected abstract void doConditionalVarianceBackward(
      Tensor v,
      Tensor logVariance,
      Tensor variance,
      Tensor dVariance,
      @Nullable Tensor dV,
      @Nullable Tensor dLogVariance);

  protected abstract void doConditionalCovariance(Tensor k, Tensor v, Tensor covariance);

  protected abstract void doConditionalCovarianceBackward(
      Tensor v, Tensor dCovariance, @Nullable Tensor dK, @Nullable Tensor dV);
}
