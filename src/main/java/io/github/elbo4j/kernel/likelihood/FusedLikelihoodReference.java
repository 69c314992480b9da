package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The law for {@link FusedLikelihoodKernels}: {@link LikelihoodReference}, there and back. */
public final class FusedLikelihoodReference extends FusedLikelihoodKernels {
  private final LikelihoodReference law = new LikelihoodReference();

  @Override
  protected int doBernoulliWithGradient(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor logLik, Tensor dLogits) {
    law.doBernoulli(logits, x, logLik);
    law.doBernoulliBackward(logits, x, dLogLik, dLogits);
    return law.doFirstOutsideUnit(x);
  }

  @Override
  protected void doBernoulliBytesWithGradient(
      Tensor logits,
      ByteTensor x,
      @Nullable NoiseKey binarization,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dLogits) {
    law.doBernoulliBytes(logits, x, binarization, logLik);
    law.doBernoulliBytesBackward(logits, x, binarization, dLogLik, dLogits);
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
    law.doGaussian(mean, x, logVar, logLik);
    law.doGaussianBackward(mean, x, logVar, dLogLik, dMean, dLogVar);
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
    law.doGaussianBytes(mean, x, logVar, logLik);
    law.doGaussianBytesBackward(mean, x, logVar, dLogLik, dMean, dLogVar);
  }
}
