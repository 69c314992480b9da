package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Softmax, layer normalisation and batch normalisation with their gradients (KERNELS.md §9). NaN in
 * gives NaN out in everything that is computed from it: the row of a softmax or of a layer
 * normalisation, the channel of a batch normalisation. Rows may be 0 in number. Deviations from a
 * mean may be up to 1e18, squares of larger ones overflow float32: the variance is then +∞ and the
 * normalised values are 0.
 */
public abstract class NormalizationKernels {
  /**
   * {@code y = exp(x − logsumexp(x))} of each row: positive numbers with sum 1. The row's maximum
   * is subtracted first, so that no finite row overflows. An element −∞ gets 0; a row that is −∞
   * throughout, or has a +∞, has no softmax and gives NaN.
   *
   * @param x read, [R,C]
   * @param y written, [R,C]; may be {@code x} itself when no gradient is wanted
   */
  public final void softmax(Tensor x, Tensor y) {
    rowwise("softmax", x, y);
    doSoftmax(x, false, y);
  }

  /**
   * {@code y = x − logsumexp(x)} of each row, the logarithm of {@link #softmax}, which stays finite
   * where that underflows.
   *
   * @param x read, [R,C]
   * @param y written, [R,C]; may be {@code x} itself
   */
  public final void logSoftmax(Tensor x, Tensor y) {
    rowwise("logSoftmax", x, y);
    doSoftmax(x, true, y);
  }

  /**
   * Gradient of {@link #softmax}: {@code dX += y ⊙ (dY − Σ_c dY·y)}.
   *
   * @param y read, [R,C], as the forward pass left it
   * @param dY read, [R,C]
   * @param dX accumulated, [R,C]
   */
  public final void softmaxBackward(Tensor y, Tensor dY, Tensor dX) {
    rowwiseBackward("softmaxBackward", y, dY, dX);
    doSoftmaxBackward(y, false, dY, dX);
  }

  /**
   * Gradient of {@link #logSoftmax}: {@code dX += dY − exp(y)·Σ_c dY}.
   *
   * @param y read, [R,C], as the forward pass left it
   * @param dY read, [R,C]
   * @param dX accumulated, [R,C]
   */
  public final void logSoftmaxBackward(Tensor y, Tensor dY, Tensor dX) {
    rowwiseBackward("logSoftmaxBackward", y, dY, dX);
    doSoftmaxBackward(y, true, dY, dX);
  }

  /**
   * Layer normalisation over the D elements of each row (Ba et al. 2016).
   *
   * <pre>
   * mean[r] = 1/D Σ_d x
   * rstd[r] = 1/√( 1/D Σ_d (x − mean)² + epsilon )
   * y[r,d]  = (x − mean)·rstd·gain[d] + bias[d]
   * </pre>
   *
   * @param x read, [R,D], D &gt;= 1 where there are rows
   * @param gain read, D elements
   * @param bias read, D elements
   * @param epsilon added to the variance, &gt; 0
   * @param y written, [R,D]
   * @param mean written, R elements: what the backward pass needs
   * @param rstd written, R elements
   */
  public final void layerNorm(
      Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd) {
    String m = "layerNorm";
    checkEpsilon(m, epsilon);
    if (x.columns() == 0 && x.rows() > 0) {
      throw Checks.fail(m, "x " + x.shape() + " must have at least one column");
    }
    Checks.length(m, "gain", gain, x.columns());
    Checks.length(m, "bias", bias, x.columns());
    Checks.same(m, "y", y, "x", x);
    Checks.length(m, "mean", mean, x.rows());
    Checks.length(m, "rstd", rstd, x.rows());
    Aliases.of(m)
        .reads("x", x)
        .reads("gain", gain)
        .reads("bias", bias)
        .writes("y", y)
        .writes("mean", mean)
        .writes("rstd", rstd)
        .end();
    doLayerNorm(x, gain, bias, epsilon, y, mean, rstd);
  }

