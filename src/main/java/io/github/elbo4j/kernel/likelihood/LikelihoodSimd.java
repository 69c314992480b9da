package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link LikelihoodKernels} on vectors: each hook hands its arguments to a task that the thread
 * keeps, so nothing is allocated, and the task cuts the work into blocks. The arithmetic is in
 * {@link BernoulliRows}, {@link ContinuousRows}, {@link GaussianLikelihoodRows} and {@link
 * LaplaceRows}, what the data is kept as in {@link DataRows}.
 */
public final class LikelihoodSimd extends LikelihoodKernels {
  private static final ThreadLocal<BernoulliForward> BERNOULLI =
      ThreadLocal.withInitial(BernoulliForward::new);
  private static final ThreadLocal<BernoulliBackward> BERNOULLI_BACKWARD =
      ThreadLocal.withInitial(BernoulliBackward::new);
  private static final ThreadLocal<ContinuousBernoulli> CONTINUOUS =
      ThreadLocal.withInitial(ContinuousBernoulli::new);
  private static final ThreadLocal<GaussianForward> GAUSSIAN =
      ThreadLocal.withInitial(GaussianForward::new);
  private static final ThreadLocal<GaussianBackward> GAUSSIAN_BACKWARD =
      ThreadLocal.withInitial(GaussianBackward::new);
  private static final ThreadLocal<GaussianSharedBackward> GAUSSIAN_SHARED_BACKWARD =
      ThreadLocal.withInitial(GaussianSharedBackward::new);

  @Override
  protected int doFirstOutsideUnit(Tensor x) {
    return BernoulliRows.firstOutsideUnit(x);
  }

  @Override
  protected void doBernoulli(Tensor logits, Tensor x, Tensor logLik) {
    BernoulliForward task = BERNOULLI.get();
    task.x.set(x);
    task.run(logits, logLik);
  }

  @Override
  protected void doBernoulliBytes(
      Tensor logits, ByteTensor x, @Nullable NoiseKey binarization, Tensor logLik) {
    BernoulliForward task = BERNOULLI.get();
    task.x.set(x, binarization);
    task.run(logits, logLik);
  }

  @Override
  protected void doBernoulliBackward(Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits) {
    BernoulliBackward task = BERNOULLI_BACKWARD.get();
    task.x.set(x);
    task.run(logits, dLogLik, dLogits);
  }

  @Override
  protected void doBernoulliBytesBackward(
      Tensor logits,
      ByteTensor x,
      @Nullable NoiseKey binarization,
      Tensor dLogLik,
      Tensor dLogits) {
    BernoulliBackward task = BERNOULLI_BACKWARD.get();
    task.x.set(x, binarization);
    task.run(logits, dLogLik, dLogits);
  }

  @Override
  protected void doContinuousBernoulli(Tensor logits, Tensor x, Tensor logLik) {
    ContinuousBernoulli task = CONTINUOUS.get();
    task.x.set(x);
    task.run(logits, logLik, null);
  }

  @Override
  protected void doContinuousBernoulliBytes(Tensor logits, ByteTensor x, Tensor logLik) {
    ContinuousBernoulli task = CONTINUOUS.get();
    task.x.set(x, null);
    task.run(logits, logLik, null);
  }

  @Override
  protected void doContinuousBernoulliBackward(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits) {
    ContinuousBernoulli task = CONTINUOUS.get();
    task.x.set(x);
    task.run(logits, dLogLik, dLogits);
  }

  @Override
  protected void doContinuousBernoulliBytesBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    ContinuousBernoulli task = CONTINUOUS.get();
    task.x.set(x, null);
    task.run(logits, dLogLik, dLogits);
  }

  @Override
  protected void doGaussian(Tensor mean, Tensor x, Tensor logVar, Tensor logLik) {
    GaussianForward task = GAUSSIAN.get();
    task.x.set(x);
    task.run(mean, logVar, logLik, false);
  }

  @Override
  protected void doGaussianBytes(Tensor mean, ByteTensor x, Tensor logVar, Tensor logLik) {
    GaussianForward task = GAUSSIAN.get();
    task.x.set(x, null);
    task.run(mean, logVar, logLik, false);
  }

  @Override
  protected void doGaussianBackward(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    GAUSSIAN_BACKWARD.get().x.set(x);
    GAUSSIAN_SHARED_BACKWARD.get().x.set(x);
    backward(mean, logVar, dLogLik, dMean, dLogVar, false);
  }

  @Override
  protected void doGaussianBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    GAUSSIAN_BACKWARD.get().x.set(x, null);
    GAUSSIAN_SHARED_BACKWARD.get().x.set(x, null);
    backward(mean, logVar, dLogLik, dMean, dLogVar, false);
  }

  @Override
  protected void doLaplace(Tensor mean, Tensor x, Tensor logScale, Tensor logLik) {
    GaussianForward task = GAUSSIAN.get();
    task.x.set(x);
    task.run(mean, logScale, logLik, true);
  }

  @Override
  protected void doLaplaceBytes(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik) {
    GaussianForward task = GAUSSIAN.get();
    task.x.set(x, null);
    task.run(mean, logScale, logLik, true);
  }

  @Override
  protected void doLaplaceBackward(
      Tensor mean,
      Tensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    GAUSSIAN_BACKWARD.get().x.set(x);
    GAUSSIAN_SHARED_BACKWARD.get().x.set(x);
    backward(mean, logScale, dLogLik, dMean, dLogScale, true);
  }

  @Override
  protected void doLaplaceBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    GAUSSIAN_BACKWARD.get().x.set(x, null);
    GAUSSIAN_SHARED_BACKWARD.get().x.set(x, null);
    backward(mean, logScale, dLogLik, dMean, dLogScale, true);
  }

  /** The data of both tasks is set; one that is not run lets go of it. */
  private static void backward(
      Tensor mean,
      Tensor scale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dScale,
      boolean laplace) {
    boolean perRow = GaussianLikelihoodRows.perRow(scale);
    GaussianBackward rows = GAUSSIAN_BACKWARD.get();
    GaussianSharedBackward shared = GAUSSIAN_SHARED_BACKWARD.get();
    rows.run(mean, scale, dLogLik, dMean, perRow ? dScale : null, laplace);
    if (perRow || dScale == null) {
      shared.x.forget();
    } else {
      shared.run(mean, scale, dLogLik, dScale, laplace);
    }
  }
}
