package io.github.elbo4j.kernel.likelihood;

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
    checkUnit(m, x);
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
    checkLogVar(m, logVar, mean);
    Checks.distinct(m, "logLik", logLik, "mean", mean);
    Checks.distinct(m, "logLik", logLik, "x", x);
    Checks.distinct(m, "logLik", logLik, "logVar", logVar);
    doGaussian(mean, x, logVar, logLik);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void gaussian(Tensor mean, ByteTensor x, Tensor logVar, Tensor logLik) {
    String m = "gaussian";
    checkRows(m, "mean", mean, x, logLik);
    checkLogVar(m, logVar, mean);
    Checks.distinct(m, "logLik", logLik, "mean", mean);
    Checks.distinct(m, "logLik", logLik, "logVar", logVar);
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
    checkGaussianGradients(m, mean, logVar, dLogLik, dMean, dLogVar);
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
    checkGaussianGradients(m, mean, logVar, dLogLik, dMean, dLogVar);
    doGaussianBytesBackward(mean, x, logVar, dLogLik, dMean, dLogVar);
  }

  /** {@code perRow} is logLik, or in a backward method its gradient. */
  private static void checkRows(String m, String name, Tensor output, Tensor x, Tensor perRow) {
    Checks.columns(m, "x", x, output.columns());
    checkRows(m, name, output, x.rows(), perRow);
  }

  private static void checkRows(String m, String name, Tensor output, ByteTensor x, Tensor perRow) {
    Checks.columns(m, "x", x, output.columns());
    checkRows(m, name, output, x.rows(), perRow);
  }

  private static void checkRows(String m, String name, Tensor output, int points, Tensor perRow) {
    Checks.samples(m, name, output.rows(), "x", points);
    Checks.length(m, m.endsWith("Backward") ? "dLogLik" : "logLik", perRow, output.rows());
  }

  private static void checkGradient(
      String m, String name, @Nullable Tensor gradient, String ofName, Tensor of, Tensor dLogLik) {
    Checks.same(m, name, gradient, ofName, of);
    Checks.distinct(m, name, gradient, ofName, of);
    Checks.distinct(m, name, gradient, "dLogLik", dLogLik);
  }

  private static void checkGaussianGradients(
      String m,
      Tensor mean,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    checkLogVar(m, logVar, mean);
    checkGradient(m, "dMean", dMean, "mean", mean, dLogLik);
    checkGradient(m, "dLogVar", dLogVar, "logVar", logVar, dLogLik);
    Checks.distinct(m, "dMean", dMean, "logVar", logVar);
    Checks.distinct(m, "dLogVar", dLogVar, "mean", mean);
    Checks.distinct(m, "dLogVar", dLogVar, "dMean", dMean);
  }

  private static void checkLogVar(String m, Tensor logVar, Tensor mean) {
    boolean perRow = logVar.rows() == mean.rows();
    if (logVar.size() != 1
        && (logVar.columns() != mean.columns() || (logVar.rows() != 1 && !perRow))) {
      throw Checks.fail(
          m,
          "logVar %s must have 1 element, or be [%d] or [%d,%d]"
              .formatted(logVar.shape(), mean.columns(), mean.rows(), mean.columns()));
    }
  }

  private void checkUnit(String m, Tensor x) {
    int i = doFirstOutsideUnit(x);
    if (i >= 0) {
      throw Checks.fail(
          m,
          "x[%d,%d] = %s must lie in [0,1]".formatted(i / x.columns(), i % x.columns(), x.get(i)));
    }
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
}
