package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link LikelihoodKernels} on vectors: each hook hands its arguments to a task that the thread
 * keeps, so nothing is allocated, and the task cuts the work into blocks. The arithmetic is in
 * {@link BernoulliRows} and {@link GaussianLikelihoodRows}, what the data is kept as in {@link
 * DataRows}.
 */
public final class LikelihoodSimd extends LikelihoodKernels {
  private static final ThreadLocal<BernoulliForward> BERNOULLI =
      ThreadLocal.withInitial(BernoulliForward::new);
  private static final ThreadLocal<BernoulliBackward> BERNOULLI_BACKWARD =
      ThreadLocal.withInitial(BernoulliBackward::new);
  private static final ThreadLocal<GaussianForward> GAUSSIAN =
      ThreadLocal.withInitial(GaussianForward::new);
  private static final ThreadLocal<GaussianBackward> GAUSSIAN_BACKWARD =
      ThreadLocal.withInitial(GaussianBackward::new);
  private static final ThreadLocal<GaussianSharedBackward> GAUSSIAN_SHARED_BACKWARD =
      ThreadLocal.withInitial(GaussianSharedBackward::new);

  @Override
  protected int doFirstOutsideUnit(Tensor x) {
    float[] a = x.array();
    int from = x.offset();
    if (BernoulliRows.mayLeaveUnit(a, from, x.size())) {
      for (int i = 0; i < x.size(); i++) {
        if (a[from + i] < 0 || a[from + i] > 1) {
          return i;
        }
      }
    }
    return -1;
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
  protected void doGaussian(Tensor mean, Tensor x, Tensor logVar, Tensor logLik) {
    GaussianForward task = GAUSSIAN.get();
    task.x.set(x);
    task.run(mean, logVar, logLik);
  }

  @Override
  protected void doGaussianBytes(Tensor mean, ByteTensor x, Tensor logVar, Tensor logLik) {
    GaussianForward task = GAUSSIAN.get();
    task.x.set(x, null);
    task.run(mean, logVar, logLik);
  }

  @Override
  protected void doGaussianBackward(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    GaussianBackward rows = GAUSSIAN_BACKWARD.get();
    rows.x.set(x);
    boolean perRow = GaussianLikelihoodRows.perRow(logVar);
    rows.run(mean, logVar, dLogLik, dMean, perRow ? dLogVar : null);
    if (!perRow && dLogVar != null) {
      GaussianSharedBackward shared = GAUSSIAN_SHARED_BACKWARD.get();
      shared.x.set(x);
      shared.run(mean, logVar, dLogLik, dLogVar);
    }
  }

  @Override
  protected void doGaussianBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    GaussianBackward rows = GAUSSIAN_BACKWARD.get();
    rows.x.set(x, null);
    boolean perRow = GaussianLikelihoodRows.perRow(logVar);
    rows.run(mean, logVar, dLogLik, dMean, perRow ? dLogVar : null);
    if (!perRow && dLogVar != null) {
      GaussianSharedBackward shared = GAUSSIAN_SHARED_BACKWARD.get();
      shared.x.set(x, null);
      shared.run(mean, logVar, dLogLik, dLogVar);
    }
  }
}
