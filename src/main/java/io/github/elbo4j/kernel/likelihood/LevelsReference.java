package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The law for {@link LevelsKernels}: pure functions in double. {@code k} samples a data point,
 * {@code n} dimensions, {@code c} levels; a scale of 1, n or rows·n elements repeats.
 */
public final class LevelsReference extends LevelsKernels {
  /** log softmax of level {@code x} among {@code c} logits from {@code at} on. */
  static double logSoftmax(double[] logits, int at, int c, int x) {
    double sum = ReferenceMath.logSumExp(logits, at, c);
    return Double.isInfinite(sum) ? Double.NaN : logits[at + x] - sum;
  }

  /** logLik [rows]. */
  static double[] categorical(double[] logits, int[] x, int rows, int k, int n, int c) {
    double[] logLik = new double[rows];
    for (int i = 0; i < rows * n; i++) {
      logLik[i / n] += logSoftmax(logits, i * c, c, x[point(i, k, n)]);
    }
    return logLik;
  }

  /** dLogits [rows, n, c]. */
  static double[] categoricalBackward(double[] logits, int[] x, double[] g, int k, int n, int c) {
    double[] dLogits = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      int group = i / c;
      int level = i % c;
      double softmax = Math.exp(logSoftmax(logits, group * c, c, level));
      boolean is = x[point(group, k, n)] == level;
      dLogits[i] = g[group / n] * ((is ? 1 : 0) - softmax);
    }
    return dLogits;
  }

  /** exp(−logScale)/255, cut off: the width q of a bin in units of the scale. */
  static double width(double logScale) {
    return Math.exp(Math.clamp(-logScale, -MAX_LOG_SCALE, MAX_LOG_SCALE)) / 255;
  }

  /** log of the probability of level {@code x}. */
  static double logistic(double mean, int x, double logScale) {
    double q = width(logScale);
    double d = x - 255 * mean;
    double plus = q * (d + 0.5);
    double minus = q * (d - 0.5);
    if (x == 0) {
      return -ReferenceMath.softplus(-plus);
    }
    if (x == 255) {
      return -ReferenceMath.softplus(minus);
    }
    return Math.log(-Math.expm1(-q))
        - q * Math.max(Math.abs(d) - 0.5, 0)
        - Math.log1p(Math.exp(-Math.abs(plus)))
        - Math.log1p(Math.exp(-Math.abs(minus)));
  }

  /** Its derivative in the mean. */
  static double logisticToMean(double mean, int x, double logScale) {
    double q = width(logScale);
    double d = x - 255 * mean;
    double plus = q * (d + 0.5);
    double minus = q * (d - 0.5);
    double slope =
        x == 0
            ? -ReferenceMath.sigmoid(-plus)
            : x == 255
                ? ReferenceMath.sigmoid(minus)
                // ½(tanh(plus/2) + tanh(minus/2))
                : inside(d) - below(plus) - below(minus);
    return 255 * q * slope;
  }

  /** ½(sign(plus) + sign(minus)). */
  private static double inside(double d) {
    return (Math.signum(d + 0.5) + Math.signum(d - 0.5)) / 2;
  }

  /** sign(y)·sigmoid(−|y|). */
  private static double below(double y) {
    return Math.signum(y) * ReferenceMath.sigmoid(-Math.abs(y));
  }

  /** Its derivative in logScale. */
  static double logisticToLogScale(double mean, int x, double logScale) {
    double q = width(logScale);
    double d = x - 255 * mean;
    double plus = q * (d + 0.5);
    double minus = q * (d - 0.5);
    if (x == 0) {
      return -plus * ReferenceMath.sigmoid(-plus);
    }
    if (x == 255) {
      return minus * ReferenceMath.sigmoid(minus);
    }
    return q * Math.max(Math.abs(d) - 0.5, 0)
        - plus * below(plus)
        - minus * below(minus)
        - q / Math.expm1(q);
  }

  /** logLik [rows]. */
  static double[] logistic(double[] mean, int[] x, double[] logScale, int rows, int k, int n) {
    double[] logLik = new double[rows];
    for (int i = 0; i < mean.length; i++) {
      logLik[i / n] += logistic(mean[i], x[point(i, k, n)], logScale[i % logScale.length]);
    }
    return logLik;
  }

  /** dMean [rows, n]. */
  static double[] logisticToMean(
      double[] mean, int[] x, double[] logScale, double[] g, int k, int n) {
    double[] dMean = new double[mean.length];
    for (int i = 0; i < mean.length; i++) {
      double slope = logisticToMean(mean[i], x[point(i, k, n)], logScale[i % logScale.length]);
      dMean[i] = g[i / n] * slope;
    }
    return dMean;
  }

  /** dLogScale, as many elements as {@code logScale}. */
  static double[] logisticToLogScale(
      double[] mean, int[] x, double[] logScale, double[] g, int k, int n) {
    double[] dLogScale = new double[logScale.length];
    for (int i = 0; i < mean.length; i++) {
      int s = i % logScale.length;
      dLogScale[s] += g[i / n] * logisticToLogScale(mean[i], x[point(i, k, n)], logScale[s]);
    }
    return dLogScale;
  }

  private static int point(int i, int k, int n) {
    return i / n / k * n + i % n;
  }

  private static int[] read(ByteTensor x) {
    int[] levels = new int[x.size()];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = x.array()[x.offset() + i] & 255;
    }
    return levels;
  }

  private static int samples(Tensor output, ByteTensor x) {
    return x.rows() == 0 ? 1 : output.rows() / x.rows();
  }

  @Override
  protected void doCategorical(Tensor logits, ByteTensor x, Tensor logLik) {
    double[] l = Doubles.read(logits);
    int k = samples(logits, x);
    int c = levels(logits, x);
    Doubles.write(categorical(l, read(x), logits.rows(), k, x.columns(), c), logLik);
  }

  @Override
  protected void doCategoricalBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    double[] l = Doubles.read(logits);
    double[] g = Doubles.read(dLogLik);
    int k = samples(logits, x);
    int c = levels(logits, x);
    Doubles.accumulate(categoricalBackward(l, read(x), g, k, x.columns(), c), dLogits);
  }

  @Override
  protected void doDiscretizedLogistic(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik) {
    double[] m = Doubles.read(mean);
    double[] s = Doubles.read(logScale);
    int k = samples(mean, x);
    Doubles.write(logistic(m, read(x), s, mean.rows(), k, mean.columns()), logLik);
  }

  @Override
  protected void doDiscretizedLogisticBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    double[] m = Doubles.read(mean);
    double[] s = Doubles.read(logScale);
    double[] g = Doubles.read(dLogLik);
    int[] levels = read(x);
    int k = samples(mean, x);
    Doubles.accumulate(logisticToMean(m, levels, s, g, k, mean.columns()), dMean);
    Doubles.accumulate(logisticToLogScale(m, levels, s, g, k, mean.columns()), dLogScale);
  }
}
