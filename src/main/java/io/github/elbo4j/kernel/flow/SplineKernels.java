package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The monotone rational-quadratic spline (KERNELS.md §5; Durkan et al. 2019) of each transformed
 * dimension, its inverse and the gradients of both. R rows, D dimensions of which Dt are
 * transformed: those whose element of the mask is not 0. The others pass through.
 *
 * <p>With K bins the network gives {@code params [R, (3K − 1)·Dt]}. A row is 3K − 1 vectors of Dt
 * numbers, so that neighbours in memory are the same parameter of neighbouring dimensions: K widths
 * before their softmax, K heights before theirs, and K − 1 derivatives at the inner knots before
 * their softplus.
 *
 * <pre>
 * w_k = 2·bound·( MIN_BIN + (1 − K·MIN_BIN)·softmax_k(widths) )        h_k likewise
 * x_k = −bound + Σ_{j&lt;k} w_j      y_k = −bound + Σ_{j&lt;k} h_j
 * d_k = MIN_DERIVATIVE + softplus(derivatives_k)                        d_0 = d_K = 1
 * </pre>
 *
 * In the bin with {@code x_k <= x < x_{k+1}}, {@code s = h_k/w_k} and {@code u = (x − x_k)/w_k}:
 *
 * <pre>
 * f(x)  = y_k + h_k·( s·u² + d_k·u(1−u) ) / ( s + (d_{k+1} + d_k − 2s)·u(1−u) )
 * f'(x) = s²·( d_{k+1}·u² + 2s·u(1−u) + d_k·(1−u)² ) / ( s + (d_{k+1} + d_k − 2s)·u(1−u) )²
 * </pre>
 *
 * and outside [−bound, bound], ±∞ included, {@code f(x) = x}: f and f' are continuous. NaN in gives
 * NaN out; a derivative at a knot that the bin does not touch has no influence.
 *
 * <p>A mask that sets another number of dimensions than the parameters are for is an error. Where
 * it is in a device's memory, nobody waits for it to be counted, and the results are NaN instead.
 */
public abstract class SplineKernels {
  /** Least part of [−bound, bound] that a bin takes. */
  public static final float MIN_BIN = 1e-3f;

  /** Least derivative at an inner knot. */
  public static final float MIN_DERIVATIVE = 1e-3f;

  /** The largest K. */
  public static final int MAX_BINS = 256;

  /** Columns of {@code params} for {@code transformed} dimensions. */
  public static int parameters(int bins, int transformed) {
    return (3 * bins - 1) * transformed;
  }

  /**
   * {@code out = f(z)} in the transformed dimensions, {@code logDet[r] += Σ log f'(z)}.
   *
   * @param z read, [R,D]
   * @param params read, [R,(3K−1)·Dt]
   * @param mask read, D elements, Dt of them not 0
   * @param bins K, 1 to {@link #MAX_BINS}
   * @param bound &gt; 0
   * @param out written, [R,D]; may be {@code z} itself
   * @param logDet accumulated, R elements, or null
   */
  public final void transform(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      Tensor out,
      @Nullable Tensor logDet) {
    checkForward("transform", z, params, mask, bins, bound, out, logDet);
    doTransform(z, params, mask, bins, bound, false, out, logDet);
  }

  /**
   * The inverse, {@code f(out) = z}, {@code logDet[r] −= Σ log f'(out)}; arguments as there. The
   * quadratic equation is solved without cancellation: with {@code η = (y − y_k)/h_k} and {@code p
   * = d_k(1−η) − d_{k+1}η} its discriminant is {@code p² + 4s²η(1−η)}, a sum of two squares.
   */
  public final void inverse(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      Tensor out,
      @Nullable Tensor logDet) {
    checkForward("inverse", z, params, mask, bins, bound, out, logDet);
    doTransform(z, params, mask, bins, bound, true, out, logDet);
  }

