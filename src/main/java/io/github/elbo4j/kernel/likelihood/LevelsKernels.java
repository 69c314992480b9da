package io.github.elbo4j.kernel.likelihood;

import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkForward;
import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkGradient;
import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkGradients;
import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkRows;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Likelihoods of data that takes one of C levels (KERNELS.md §3), log-probabilities in nats, each
 * with its gradient. B data points of N dimensions, unsigned bytes; K samples each, R = B·K rows of
 * decoder output with row r = b·K + k. A backward method takes {@code g}, the gradient of a scalar
 * objective with respect to {@code logLik}. NaN in gives NaN out.
 */
public abstract class LevelsKernels {
  /** Where |logScale| of the discretised logistic is cut off. */
  public static final float MAX_LOG_SCALE = 80f;

  /**
   * Categorical log-likelihood: the softmax cross-entropy of the levels, with its sign turned.
   *
   * <pre>
   * logLik[r] = Σ_n ( l[r,n,x] − logsumexp_c l[r,n,c] )
   * </pre>
   *
   * A logit of −∞ is a level that does not occur. Where the largest of a dimension's logits is
   * infinite there is no distribution, and its row is NaN.
   *
   * @param logits read, [R,N·C]: the C logits of a dimension side by side; R a multiple of B
   * @param x read, [B,N], levels 0 … C−1, else refused with the first element outside named
   * @param logLik written, R elements
   */
  public final void categorical(Tensor logits, ByteTensor x, Tensor logLik) {
    String m = "categorical";
    int levels = checkLevels(m, logits, x);
    checkRows(m, "logits", logits, x.rows(), logLik);
    Checks.distinct(m, "logLik", logLik, "logits", logits);
    checkData(m, x, levels);
    doCategorical(logits, x, logLik);
  }

  /**
   * Gradient of {@link #categorical}: {@code dLogits[r,n,c] += g[r]·( 1[c = x] − softmax_c l )}.
   *
   * @param logits read, [R,N·C]
   * @param x read, [B,N]
   * @param dLogLik read, R elements: g
   * @param dLogits accumulated, [R,N·C]
   */
  public final void categoricalBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    String m = "categoricalBackward";
    int levels = checkLevels(m, logits, x);
    checkRows(m, "logits", logits, x.rows(), dLogLik);
    checkGradient(m, "dLogits", dLogits, "logits", logits, dLogLik);
    checkData(m, x, levels);
    doCategoricalBackward(logits, x, dLogLik, dLogits);
  }

  /**
   * Discretised logistic log-likelihood on 256 levels (Salimans et al. 2017, one component): the
   * probability that a logistic variable, in the units of x/255, falls into the level's bin; those
   * of levels 0 and 255 reach to −∞ and +∞.
   *
   * <pre>
   * logLik[r] = Σ_n log( σ(plus) − σ(minus) )     plus, minus = (x ± ½ − 255·mean)·exp(−logScale)/255
   *             σ(minus) = 0 for x = 0            σ(plus) = 1 for x = 255
   * </pre>
   *
   * No difference is taken: with q = plus − minus and d = x − 255·mean it is {@code log(1 −
   * exp(−q)) − q·max(|d| − ½, 0) − log1p(exp(−|plus|)) − log1p(exp(−|minus|))}, which neither
   * cancels nor underflows however small the bin is. logScale is cut off at ±{@link
   * #MAX_LOG_SCALE}.
   *
   * @param mean read, [R,N], R a multiple of B; level x is at x/255
   * @param x read, [B,N]
   * @param logScale read: 1 element shared by all, or [N] shared by all rows, or [R,N]
   * @param logLik written, R elements
   */
  public final void discretizedLogistic(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik) {
    String m = "discretizedLogistic";
    checkRows(m, "mean", mean, x, logLik);
    checkForward(m, mean, "logScale", logScale, logLik);
    doDiscretizedLogistic(mean, x, logScale, logLik);
  }

  /**
   * Gradients of {@link #discretizedLogistic}, for a level inside:
   *
   * <pre>
   * dMean     += g·½( tanh(plus/2) + tanh(minus/2) )·exp(−logScale)
   * dLogScale += g·( ½( plus·tanh(plus/2) + minus·tanh(minus/2) ) − ½q·coth(½q) )
   * </pre>
   *
   * and those of {@code −softplus(−plus)} and {@code −softplus(minus)} for levels 0 and 255, again
   * without cancellation. Where logScale is cut off, dLogScale keeps its form with what it is cut
   * off to.
   *
   * @param mean read, [R,N]
   * @param x read, [B,N]
   * @param logScale read: 1 element, [N] or [R,N]
   * @param dLogLik read, R elements: g
   * @param dMean accumulated, [R,N], or null when it is not wanted
   * @param dLogScale accumulated, the shape of {@code logScale}; null when the scale is constant
   */
  public final void discretizedLogisticBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    String m = "discretizedLogisticBackward";
    checkRows(m, "mean", mean, x, dLogLik);
    checkGradients(m, mean, "logScale", logScale, dLogLik, dMean, "dLogScale", dLogScale);
    doDiscretizedLogisticBackward(mean, x, logScale, dLogLik, dMean, dLogScale);
  }

  /** C; 1 where there are no dimensions. */
  static int levels(Tensor logits, ByteTensor x) {
    return x.columns() == 0 ? 1 : logits.columns() / x.columns();
  }

  private static int checkLevels(String m, Tensor logits, ByteTensor x) {
    int n = x.columns();
    int columns = logits.columns();
    if (n == 0 ? columns != 0 : columns == 0 || columns % n != 0 || columns / n > 256) {
      throw Checks.fail(
          m,
          "logits %s must have 1 to 256 columns for each of the %d of x"
              .formatted(logits.shape(), n));
    }
    return levels(logits, x);
  }

  private static void checkData(String m, ByteTensor x, int levels) {
    byte[] a = x.array();
    for (int i = 0; levels < 256 && i < x.size(); i++) {
      int level = a[x.offset() + i] & 255;
      if (level >= levels) {
        throw Checks.fail(
            m,
            "x[%d,%d] = %d must lie in 0 … %d"
                .formatted(i / x.columns(), i % x.columns(), level, levels - 1));
      }
    }
  }

  protected abstract void doCategorical(Tensor logits, ByteTensor x, Tensor logLik);

  protected abstract void doCategoricalBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits);

  protected abstract void doDiscretizedLogistic(
      Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik);

  protected abstract void doDiscretizedLogisticBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale);
}