  /**
   * Gradients of {@link #layerNorm}; with {@code n = (x − mean)·rstd} and {@code g = dY·gain}:
   *
   * <pre>
   * dX       += rstd·( g − 1/D Σ_d g − n·1/D Σ_d g·n )
   * dGain[d] += Σ_r dY·n
   * dBias[d] += Σ_r dY
   * </pre>
   *
   * @param x read, [R,D]
   * @param gain read, D elements
   * @param mean read, R elements, as the forward pass left it
   * @param rstd read, R elements, as the forward pass left it
   * @param dY read, [R,D]
   * @param dX accumulated, [R,D], or null
   * @param dGain accumulated, D elements; null together with {@code dBias}
   * @param dBias accumulated, D elements, or null
   */
  public final void layerNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    String m = "layerNormBackward";
    Checks.length(m, "gain", gain, x.columns());
    Checks.length(m, "mean", mean, x.rows());
    Checks.length(m, "rstd", rstd, x.rows());
    checkGradients(m, x, gain, mean, rstd, dY, dX, dGain, dBias);
    doLayerNormBackward(x, gain, mean, rstd, dY, dX, dGain, dBias);
  }

  /**
   * Batch normalisation in training: each channel by its statistics in this batch (Ioffe and
   * Szegedy 2015). A row of x is C channels of S elements each, channel by channel: S = 1 for plain
   * features, height times width for images. With {@code n = R·S} elements a channel:
   *
   * <pre>
   * mean[c]  = 1/n Σ x,   v = 1/n Σ (x − mean)²,   rstd[c] = 1/√(v + epsilon)
   * y        = (x − mean[c])·rstd[c]·gain[c] + bias[c]
   * runningMean     += momentum·( mean − runningMean )
   * runningVariance += momentum·( v·n/(n − 1) − runningVariance )
   * </pre>
   *
   * As in PyTorch the running variance is the unbiased one, and what normalises is not. A batch
   * without rows changes nothing and sets mean to 0 and rstd to 1/√epsilon.
   *
   * @param x read, [R,C·S]; n must not be 1, which has no variance
   * @param gain read, C elements
   * @param bias read, C elements
   * @param epsilon added to the variance, &gt; 0
   * @param momentum weight of this batch in the running statistics, in [0,1]
   * @param runningMean updated, C elements
   * @param runningVariance updated, C elements
   * @param y written, [R,C·S]
   * @param mean written, C elements: what the backward pass needs
   * @param rstd written, C elements
   */
  public final void batchNorm(
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
    String m = "batchNorm";
    checkEpsilon(m, epsilon);
    if (!(momentum >= 0 && momentum <= 1)) {
      throw Checks.fail(m, "momentum " + momentum + " must be in [0,1]");
    }
    int channels = channels(m, x, gain);
    if (x.size() == channels && x.rows() > 0) {
      throw Checks.fail(m, "x " + x.shape() + " must have at least two elements a channel");
    }
    Checks.length(m, "bias", bias, channels);
    Checks.length(m, "runningMean", runningMean, channels);
    Checks.length(m, "runningVariance", runningVariance, channels);
    Checks.same(m, "y", y, "x", x);
    Checks.length(m, "mean", mean, channels);
    Checks.length(m, "rstd", rstd, channels);
    Aliases.of(m)
        .reads("x", x)
        .reads("gain", gain)
        .reads("bias", bias)
        .writes("runningMean", runningMean)
        .writes("runningVariance", runningVariance)
        .writes("y", y)
        .writes("mean", mean)
        .writes("rstd", rstd)
        .end();
    doBatchNorm(x, gain, bias, epsilon, momentum, runningMean, runningVariance, y, mean, rstd);
  }

  /**
   * Gradients of {@link #batchNorm}; with {@code h = (x − mean)·rstd} and sums over the n elements
   * of the channel:
   *
   * <pre>
   * dX       += gain·rstd·( dY − 1/n Σ dY − h·1/n Σ dY·h )
   * dGain[c] += Σ dY·h
   * dBias[c] += Σ dY
   * </pre>
   *
   * @param x read, [R,C·S]
   * @param gain read, C elements
   * @param mean read, C elements, as the forward pass left it
   * @param rstd read, C elements, as the forward pass left it
   * @param dY read, [R,C·S]
   * @param dX accumulated, [R,C·S], or null
   * @param dGain accumulated, C elements; null together with {@code dBias}
   * @param dBias accumulated, C elements, or null
   */
  public final void batchNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    checkChannels("batchNormBackward", x, gain, mean, rstd, dY, dX, dGain, dBias);
    doBatchNormBackward(x, gain, mean, rstd, dY, dX, dGain, dBias);
  }

  /**
   * Batch normalisation in evaluation: by fixed statistics, which the batch does not change.
   *
   * <pre>
   * rstd[c] = 1/√(variance[c] + epsilon)
   * y       = (x − mean[c])·rstd[c]·gain[c] + bias[c]
   * </pre>
   *
   * @param x read, [R,C·S]
   * @param gain read, C elements
   * @param bias read, C elements
   * @param mean read, C elements: the running mean
   * @param variance read, C elements: the running variance
   * @param epsilon added to the variance, &gt; 0
   * @param y written, [R,C·S]
   * @param rstd written, C elements: what the backward pass needs
   */
  public final void fixedNorm(
      Tensor x,
      Tensor gain,
      Tensor bias,
      Tensor mean,
      Tensor variance,
      float epsilon,
      Tensor y,
      Tensor rstd) {
    String m = "fixedNorm";
    checkEpsilon(m, epsilon);
    int channels = channels(m, x, gain);
    Checks.length(m, "bias", bias, channels);
    Checks.length(m, "mean", mean, channels);
    Checks.length(m, "variance", variance, channels);
    Checks.same(m, "y", y, "x", x);
    Checks.length(m, "rstd", rstd, channels);
    Aliases.of(m)
        .reads("x", x)
        .reads("gain", gain)
        .reads("bias", bias)
        .reads("mean", mean)
        .reads("variance", variance)
        .writes("y", y)
        .writes("rstd", rstd)
        .end();
    doFixedNorm(x, gain, bias, mean, variance, epsilon, y, rstd);
  }

  /**
   * Gradients of {@link #fixedNorm}: {@code dX += dY·gain·rstd}, and dGain and dBias as in {@link
   * #batchNormBackward}.
   *
   * @param x read, [R,C·S]
   * @param gain read, C elements
   * @param mean read, C elements
   * @param rstd read, C elements, as the forward pass left it
   * @param dY read, [R,C·S]
   * @param dX accumulated, [R,C·S], or null
   * @param dGain accumulated, C elements; null together with {@code dBias}
   * @param dBias accumulated, C elements, or null
   */
  public final void fixedNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    checkChannels("fixedNormBackward", x, gain, mean, rstd, dY, dX, dGain, dBias);
    doFixedNormBackward(x, gain, mean, rstd, dY, dX, dGain, dBias);
  }

  private static void rowwise(String m, Tensor x, Tensor y) {
    Checks.same(m, "y", y, "x", x);
    Checks.sameOrDistinct(m, "y", y, "x", x);
  }

  private static void rowwiseBackward(String m, Tensor y, Tensor dY, Tensor dX) {
    Checks.same(m, "dY", dY, "y", y);
    Checks.same(m, "dX", dX, "y", y);
    Checks.distinct(m, "dX", dX, "y", y);
    Checks.distinct(m, "dX", dX, "dY", dY);
  }

  private static void checkEpsilon(String m, float epsilon) {
    if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
      throw Checks.fail(m, "epsilon " + epsilon + " must be > 0 and finite");
    }
  }

  /** C, of which the columns are a whole multiple. */
  private static int channels(String m, Tensor x, Tensor gain) {
    int channels = gain.size();
    if (channels == 0 || x.columns() == 0 || x.columns() % channels != 0) {
      throw Checks.fail(
          m,
          "x "
              + x.shape()
              + " must have a whole multiple of the "
              + channels
              + " channels of gain");
    }
    return channels;
  }

  private static void checkChannels(
      String m,
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    int channels = channels(m, x, gain);
    Checks.length(m, "mean", mean, channels);
    Checks.length(m, "rstd", rstd, channels);
    checkGradients(m, x, gain, mean, rstd, dY, dX, dGain, dBias);
  }

  private static void checkGradients(
      String m,
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    Checks.same(m, "dY", dY, "x", x);
    Checks.same(m, "dX", dX, "x", x);
    if ((dGain == null) != (dBias == null)) {
      throw Checks.fail(m, "dGain and dBias must be given together or not at all");
    }
    Checks.length(m, "dGain", dGain, gain.size());
    Checks.length(m, "dBias", dBias, gain.size());
    Aliases.of(m)
        .reads("x", x)
        .reads("gain", gain)
        .reads("mean", mean)
        .reads("rstd", rstd)
        .reads("dY", dY)
        .writes("dX", dX)
        .writes("dGain", dGain)
        .writes("dBias", dBias)
        .end();
  }

  protected abstract void doSoftmax(Tensor x, boolean log, Tensor y);

  protected abstract void doSoftmaxBackward(Tensor y, boolean log, Tensor dY, Tensor dX);

  protected abstract void doLayerNorm(
      Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd);

  protected abstract void doLayerNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias);

  protected abstract void doBatchNorm(
      Tensor x,
      Tensor gain,
      Tensor bias,
      float epsilon,
      float momentum,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor y,
      Tensor mean,
      Tensor rstd);

  protected abstract void doBatchNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias);

  protected abstract void doFixedNorm(
      Tensor x,
      Tensor gain,
      Tensor bias,
      Tensor mean,
      Tensor variance,
      float epsilon,
      Tensor y,
      Tensor rstd);

  protected abstract void doFixedNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias);
}
