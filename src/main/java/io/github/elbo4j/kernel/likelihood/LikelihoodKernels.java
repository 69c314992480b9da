package io.github.elbo4j.kernel.likelihood;

import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkForward;
import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkGradient;
import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkGradients;
import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkRows;
import static io.github.elbo4j.kernel.likelihood.LikelihoodArguments.checkUnit;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Log-likelihoods log p(x|z) in nats (KERNELS.md §2 and §3), each with its gradient. B data points
 * of N dimensions, K samples each, R = B·K rows of decoder output with row r = b·K + k; data is
 * given a point and shared by its samples. Data is float32, or unsigned bytes that stand for x/255
 * and are read inside the kernel. A backward method takes {@code g}, the gradient of a scalar
 * objective with respect to {@code logLik}. NaN in gives NaN out.
 */
public abstract class LikelihoodKernels {
  /**
   * Where {@code −logVar} is cut off in the precision of the Gaussian: beyond, float32 has no
   * variance.
   */
  public static final float MIN_LOG_PRECISION = -87.3f;

  /** See {@link #MIN_LOG_PRECISION}. */
  public static final float MAX_LOG_PRECISION = 88f;

  /**
   * Bernoulli log-likelihood from logits (Kingma and Welling 2014, appendix C.1).
   *
   * <pre>
   * logLik[r] = Σ_n ( x·l − softplus(l) )            softplus(l) = max(l,0) + log1p(exp(−|l|))
   * </pre>
   *
   * Any logit is allowed: for large |l| the sum is linear in l; an infinite one gives 0 where it
   * agrees with x (x = 1 and +∞, x = 0 and −∞) and −∞ elsewhere.
   *
   * @param logits read, [R,N], R a multiple of B
   * @param x read, [B,N], in [0,1], else refused with the first element outside named (a NaN is not
   *     refused)
   * @param logLik written, R elements
   */
  public final void bernoulli(Tensor logits, Tensor x, Tensor logLik) {
    String m = "bernoulli";
    checkRows(m, "logits", logits, x, logLik);
    Checks.distinct(m, "logLik", logLik, "logits", logits);
    Checks.distinct(m, "logLik", logLik, "x", x);
    checkUnit(m, x, doFirstOutsideUnit(x));
    doBernoulli(logits, x, logLik);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void bernoulli(Tensor logits, ByteTensor x, Tensor logLik) {
    checkRows("bernoulli", "logits", logits, x, logLik);
    Checks.distinct("bernoulli", "logLik", logLik, "logits", logits);
    doBernoulliBytes(logits, x, null, logLik);
  }

  /**
   * The same with binary data drawn inside the kernel, pixels as probabilities (dynamic
   * binarisation): {@code x[b,n] = 1[u < pixel/255]} with u the uniform of element b·N + n, just as
   * {@link io.github.elbo4j.kernel.pixels.PixelsKernels#binarize} draws from element 0.
   *
   * @param binarization names the noise
   */
  public final void bernoulli(Tensor logits, ByteTensor x, NoiseKey binarization, Tensor logLik) {
    checkRows("bernoulli", "logits", logits, x, logLik);
    Checks.distinct("bernoulli", "logLik", logLik, "logits", logits);
    doBernoulliBytes(logits, x, binarization, logLik);
  }

  /**
   * Gradient of {@link #bernoulli(Tensor, Tensor, Tensor)}.
   *
   * <pre>
   * dLogits[r,n] += g[r]·( x − sigmoid(l) )
   * </pre>
   *
   * @param logits read, [R,N]
   * @param x read, [B,N], as the forward pass accepted it: not checked a second time
   * @param dLogLik read, R elements: g
   * @param dLogits accumulated, [R,N]
   */
  public final void bernoulliBackward(Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits) {
    String m = "bernoulliBackward";
    checkRows(m, "logits", logits, x, dLogLik);
    checkGradient(m, "dLogits", dLogits, "logits", logits, dLogLik);
    Checks.distinct(m, "dLogits", dLogits, "x", x);
    doBernoulliBackward(logits, x, dLogLik, dLogits);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void bernoulliBackward(Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    checkRows("bernoulliBackward", "logits", logits, x, dLogLik);
    checkGradient("bernoulliBackward", "dLogits", dLogits, "logits", logits, dLogLik);
    doBernoulliBytesBackward(logits, x, null, dLogLik, dLogits);
  }

  /**
   * The same with binary data drawn inside the kernel.
   *
   * @param binarization the noise of the forward pass, at the same step: the draws are the same
   */
  public final void bernoulliBackward(
      Tensor logits, ByteTensor x, NoiseKey binarization, Tensor dLogLik, Tensor dLogits) {
    checkRows("bernoulliBackward", "logits", logits, x, dLogLik);
    checkGradient("bernoulliBackward", "dLogits", dLogits, "logits", logits, dLogLik);
    doBernoulliBytesBackward(logits, x, binarization, dLogLik, dLogits);
  }

  /**
   * Continuous Bernoulli log-likelihood from logits (Loaiza-Ganem and Cunningham 2019): that of the
   * Bernoulli, normalised on [0,1].
   *
   * <pre>
   * logLik[r] = Σ_n ( x·l − softplus(l) + log C )              C = l / tanh(l/2), 2 at l = 0
   *           = Σ_n ( l·(x − 1[l&gt;0]) + log( |l| / (1 − exp(−|l|)) ) )
   * </pre>
   *
   * Any logit is allowed; an infinite one counts as the largest float of its sign.
   *
   * @param logits read, [R,N], R a multiple of B
   * @param x read, [B,N], in [0,1], else refused as by {@link #bernoulli(Tensor, Tensor, Tensor)}
   * @param logLik written, R elements
   */
  public final void continuousBernoulli(Tensor logits, Tensor x, Tensor logLik) {
    String m = "continuousBernoulli";
    checkRows(m, "logits", logits, x, logLik);
    Checks.distinct(m, "logLik", logLik, "logits", logits);
    Checks.distinct(m, "logLik", logLik, "x", x);
    checkUnit(m, x, doFirstOutsideUnit(x));
    doContinuousBernoulli(logits, x, logLik);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void continuousBernoulli(Tensor logits, ByteTensor x, Tensor logLik) {
    checkRows("continuousBernoulli", "logits", logits, x, logLik);
    Checks.distinct("continuousBernoulli", "logLik", logLik, "logits", logits);
    doContinuousBernoulliBytes(logits, x, logLik);
  }

  /**
   * Gradient of {@link #continuousBernoulli(Tensor, Tensor, Tensor)}.
   *
   * <pre>
   * dLogits[r,n] += g[r]·( x − E x )         E x = 1[l&gt;0] − sign(l)·( 1/|l| − 1/(exp|l| − 1) )
   * </pre>
   *
   * @param logits read, [R,N]
   * @param x read, [B,N], as the forward pass accepted it: not checked a second time
   * @param dLogLik read, R elements: g
   * @param dLogits accumulated, [R,N]
   */
  public final void continuousBernoulliBackward(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits) {
    String m = "continuousBernoulliBackward";
    checkRows(m, "logits", logits, x, dLogLik);
    checkGradient(m, "dLogits", dLogits, "logits", logits, dLogLik);
    Checks.distinct(m, "dLogits", dLogits, "x", x);
    doContinuousBernoulliBackward(logits, x, dLogLik, dLogits);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void continuousBernoulliBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    String m = "continuousBernoulliBackward";
    checkRows(m, "logits", logits, x, dLogLik);
    checkGradient(m, "dLogits", dLogits, "logits", logits, dLogLik);
    doContinuousBernoulliBytesBackward(logits, x, dLogLik, dLogits);
  }

  /**
   * Gaussian log-likelihood.
   *
   * <pre>
   * logLik[r] = −½ Σ_n ( (x − mean)²·p + logVar + log 2π )     p = exp(−logVar)
   * </pre>
   *
   * The precision p is exp of −logVar cut off at {@link #MIN_LOG_PRECISION} and {@link
   * #MAX_LOG_PRECISION}, so that it neither overflows nor vanishes.
   *
   * @param mean read, [R,N], R a multiple of B
   * @param x read, [B,N]
   * @param logVar read: 1 element shared by all (a constant, or a learned scalar), or [N] shared by
   *     all rows, or [R,N]
   * @param logLik written, R elements
   */
  public final void gaussian(Tensor mean, Tensor x, Tensor logVar, Tensor logLik) {
    String m = "gaussian";
    checkRows(m, "mean", mean, x, logLik);
    checkForward(m, mean, "logVar", logVar, logLik);
    Checks.distinct(m, "logLik", logLik, "x", x);
    doGaussian(mean, x, logVar, logLik);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void gaussian(Tensor mean, ByteTensor x, Tensor logVar, Tensor logLik) {
    String m = "gaussian";
    checkRows(m, "mean", mean, x, logLik);
    checkForward(m, mean, "logVar", logVar, logLik);
    doGaussianBytes(mean, x, logVar, logLik);
  }

  /**
   * Gradients of {@link #gaussian(Tensor, Tensor, Tensor, Tensor)}.
   *
   * <pre>
   * dMean[r,n] += g[r]·(x − mean)·p
   * dLogVar    += g[r]·½( (x − mean)²·p − 1 )        summed over what shares the log-variance
   * </pre>
   *
   * Where the precision is cut off it does not move with the log-variance, and the derivative of
   * the forward pass would be {@code −½·g[r]} alone. dLogVar is the formula above there too, with p
   * as it is cut off: so a log-variance that ran away is pulled back by data it does not fit.
   *
   * @param mean read, [R,N]
   * @param x read, [B,N]
   * @param logVar read: 1 element, [N] or [R,N]
   * @param dLogLik read, R elements: g
   * @param dMean accumulated, [R,N], or null when it is not wanted
   * @param dLogVar accumulated, the shape of {@code logVar}; null when the log-variance is constant
   */
  public final void gaussianBackward(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    String m = "gaussianBackward";
    checkRows(m, "mean", mean, x, dLogLik);
    checkGradients(m, mean, "logVar", logVar, dLogLik, dMean, "dLogVar", dLogVar);
    Checks.distinct(m, "dMean", dMean, "x", x);
    Checks.distinct(m, "dLogVar", dLogVar, "x", x);
    doGaussianBackward(mean, x, logVar, dLogLik, dMean, dLogVar);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void gaussianBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    String m = "gaussianBackward";
    checkRows(m, "mean", mean, x, dLogLik);
    checkGradients(m, mean, "logVar", logVar, dLogLik, dMean, "dLogVar", dLogVar);
    doGaussianBytesBackward(mean, x, logVar, dLogLik, dMean, dLogVar);
  }

  /**
   * Laplace log-likelihood.
   *
   * <pre>
   * logLik[r] = −Σ_n ( |x − mean|·p + logScale + log 2 )       p = exp(−logScale)
   * </pre>
   *
   * p is cut off as the precision of {@link #gaussian(Tensor, Tensor, Tensor, Tensor)} is.
   *
   * @param mean read, [R,N], R a multiple of B
   * @param x read, [B,N]
   * @param logScale read: 1 element shared by all, or [N] shared by all rows, or [R,N]
   * @param logLik written, R elements
   */
  public final void laplace(Tensor mean, Tensor x, Tensor logScale, Tensor logLik) {
    checkRows("laplace", "mean", mean, x, logLik);
    checkForward("laplace", mean, "logScale", logScale, logLik);
    Checks.distinct("laplace", "logLik", logLik, "x", x);
    doLaplace(mean, x, logScale, logLik);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void laplace(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik) {
    checkRows("laplace", "mean", mean, x, logLik);
    checkForward("laplace", mean, "logScale", logScale, logLik);
    doLaplaceBytes(mean, x, logScale, logLik);
  }

  /**
   * Gradients of {@link #laplace(Tensor, Tensor, Tensor, Tensor)}.
   *
   * <pre>
   * dMean[r,n] += g[r]·sign(x − mean)·p                        sign(0) = 0
   * dLogScale  += g[r]·( |x − mean|·p − 1 )                    summed over what shares the scale
   * </pre>
   *
   * with p cut off, and dLogScale then, as those of the Gaussian.
   *
   * @param mean read, [R,N]
   * @param x read, [B,N]
   * @param logScale read: 1 element, [N] or [R,N]
   * @param dLogLik read, R elements: g
   * @param dMean accumulated, [R,N], or null when it is not wanted
   * @param dLogScale accumulated, the shape of {@code logScale}; null when the scale is constant
   */
  public final void laplaceBackward(
      Tensor mean,
      Tensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    String m = "laplaceBackward";
    checkRows(m, "mean", mean, x, dLogLik);
    checkGradients(m, mean, "logScale", logScale, dLogLik, dMean, "dLogScale", dLogScale);
    Checks.distinct(m, "dMean", dMean, "x", x);
    Checks.distinct(m, "dLogScale", dLogScale, "x", x);
    doLaplaceBackward(mean, x, logScale, dLogLik, dMean, dLogScale);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void laplaceBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    String m = "laplaceBackward";
    checkRows(m, "mean", mean, x, dLogLik);
    checkGradients(m, mean, "logScale", logScale, dLogLik, dMean, "dLogScale", dLogScale);
    doLaplaceBytesBackward(mean, x, logScale, dLogLik, dMean, dLogScale);
  }

  /** Index of the first element &lt; 0 or &gt; 1 (a NaN is neither), or −1. */
  protected abstract int doFirstOutsideUnit(Tensor x);

  protected abstract void doBernoulli(Tensor logits, Tensor x, Tensor logLik);

  protected abstract void doBernoulliBytes(
      Tensor logits, ByteTensor x, @Nullable NoiseKey binarization, Tensor logLik);

  protected abstract void doBernoulliBackward(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits);

  protected abstract void doBernoulliBytesBackward(
      Tensor logits, ByteTensor x, @Nullable NoiseKey binarization, Tensor dLogLik, Tensor dLogits);

  protected abstract void doContinuousBernoulli(Tensor logits, Tensor x, Tensor logLik);

  protected abstract void doContinuousBernoulliBytes(Tensor logits, ByteTensor x, Tensor logLik);

  protected abstract void doContinuousBernoulliBackward(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits);

  protected abstract void doContinuousBernoulliBytesBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits);

  protected abstract void doGaussian(Tensor mean, Tensor x, Tensor logVar, Tensor logLik);

  protected abstract void doGaussianBytes(Tensor mean, ByteTensor x, Tensor logVar, Tensor logLik);

  protected abstract void doGaussianBackward(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar);

  protected abstract void doGaussianBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar);

  protected abstract void doLaplace(Tensor mean, Tensor x, Tensor logScale, Tensor logLik);

  protected abstract void doLaplaceBytes(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik);

  protected abstract void doLaplaceBackward(
      Tensor mean,
      Tensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale);

  protected abstract void doLaplaceBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale);
}
