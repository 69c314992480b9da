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
 * Log-likelihoods of {@link LikelihoodKernels} together with their gradients, in one pass over
 * memory and with one exponential an element (KERNELS.md §2 and §3). For objectives in which the
 * gradient that arrives at {@code logLik} is known beforehand: −1/B in the negative ELBO of one
 * sample. Values, gradients, shapes and edges are those of the two methods they stand for.
 */
public abstract class FusedLikelihoodKernels {
  /**
   * {@link LikelihoodKernels#bernoulli(Tensor, Tensor, Tensor)} and its gradient.
   *
   * <pre>
   * logLik[r]     = Σ_n ( x·l − softplus(l) )
   * dLogits[r,n] += g[r]·( x − sigmoid(l) )
   * </pre>
   *
   * @param logits read, [R,N], R a multiple of B
   * @param x read, [B,N], in [0,1], else refused with the first element outside named (a NaN is not
   *     refused); as that is found on the way, {@code logLik} and {@code dLogits} hold nothing of
   *     use then
   * @param dLogLik read, R elements: g
   * @param logLik written, R elements
   * @param dLogits accumulated, [R,N]
   */
  public final void bernoulliWithGradient(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor logLik, Tensor dLogits) {
    String m = "bernoulliWithGradient";
    checkRows(m, "logits", logits, x, logLik);
    checkBernoulli(m, logits, dLogLik, logLik, dLogits);
    Checks.distinct(m, "logLik", logLik, "x", x);
    Checks.distinct(m, "dLogits", dLogits, "x", x);
    checkUnit(m, x, doBernoulliWithGradient(logits, x, dLogLik, logLik, dLogits));
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void bernoulliWithGradient(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor logLik, Tensor dLogits) {
    String m = "bernoulliWithGradient";
    checkRows(m, "logits", logits, x, logLik);
    checkBernoulli(m, logits, dLogLik, logLik, dLogits);
    doBernoulliBytesWithGradient(logits, x, null, dLogLik, logLik, dLogits);
  }

  /**
   * The same with binary data drawn inside the kernel.
   *
   * @param binarization names the noise, as in {@link LikelihoodKernels#bernoulli(Tensor,
   *     ByteTensor, NoiseKey, Tensor)}
   */
  public final void bernoulliWithGradient(
      Tensor logits,
      ByteTensor x,
      NoiseKey binarization,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dLogits) {
    String m = "bernoulliWithGradient";
    checkRows(m, "logits", logits, x, logLik);
    checkBernoulli(m, logits, dLogLik, logLik, dLogits);
    doBernoulliBytesWithGradient(logits, x, binarization, dLogLik, logLik, dLogits);
  }

  /**
   * {@link LikelihoodKernels#gaussian(Tensor, Tensor, Tensor, Tensor)} and its gradients, for a
   * log-variance of each element, as a decoder with two heads gives it. (A shared log-variance has
   * hardly an exponential to save.)
   *
   * <pre>
   * logLik[r]     = −½ Σ_n ( (x − mean)²·p + logVar + log 2π )     p = exp(−logVar), cut off
   * dMean[r,n]   += g[r]·(x − mean)·p
   * dLogVar[r,n] += g[r]·½( (x − mean)²·p − 1 )
   * </pre>
   *
   * @param mean read, [R,N], R a multiple of B
   * @param x read, [B,N]
   * @param logVar read, [R,N]
   * @param dLogLik read, R elements: g
   * @param logLik written, R elements
   * @param dMean accumulated, [R,N]
   * @param dLogVar accumulated, [R,N]
   */
  public final void gaussianWithGradient(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar) {
    String m = "gaussianWithGradient";
    checkRows(m, "mean", mean, x, logLik);
    checkGaussian(m, mean, logVar, dLogLik, logLik, dMean, dLogVar);
    Checks.distinct(m, "logLik", logLik, "x", x);
    Checks.distinct(m, "dMean", dMean, "x", x);
    Checks.distinct(m, "dLogVar", dLogVar, "x", x);
    doGaussianWithGradient(mean, x, logVar, dLogLik, logLik, dMean, dLogVar);
  }

  /** The same with pixels for data: {@code x/255}. */
  public final void gaussianWithGradient(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar) {
    String m = "gaussianWithGradient";
    checkRows(m, "mean", mean, x, logLik);
    checkGaussian(m, mean, logVar, dLogLik, logLik, dMean, dLogVar);
    doGaussianBytesWithGradient(mean, x, logVar, dLogLik, logLik, dMean, dLogVar);
  }

  private static void checkBernoulli(
      String m, Tensor logits, Tensor dLogLik, Tensor logLik, Tensor dLogits) {
    Checks.length(m, "dLogLik", dLogLik, logits.rows());
    Checks.distinct(m, "logLik", logLik, "logits", logits);
    Checks.distinct(m, "logLik", logLik, "dLogLik", dLogLik);
    checkGradient(m, "dLogits", dLogits, "logits", logits, dLogLik);
    Checks.distinct(m, "dLogits", dLogits, "logLik", logLik);
  }

  private static void checkGaussian(
      String m,
      Tensor mean,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar) {
    Checks.same(m, "logVar", logVar, "mean", mean);
    Checks.length(m, "dLogLik", dLogLik, mean.rows());
    checkForward(m, mean, "logVar", logVar, logLik);
    Checks.distinct(m, "logLik", logLik, "dLogLik", dLogLik);
    checkGradients(m, mean, "logVar", logVar, dLogLik, dMean, "dLogVar", dLogVar);
    Checks.distinct(m, "dMean", dMean, "logLik", logLik);
    Checks.distinct(m, "dLogVar", dLogVar, "logLik", logLik);
  }

  /**
   * The index of the first element of {@code x} &lt; 0 or &gt; 1 (a NaN is neither), or −1: only
   * then are the outputs of use.
   */
  protected abstract int doBernoulliWithGradient(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor logLik, Tensor dLogits);

  protected abstract void doBernoulliBytesWithGradient(
      Tensor logits,
      ByteTensor x,
      @Nullable NoiseKey binarization,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dLogits);

  protected abstract void doGaussianWithGradient(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar);

  protected abstract void doGaussianBytesWithGradient(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar);
}
