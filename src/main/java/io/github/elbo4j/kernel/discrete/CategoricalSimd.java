package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link CategoricalKernels} on vectors: lanes run across variables ({@link Chunk}). */
public final class CategoricalSimd extends CategoricalKernels {
  private static final ThreadLocal<CategoricalLogProb> LOG_PROB =
      ThreadLocal.withInitial(CategoricalLogProb::new);
  private static final ThreadLocal<CategoricalDivergence> DIVERGENCE =
      ThreadLocal.withInitial(CategoricalDivergence::new);
  private static final ThreadLocal<Marginalization> MARGINALIZATION =
      ThreadLocal.withInitial(Marginalization::new);

  @Override
  protected void doLogProb(
      Tensor logits,
      int categories,
      @Nullable Tensor index,
      @Nullable Tensor weights,
      Tensor logProb) {
    LOG_PROB.get().forward(logits, categories, index, weights, logProb);
  }

  @Override
  protected void doLogProbBackward(
      Tensor logits,
      int categories,
      @Nullable Tensor index,
      @Nullable Tensor weights,
      Tensor dLogProb,
      @Nullable Tensor dLogits,
      @Nullable Tensor dWeights) {
    LOG_PROB.get().backward(logits, categories, index, weights, dLogProb, dLogits, dWeights);
  }

  @Override
  protected void doEntropy(Tensor logits, int categories, Tensor entropy) {
    DIVERGENCE.get().entropy(logits, categories, entropy);
  }

  @Override
  protected void doEntropyBackward(Tensor logits, int categories, Tensor dEntropy, Tensor dLogits) {
    DIVERGENCE.get().entropyBackward(logits, categories, dEntropy, dLogits);
  }

  @Override
  protected void doKl(Tensor logits, int categories, @Nullable Tensor priorLogits, Tensor kl) {
    DIVERGENCE.get().kl(logits, categories, priorLogits, kl);
  }

  @Override
  protected void doKlBackward(
      Tensor logits,
      int categories,
      @Nullable Tensor priorLogits,
      Tensor dKl,
      @Nullable Tensor dLogits,
      @Nullable Tensor dPriorLogits) {
    DIVERGENCE.get().klBackward(logits, categories, priorLogits, dKl, dLogits, dPriorLogits);
  }

  @Override
  protected void doMarginalize(
      Tensor logPi, int categories, Tensor f, Tensor logSum, @Nullable Tensor responsibilities) {
    MARGINALIZATION.get().forward(logPi, categories, f, logSum, responsibilities);
  }

  @Override
  protected void doMarginalizeBackward(
      Tensor responsibilities,
      int categories,
      Tensor dLogSum,
      @Nullable Tensor dLogPi,
      @Nullable Tensor dF) {
    MARGINALIZATION.get().backward(responsibilities, categories, dLogSum, dLogPi, dF);
  }
}
