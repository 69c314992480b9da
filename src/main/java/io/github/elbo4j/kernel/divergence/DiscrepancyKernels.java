package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The maximum mean discrepancy between two samples (KERNELS.md §8; Gretton et al. 2012), as InfoVAE
 * and the Wasserstein autoencoder use it. No matrix of pairs is kept in memory. NaN in gives NaN
 * out.
 */
public abstract class DiscrepancyKernels {
  /** A kernel k of two points as a function of their squared distance s, at a scale c &gt; 0. */
  public enum Kernel {
    /** {@code exp( −s/(2c) )}: radial basis function of variance c. */
    RBF,
    /** {@code c/(c + s)}: inverse multiquadratic (Tolstikhin et al. 2018). */
    INVERSE_MULTIQUADRATIC
  }

  /**
   * The squared discrepancy of a sum of kernels of several scales.
   *
   * <pre>
   * unbiased: mmd² = Σ_{i≠j} k(x_i,x_j)/(N(N−1)) + Σ_{i≠j} k(y_i,y_j)/(M(M−1)) − 2 Σ_{i,j} k(x_i,y_j)/(N·M)
   * biased:   mmd² = Σ_{i,j} k(x_i,x_j)/N²       + Σ_{i,j} k(y_i,y_j)/M²       − 2 Σ_{i,j} k(x_i,y_j)/(N·M)
   * </pre>
   *
   * The biased estimate is never negative but for rounding; the unbiased one has the right mean.
   *
   * @param x read, [N,D], N at least 2 (1 when biased)
   * @param y read, [M,D], M at least 2 (1 when biased)
   * @param scales of the kernels, each &gt; 0; at least one
   * @param mmd written, one element
   */
  public final void mmd(
      Tensor x, Tensor y, Kernel kernel, float[] scales, boolean unbiased, Tensor mmd) {
    String m = "mmd";
    check(m, x, y, scales, unbiased);
    Checks.length(m, "mmd", mmd, 1);
    Aliases.of(m).reads("x", x).reads("y", y).writes("mmd", mmd).end();
    doMmd(x, y, kernel, scales, unbiased, mmd);
  }

  /**
   * Gradients of {@link #mmd}; with {@code k'} the derivative of the kernel by the squared distance
   * and the divisors of the forward pass:
   *
   * <pre>
   * dX_i += g·( 4/(N(N−1))·Σ_j k'(x_i,x_j)·(x_i − x_j) − 4/(N·M)·Σ_j k'(x_i,y_j)·(x_i − y_j) )
   * </pre>
   *
   * and likewise for y.
   *
   * @param x read, [N,D]
   * @param y read, [M,D]
   * @param dMmd read, one element: g
   * @param dX accumulated, [N,D], or null
   * @param dY accumulated, [M,D], or null
   */
  public final void mmdBackward(
      Tensor x,
      Tensor y,
      Kernel kernel,
      float[] scales,
      boolean unbiased,
      Tensor dMmd,
      @Nullable Tensor dX,
      @Nullable Tensor dY) {
    String m = "mmdBackward";
    check(m, x, y, scales, unbiased);
    Checks.length(m, "dMmd", dMmd, 1);
    Checks.same(m, "dX", dX, "x", x);
    Checks.same(m, "dY", dY, "y", y);
    Aliases.of(m)
        .reads("x", x)
        .reads("y", y)
        .reads("dMmd", dMmd)
        .writes("dX", dX)
        .writes("dY", dY)
        .end();
    doMmdBackward(x, y, kernel, scales, unbiased, dMmd, dX, dY);
  }

  private static void check(String m, Tensor x, Tensor y, float[] scales, boolean unbiased) {
    Checks.columns(m, "y", y, x.columns());
    if (x.columns() == 0) {
      throw Checks.fail(m, "x " + x.shape() + " must have at least one column");
    }
    int fewest = unbiased ? 2 : 1;
    if (x.rows() < fewest || y.rows() < fewest) {
      throw Checks.fail(
          m,
          "x %s and y %s must have at least %d rows each".formatted(x.shape(), y.shape(), fewest));
    }
    if (scales.length == 0) {
      throw Checks.fail(m, "scales must hold at least one number");
    }
    for (int s = 0; s < scales.length; s++) {
      if (!(scales[s] > 0) || Float.isInfinite(scales[s])) {
        throw Checks.fail(m, "scales[" + s + "] " + scales[s] + " must be > 0 and finite");
      }
    }
  }

  /** The divisor of a sum over the pairs of n points with themselves. */
  static double pairsOfOne(int n, boolean unbiased) {
    return unbiased ? (double) n * (n - 1) : (double) n * n;
  }

  protected abstract void doMmd(
      Tensor x, Tensor y, Kernel kernel, float[] scales, boolean unbiased, Tensor mmd);

  protected abstract void doMmdBackward(
      Tensor x,
      Tensor y,
      Kernel kernel,
      float[] scales,
      boolean unbiased,
      Tensor dMmd,
      @Nullable Tensor dX,
      @Nullable Tensor dY);
}
