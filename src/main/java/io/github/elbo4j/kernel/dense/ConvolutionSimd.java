package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ConvolutionKernels} on vectors. Three tasks do all of it, since the gradients of a
 * convolution are a transposed convolution and the other way round: {@link ConvForward}, {@link
 * ConvTransposed} and {@link ConvWeights}.
 */
public final class ConvolutionSimd extends ConvolutionKernels {
  private static final ThreadLocal<ConvForward> FORWARD = ThreadLocal.withInitial(ConvForward::new);
  private static final ThreadLocal<ConvTransposed> TRANSPOSED =
      ThreadLocal.withInitial(ConvTransposed::new);
  private static final ThreadLocal<ConvWeights> WEIGHTS = ThreadLocal.withInitial(ConvWeights::new);
  private static final ThreadLocal<ChannelSums> SUMS = ThreadLocal.withInitial(ChannelSums::new);
  private static final ThreadLocal<ActivationBackward> SLOPE =
      ThreadLocal.withInitial(ActivationBackward::new);

  @Override
  protected void doForward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y) {
    FORWARD.get().run(shape, x, w, bias, f, pre, y, false);
  }

  @Override
  protected void doBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    preGradient(f, pre, y, dY, dPre, shape.outChannels(), dBias);
    if (dX != null) {
      TRANSPOSED.get().run(shape, dPre, w, null, Activation.NONE, null, dX, true);
    }
    if (dW != null) {
      WEIGHTS.get().run(shape, x, dPre, dW);
    }
  }

  @Override
  protected void doTransposed(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y) {
    TRANSPOSED.get().run(shape, x, w, bias, f, pre, y, false);
  }

  @Override
  protected void doTransposedBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    preGradient(f, pre, y, dY, dPre, shape.inChannels(), dBias);
    if (dX != null) {
      FORWARD.get().run(shape, dPre, w, null, Activation.NONE, null, dX, true);
    }
    if (dW != null) {
      WEIGHTS.get().run(shape, dPre, x, dW);
    }
  }

  private static void preGradient(
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      int channels,
      @Nullable Tensor dBias) {
    SLOPE.get().run(f, f.needsPre() && pre != null ? pre : y, dY, dPre, false, null);
    if (dBias != null) {
      SUMS.get().run(dPre, channels, dBias);
    }
  }
}
