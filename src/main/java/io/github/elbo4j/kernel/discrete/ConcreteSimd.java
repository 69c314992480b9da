package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ConcreteKernels} on vectors: each hook hands its arguments to a task that the thread
 * keeps. Lanes run across variables ({@link Chunk}).
 */
public final class ConcreteSimd extends ConcreteKernels {
  private static final ThreadLocal<ConcreteSample> SAMPLE =
      ThreadLocal.withInitial(ConcreteSample::new);
  private static final ThreadLocal<ConcreteSampleBackward> SAMPLE_BACKWARD =
      ThreadLocal.withInitial(ConcreteSampleBackward::new);
  private static final ThreadLocal<ConcreteDensity> DENSITY =
      ThreadLocal.withInitial(ConcreteDensity::new);
  private static final ThreadLocal<ConcreteConditional> CONDITIONAL =
      ThreadLocal.withInitial(ConcreteConditional::new);
  private static final ThreadLocal<ConcreteConditionalBackward> CONDITIONAL_BACKWARD =
      ThreadLocal.withInitial(ConcreteConditionalBackward::new);
  private static final ThreadLocal<BinaryConcrete> BINARY =
      ThreadLocal.withInitial(BinaryConcrete::new);
  private static final ThreadLocal<BinaryConcreteBackward> BINARY_BACKWARD =
      ThreadLocal.withInitial(BinaryConcreteBackward::new);

  @Override
  protected void doGumbelMax(
      Tensor logAlpha,
      int categories,
      NoiseKey noise,
      @Nullable Tensor oneHot,
      @Nullable Tensor index) {
    SAMPLE.get().gumbelMax(logAlpha, categories, noise, oneHot, index);
  }

  @Override
  protected void doSample(
      Tensor logAlpha,
      int categories,
      float tau,
      NoiseKey noise,
      Tensor logY,
      @Nullable Tensor y,
      @Nullable Tensor oneHot,
      @Nullable Tensor logQ) {
    SAMPLE.get().relaxed(logAlpha, categories, tau, noise, logY, y, oneHot, logQ);
  }

  @Override
  protected void doSampleBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      @Nullable Tensor dLogY,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    SAMPLE_BACKWARD
        .get()
        .run(logAlpha, categories, tau, logY, dLogY, dY, dLogQ, stickTheLanding, dLogAlpha, dTau);
  }

  @Override
  protected void doLogDensity(
      Tensor logAlpha, int categories, float tau, Tensor logY, boolean ofY, Tensor logDensity) {
    DENSITY.get().forward(logAlpha, categories, tau, logY, ofY, logDensity);
  }

  @Override
  protected void doLogDensityBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogY,
      @Nullable Tensor dTau) {
    DENSITY
        .get()
        .backward(logAlpha, categories, tau, logY, ofY, dLogDensity, dLogAlpha, dLogY, dTau);
  }

  @Override
  protected void doConditional(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor index,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor logY) {
    CONDITIONAL.get().run(logAlpha, categories, tau, index, noise, z, logY);
  }

  @Override
  protected void doConditionalBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor z,
      @Nullable Tensor logY,
      @Nullable Tensor dz,
      @Nullable Tensor dLogY,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    CONDITIONAL_BACKWARD.get().run(logAlpha, categories, tau, z, logY, dz, dLogY, dLogAlpha, dTau);
  }

  @Override
  protected void doBinarySample(
      Tensor logAlpha,
      float tau,
      NoiseKey noise,
      Tensor logit,
      @Nullable Tensor y,
      @Nullable Tensor hard,
      @Nullable Tensor logQ) {
    BINARY.get().sample(logAlpha, tau, noise, logit, y, hard, logQ);
  }

  @Override
  protected void doBinarySampleBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      @Nullable Tensor dLogit,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    BINARY_BACKWARD
        .get()
        .sample(logAlpha, tau, logit, dLogit, dY, dLogQ, stickTheLanding, dLogAlpha, dTau);
  }

  @Override
  protected void doBinaryLogDensity(
      Tensor logAlpha, float tau, Tensor logit, boolean ofY, Tensor logDensity) {
    BINARY.get().density(logAlpha, tau, logit, ofY, logDensity);
  }

  @Override
  protected void doBinaryLogDensityBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogit,
      @Nullable Tensor dTau) {
    BINARY_BACKWARD.get().density(logAlpha, tau, logit, ofY, dLogDensity, dLogAlpha, dLogit, dTau);
  }
}
