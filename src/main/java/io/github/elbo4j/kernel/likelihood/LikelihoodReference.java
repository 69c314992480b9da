package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.pixels.PixelsReference;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The law for {@link LikelihoodKernels}: pure functions in double, one an output. Arrays are dense
 * and row-major; {@code rows}, {@code k}, {@code n} are rows of decoder output, samples a data
 * point and dimensions. A log-variance of 1, n or rows·n elements repeats: element i is {@code
 * logVar[i % length]}.
 */
public final class LikelihoodReference extends LikelihoodKernels {
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  /**
   * {@code x·l − softplus(l)}, written so that no two large terms cancel: {@code l·(x − 1[l>0]) −
   * log1p(exp(−|l|))}, with 0·∞ = 0.
   */
  static double bernoulli(double l, double x) {
    double slope = l > 0 ? x - 1 : x;
    return (slope == 0 ? 0 : l * slope) - Math.log1p(Math.exp(-Math.abs(l)));
  }

  /** {@code x − sigmoid(l)}, likewise. */
  static double bernoulliSlope(double l, double x) {
    double u = Math.exp(-Math.abs(l));
    return l > 0 ? (x - 1) + u / (1 + u) : x - u / (1 + u);
  }

  /** logLik [rows]. */
  static double[] bernoulli(double[] logits, double[] x, int rows, int k, int n) {
    double[] logLik = new double[rows];
    for (int i = 0; i < logits.length; i++) {
      logLik[i / n] += bernoulli(logits[i], x[point(i, k, n)]);
    }
    return logLik;
  }