  private static void checkForward(
      String m,
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      Tensor out,
      @Nullable Tensor logDet) {
    checkSpline(m, z, params, mask, bins, bound);
    Checks.same(m, "out", out, "z", z);
    Checks.length(m, "logDet", logDet, z.rows());
    Aliases.of(m)
        .reads("z", z)
        .reads("params", params)
        .reads("mask", mask)
        .writesOver("out", out, z)
        .writes("logDet", logDet)
        .end();
  }

  /**
   * Gradients of {@link #transform}: {@code dZ += dOut·f'(z) + dLogDet·(log f')'(z)}, and those of
   * every width, height and derivative through f(z) and log f'(z).
   *
   * @param z read, [R,D], the input of the forward pass
   * @param dOut read, [R,D], or null, which counts as zeros
   * @param dLogDet read, R elements, or null, which counts as zeros
   * @param dZ accumulated, [R,D], or null
   * @param dParams accumulated, [R,(3K−1)·Dt], or null
   */
  public final void transformBackward(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dParams) {
    checkBackward("transformBackward", z, params, mask, bins, bound, dOut, dLogDet, dZ, dParams);
    doTransformBackward(z, params, mask, bins, bound, false, dOut, dLogDet, dZ, dParams);
  }

  /**
   * Gradients of {@link #inverse}, by the implicit function theorem: with x = out, L = log f' and
   * {@code a = (dOut − dLogDet·L'(x))/f'(x)}, {@code dZ += a} and a parameter θ gets {@code
   * −a·∂f/∂θ − dLogDet·∂L/∂θ}. Arguments as in {@link #transformBackward}.
   */
  public final void inverseBackward(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dParams) {
    checkBackward("inverseBackward", z, params, mask, bins, bound, dOut, dLogDet, dZ, dParams);
    doTransformBackward(z, params, mask, bins, bound, true, dOut, dLogDet, dZ, dParams);
  }

  private static void checkBackward(
      String m,
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dParams) {
    checkSpline(m, z, params, mask, bins, bound);
    Checks.same(m, "dOut", dOut, "z", z);
    Checks.length(m, "dLogDet", dLogDet, z.rows());
    Checks.same(m, "dZ", dZ, "z", z);
    Checks.same(m, "dParams", dParams, "params", params);
    Aliases.of(m)
        .reads("z", z)
        .reads("params", params)
        .reads("mask", mask)
        .reads("dOut", dOut)
        .reads("dLogDet", dLogDet)
        .writes("dZ", dZ)
        .writes("dParams", dParams)
        .end();
  }

  private static void checkSpline(
      String m, Tensor z, Tensor params, Tensor mask, int bins, float bound) {
    if (bins < 1 || bins > MAX_BINS) {
      throw Checks.fail(m, "bins " + bins + " must be 1 to " + MAX_BINS);
    }
    if (!(bound > 0 && bound <= Float.MAX_VALUE)) {
      throw Checks.fail(m, "bound " + bound + " must be positive and finite");
    }
    Checks.length(m, "mask", mask, z.columns());
    if (params.rows() != z.rows()
        || params.columns() % (3 * bins - 1) != 0
        || params.columns() / (3 * bins - 1) > z.columns()) {
      throw Checks.fail(
          m,
          "params %s must have the %d rows of z and %d columns a transformed dimension"
              .formatted(params.shape(), z.rows(), 3 * bins - 1));
    }
  }

  /**
   * The transformed dimensions, in order, into {@code index}, which has room for D. Fails where
   * there are not as many as {@code params} has columns for.
   */
  protected static void transformed(Tensor mask, Tensor params, int bins, int[] index) {
    int count = 0;
    for (int i = 0; i < mask.size(); i++) {
      if (mask.get(i) != 0) {
        index[count++] = i;
      }
    }
    if (params.columns() != parameters(bins, count)) {
      throw Checks.fail(
          "spline",
          "params %s must have %d columns for the %d dimensions that the mask sets"
              .formatted(params.shape(), parameters(bins, count), count));
    }
  }

  protected abstract void doTransform(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      boolean inverse,
      Tensor out,
      @Nullable Tensor logDet);

  protected abstract void doTransformBackward(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      boolean inverse,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dParams);
}
