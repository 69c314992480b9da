package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link NormalizationKernels} on vectors: a task each, kept by the thread. */
public final class NormalizationSimd extends NormalizationKernels {
  private static final ThreadLocal<Softmax> SOFTMAX = ThreadLocal.withInitial(Softmax::new);
  private static final ThreadLocal<LayerNormForward> LAYER =
      ThreadLocal.withInitial(LayerNormForward::new);
  private static final ThreadLocal<LayerNormBackward> LAYER_BACKWARD =
      ThreadLocal.withInitial(LayerNormBackward::new);
  private static final ThreadLocal<BatchNormForward> BATCH =
      ThreadLocal.withInitial(BatchNormForward::new);
  private static final ThreadLocal<BatchNormBackward> BATCH_BACKWARD =
      ThreadLocal.withInitial(BatchNormBackward::new);

  @Override
  protected void doSoftmax(Tensor x, boolean log, Tensor y) {
    SOFTMAX.get().forward(x, log, y);
  }

  @Override
  protected void doSoftmaxBackward(Tensor y, boolean log, Tensor dY, Tensor dX) {
    SOFTMAX.get().backward(y, log, dY, dX);
  }

  @Override
  protected void doLayerNorm(
      Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd) {
    LAYER.get().run(x, gain, bias, epsilon, y, mean, rstd);
  }

  @Override
  protected void doLayerNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    LAYER_BACKWARD.get().run(x, gain, mean, rstd, dY, dX, dGain, dBias);
  }

  @Override
  protected void doBatchNorm(
      Tensor x,
      Tensor gain,
      Tensor bias,
      float epsilon,
      float momentum,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor y,
      Tensor mean,
      Tensor rstd) {
    BATCH
        .get()
        .train(x, gain, bias, epsilon, momentum, runningMean, runningVariance, y, mean, rstd);
  }

  @Override
  protected void doBatchNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    BATCH_BACKWARD.get().run(false, x, gain, mean, rstd, dY, dX, dGain, dBias);
  }

  @Override
  protected void doFixedNorm(
      Tensor x,
      Tensor gain,
      Tensor bias,
      Tensor mean,
      Tensor variance,
      float epsilon,
      Tensor y,
      Tensor rstd) {
    BATCH.get().fixed(x, gain, bias, mean, variance, epsilon, y, rstd);
  }

  @Override
  protected void doFixedNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    BATCH_BACKWARD.get().run(true, x, gain, mean, rstd, dY, dX, dGain, dBias);
  }
}
