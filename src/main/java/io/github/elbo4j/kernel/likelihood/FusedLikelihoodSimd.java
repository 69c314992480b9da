package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link FusedLikelihoodKernels} on vectors: the arithmetic is in {@link BernoulliFusedRows} and
 * {@link GaussianFusedRows}.
 */
public final class FusedLikelihoodSimd extends FusedLikelihoodKernels {
  private static final ThreadLocal<BernoulliFused> BERNOULLI =
      ThreadLocal.withInitial(BernoulliFused::new);
  private static final ThreadLocal<GaussianFused> GAUSSIAN =
      ThreadLocal.withInitial(GaussianFused::new);

  @Override
  protected int doBernoulliWithGradient(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor logLik, Tensor dLogits) {
    BernoulliFused task = BERNOULLI.get();
    task.x.set(x);
    boolean mayLeaveUnit = task.run(logits, dLogLik, logLik, dLogits);
    return mayLeaveUnit ? BernoulliRows.firstOutsideUnit(x) : -1;
  }

  @Override
  protected void doBernoulliBytesWithGradient(
      Tensor logits,
      ByteTensor x,
      @Nullable NoiseKey binarization,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dLogits) {
    BernoulliFused task = BERNOULLI.get();
    task.x.set(x, binarization);
    task.run(logits, dLogLik, logLik, dLogits);
  }

  @Override
  protected void doGaussianWithGradient(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar) {
    GaussianFused task = GAUSSIAN.get();
    task.x.set(x);
    task.run(mean, logVar, dLogLik, logLik, dMean, dLogVar);
  }

  @Override
  protected void doGaussianBytesWithGradient(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar) {
    GaussianFused task = GAUSSIAN.get();
    task.x.set(x, null);
    task.run(mean, logVar, dLogLik, logLik, dMean, dLogVar);
  }
}
