package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link LevelsKernels} on vectors: the arithmetic is in {@link LevelTiles} and {@link LevelRows},
 * and in {@link LogisticRows}.
 */
public final class LevelsSimd extends LevelsKernels {
  private static final ThreadLocal<Categorical> CATEGORICAL =
      ThreadLocal.withInitial(Categorical::new);
  private static final ThreadLocal<DiscretizedLogistic> LOGISTIC =
      ThreadLocal.withInitial(DiscretizedLogistic::new);

  @Override
  protected void doCategorical(Tensor logits, ByteTensor x, Tensor logLik) {
    CATEGORICAL.get().run(logits, x, logLik, null);
  }

  @Override
  protected void doCategoricalBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    CATEGORICAL.get().run(logits, x, dLogLik, dLogits);
  }

  @Override
  protected void doDiscretizedLogistic(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik) {
    LOGISTIC.get().forward(mean, x, logScale, logLik);
  }

  @Override
  protected void doDiscretizedLogisticBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    LOGISTIC.get().backward(mean, x, logScale, dLogLik, dMean, dLogScale);
  }
}