  /** dLogits [rows, n]. */
  static double[] bernoulliBackward(double[] logits, double[] x, double[] g, int k, int n) {
    double[] dLogits = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      dLogits[i] = g[i / n] * bernoulliSlope(logits[i], x[point(i, k, n)]);
    }
    return dLogits;
  }

  /** {@code l·(x − 1[l>0]) + log( a/(1 − e^−a) )} with a = |l|, at most the largest float. */
  static double continuousBernoulli(double l, double x) {
    double a = Math.min(Math.abs(l), Float.MAX_VALUE);
    // 1 + a/2 + a²/12 next to 0, where the quotient is 0/0
    double c = a < 1e-4 ? Math.log1p(a / 2 + a * a / 12) : Math.log(a / -Math.expm1(-a));
    return c - a * (l > 0 ? 1 - x : x);
  }

  /** {@code x − E x}; 1/a − 1/(e^a − 1) is ½ − a/12 + a³/720 next to 0. */
  static double continuousBernoulliSlope(double l, double x) {
    double a = Math.min(Math.abs(l), Float.MAX_VALUE);
    double rest = a < 0.01 ? 0.5 - a / 12 + a * a * a / 720 : 1 / a - 1 / Math.expm1(a);
    return l > 0 ? x - 1 + rest : x - rest;
  }

  /** logLik [rows]. */
  static double[] continuousBernoulli(double[] logits, double[] x, int rows, int k, int n) {
    double[] logLik = new double[rows];
    for (int i = 0; i < logits.length; i++) {
      logLik[i / n] += continuousBernoulli(logits[i], x[point(i, k, n)]);
    }
    return logLik;
  }

  /** dLogits [rows, n]. */
  static double[] continuousBernoulliBackward(
      double[] logits, double[] x, double[] g, int k, int n) {
    double[] dLogits = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      dLogits[i] = g[i / n] * continuousBernoulliSlope(logits[i], x[point(i, k, n)]);
    }
    return dLogits;
  }

  /** exp(−logVar), cut off: see the contract. NaN stays NaN. */
  static double precision(double logVar) {
    return Math.exp(Math.min(Math.max(-logVar, MIN_LOG_PRECISION), MAX_LOG_PRECISION));
  }

  /** logLik [rows]. */
  static double[] gaussian(double[] mean, double[] x, double[] logVar, int rows, int k, int n) {
    double[] logLik = new double[rows];
    for (int i = 0; i < mean.length; i++) {
      double distance = x[point(i, k, n)] - mean[i];
      double lv = logVar[i % logVar.length];
      logLik[i / n] -= 0.5 * (distance * distance * precision(lv) + lv + LOG_2PI);
    }
    return logLik;
  }

  /** dMean [rows, n]. */
  static double[] gaussianToMean(
      double[] mean, double[] x, double[] logVar, double[] g, int k, int n) {
    double[] dMean = new double[mean.length];
    for (int i = 0; i < mean.length; i++) {
      double distance = x[point(i, k, n)] - mean[i];
      dMean[i] = g[i / n] * distance * precision(logVar[i % logVar.length]);
    }
    return dMean;
  }

  /** dLogVar, as many elements as {@code logVar}. */
  static double[] gaussianToLogVar(
      double[] mean, double[] x, double[] logVar, double[] g, int k, int n) {
    double[] dLogVar = new double[logVar.length];
    for (int i = 0; i < mean.length; i++) {
      double distance = x[point(i, k, n)] - mean[i];
      int v = i % logVar.length;
      dLogVar[v] += g[i / n] * 0.5 * (distance * distance * precision(logVar[v]) - 1);
    }
    return dLogVar;
  }

  /** logLik [rows]. */
  static double[] laplace(double[] mean, double[] x, double[] logScale, int rows, int k, int n) {
    double[] logLik = new double[rows];
    for (int i = 0; i < mean.length; i++) {
      double ls = logScale[i % logScale.length];
      logLik[i / n] -= Math.abs(x[point(i, k, n)] - mean[i]) * precision(ls) + ls + Math.log(2);
    }
    return logLik;
  }

  /** dMean [rows, n]. */
  static double[] laplaceToMean(
      double[] mean, double[] x, double[] logScale, double[] g, int k, int n) {
    double[] dMean = new double[mean.length];
    for (int i = 0; i < mean.length; i++) {
      double sign = Math.signum(x[point(i, k, n)] - mean[i]);
      dMean[i] = g[i / n] * sign * precision(logScale[i % logScale.length]);
    }
    return dMean;
  }

  /** dLogScale, as many elements as {@code logScale}. */
  static double[] laplaceToLogScale(
      double[] mean, double[] x, double[] logScale, double[] g, int k, int n) {
    double[] dLogScale = new double[logScale.length];
    for (int i = 0; i < mean.length; i++) {
      int v = i % logScale.length;
      double distance = Math.abs(x[point(i, k, n)] - mean[i]);
      dLogScale[v] += g[i / n] * (distance * precision(logScale[v]) - 1);
    }
    return dLogScale;
  }

  private static int point(int i, int k, int n) {
    return i / n / k * n + i % n;
  }

  /** Pixels as numbers in [0,1], or as draws when there is noise to draw with. */
  private static double[] read(ByteTensor x, @Nullable NoiseKey binarization) {
    double[] copy = new double[x.size()];
    for (int i = 0; i < copy.length; i++) {
      byte pixel = x.array()[x.offset() + i];
      copy[i] =
          binarization == null
              ? PixelsReference.scale(pixel)
              : PixelsReference.binarize(binarization, i, pixel);
    }
    return copy;
  }

  private static int samples(Tensor output, int points) {
    return points == 0 ? 1 : output.rows() / points;
  }

  @Override
  protected int doFirstOutsideUnit(Tensor x) {
    for (int i = 0; i < x.size(); i++) {
      if (x.get(i) < 0 || x.get(i) > 1) {
        return i;
      }
    }
    return -1;
  }

  @Override
  protected void doBernoulli(Tensor logits, Tensor x, Tensor logLik) {
    forward(logits, Doubles.read(x), x.rows(), logLik);
  }

  @Override
  protected void doBernoulliBytes(
      Tensor logits, ByteTensor x, @Nullable NoiseKey binarization, Tensor logLik) {
    forward(logits, read(x, binarization), x.rows(), logLik);
  }

  private static void forward(Tensor logits, double[] x, int points, Tensor logLik) {
    double[] l = Doubles.read(logits);
    int k = samples(logits, points);
    Doubles.write(bernoulli(l, x, logits.rows(), k, logits.columns()), logLik);
  }

  @Override
  protected void doBernoulliBackward(Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits) {
    backward(logits, Doubles.read(x), x.rows(), dLogLik, dLogits);
  }

  @Override
  protected void doBernoulliBytesBackward(
      Tensor logits,
      ByteTensor x,
      @Nullable NoiseKey binarization,
      Tensor dLogLik,
      Tensor dLogits) {
    backward(logits, read(x, binarization), x.rows(), dLogLik, dLogits);
  }

  private static void backward(
      Tensor logits, double[] x, int points, Tensor dLogLik, Tensor dLogits) {
    double[] g = Doubles.read(dLogLik);
    int k = samples(logits, points);
    Doubles.accumulate(bernoulliBackward(Doubles.read(logits), x, g, k, logits.columns()), dLogits);
  }

  @Override
  protected void doContinuousBernoulli(Tensor logits, Tensor x, Tensor logLik) {
    continuous(logits, Doubles.read(x), x.rows(), logLik);
  }

  @Override
  protected void doContinuousBernoulliBytes(Tensor logits, ByteTensor x, Tensor logLik) {
    continuous(logits, read(x, null), x.rows(), logLik);
  }

  private static void continuous(Tensor logits, double[] x, int points, Tensor logLik) {
    int k = samples(logits, points);
    double[] l = Doubles.read(logits);
    Doubles.write(continuousBernoulli(l, x, logits.rows(), k, logits.columns()), logLik);
  }

  @Override
  protected void doContinuousBernoulliBackward(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits) {
    continuousBackward(logits, Doubles.read(x), x.rows(), dLogLik, dLogits);
  }

  @Override
  protected void doContinuousBernoulliBytesBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    continuousBackward(logits, read(x, null), x.rows(), dLogLik, dLogits);
  }

  private static void continuousBackward(
      Tensor logits, double[] x, int points, Tensor dLogLik, Tensor dLogits) {
    double[] l = Doubles.read(logits);
    double[] g = Doubles.read(dLogLik);
    int k = samples(logits, points);
    Doubles.accumulate(continuousBernoulliBackward(l, x, g, k, logits.columns()), dLogits);
  }

  @Override
  protected void doGaussian(Tensor mean, Tensor x, Tensor logVar, Tensor logLik) {
    gaussian(mean, Doubles.read(x), x.rows(), logVar, logLik);
  }

  @Override
  protected void doGaussianBytes(Tensor mean, ByteTensor x, Tensor logVar, Tensor logLik) {
    gaussian(mean, read(x, null), x.rows(), logVar, logLik);
  }

  private static void gaussian(Tensor mean, double[] x, int points, Tensor logVar, Tensor logLik) {
    double[] lv = Doubles.read(logVar);
    int k = samples(mean, points);
    Doubles.write(gaussian(Doubles.read(mean), x, lv, mean.rows(), k, mean.columns()), logLik);
  }

  @Override
  protected void doGaussianBackward(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    gaussianBackward(mean, Doubles.read(x), x.rows(), logVar, dLogLik, dMean, dLogVar);
  }

  @Override
  protected void doGaussianBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    gaussianBackward(mean, read(x, null), x.rows(), logVar, dLogLik, dMean, dLogVar);
  }

  private static void gaussianBackward(
      Tensor mean,
      double[] x,
      int points,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    double[] m = Doubles.read(mean);
    double[] lv = Doubles.read(logVar);
    double[] g = Doubles.read(dLogLik);
    int k = samples(mean, points);
    Doubles.accumulate(gaussianToMean(m, x, lv, g, k, mean.columns()), dMean);
    Doubles.accumulate(gaussianToLogVar(m, x, lv, g, k, mean.columns()), dLogVar);
  }

  @Override
  protected void doLaplace(Tensor mean, Tensor x, Tensor logScale, Tensor logLik) {
    laplace(mean, Doubles.read(x), x.rows(), logScale, logLik);
  }

  @Override
  protected void doLaplaceBytes(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik) {
    laplace(mean, read(x, null), x.rows(), logScale, logLik);
  }

  private static void laplace(Tensor mean, double[] x, int points, Tensor logScale, Tensor logLik) {
    double[] ls = Doubles.read(logScale);
    int k = samples(mean, points);
    Doubles.write(laplace(Doubles.read(mean), x, ls, mean.rows(), k, mean.columns()), logLik);
  }

  @Override
  protected void doLaplaceBackward(
      Tensor mean,
      Tensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    laplaceBackward(mean, Doubles.read(x), x.rows(), logScale, dLogLik, dMean, dLogScale);
  }

  @Override
  protected void doLaplaceBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    laplaceBackward(mean, read(x, null), x.rows(), logScale, dLogLik, dMean, dLogScale);
  }

  private static void laplaceBackward(
      Tensor mean,
      double[] x,
      int points,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    double[] m = Doubles.read(mean);
    double[] ls = Doubles.read(logScale);
    double[] g = Doubles.read(dLogLik);
    int k = samples(mean, points);
    Doubles.accumulate(laplaceToMean(m, x, ls, g, k, mean.columns()), dMean);
    Doubles.accumulate(laplaceToLogScale(m, x, ls, g, k, mean.columns()), dLogScale);
  }
}
