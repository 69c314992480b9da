package io.github.elbo4j.kernel.dense;

import static java.lang.Math.exp;
import static java.lang.Math.sqrt;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The law for {@link NormalizationKernels}: pure functions in double. Layer and batch normalisation
 * differ in what shares its statistics and what shares its gain, which is what a {@link Sharing}
 * says of an element.
 */
public final class NormalizationReference extends NormalizationKernels {
  /** The group of each element of a row-major array: its row, its column or its channel. */
  @FunctionalInterface
  interface Sharing {
    int of(int element);
  }

  static Sharing rows(int columns) {
    return i -> i / columns;
  }

  static Sharing channels(int channels, int columns) {
    return i -> i % columns / (columns / channels);
  }

  /** x − logsumexp(x) of each row. */
  static double[] logSoftmax(double[] x, int columns) {
    double[] y = new double[x.length];
    for (int from = 0; from < x.length; from += columns) {
      double most = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < columns; c++) {
        most = Math.max(most, x[from + c]);
      }
      double sum = 0;
      for (int c = 0; c < columns; c++) {
        sum += exp(x[from + c] - most);
      }
      for (int c = 0; c < columns; c++) {
        y[from + c] = x[from + c] - most - Math.log(sum);
      }
    }
    return y;
  }

  static double[] exps(double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = exp(x[i]);
    }
    return y;
  }

  /** dX of the softmax y. */
  static double[] softmaxGradient(double[] y, double[] dY, int columns) {
    double[] dot = sums(dY, y, rows(columns), rowCount(y, columns));
    double[] dX = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      dX[i] = y[i] * (dY[i] - dot[i / columns]);
    }
    return dX;
  }

  /** dX of the logarithm y of a softmax. */
  static double[] logSoftmaxGradient(double[] y, double[] dY, int columns) {
    double[] sum = sums(dY, null, rows(columns), rowCount(y, columns));
    double[] dX = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      dX[i] = dY[i] - exp(y[i]) * sum[i / columns];
    }
    return dX;
  }

  private static int rowCount(double[] a, int columns) {
    return columns == 0 ? 0 : a.length / columns;
  }

  /** Σ a·b in each group, or Σ a. */
  static double[] sums(double[] a, double @Nullable [] b, Sharing group, int groups) {
    double[] sums = new double[groups];
    for (int i = 0; i < a.length; i++) {
      sums[group.of(i)] += b == null ? a[i] : a[i] * b[i];
    }
    return sums;
  }

  /** The mean of each group, 0 where there are no elements. */
  static double[] means(double[] x, Sharing group, int groups) {
    double[] mean = sums(x, null, group, groups);
    for (int g = 0; x.length > 0 && g < groups; g++) {
      mean[g] /= (double) x.length / groups;
    }
    return mean;
  }

  /** The mean squared deviation of each group, 0 where there are no elements. */
  static double[] variances(double[] x, double[] mean, Sharing group, int groups) {
    double[] squares = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double d = x[i] - mean[group.of(i)];
      squares[i] = d * d;
    }
    return means(squares, group, groups);
  }

  static double[] rstds(double[] variance, double epsilon) {
    double[] rstd = new double[variance.length];
    for (int g = 0; g < rstd.length; g++) {
      rstd[g] = 1 / sqrt(variance[g] + epsilon);
    }
    return rstd;
  }

  /** (x − mean)·rstd. */
  static double[] normalized(double[] x, double[] mean, double[] rstd, Sharing group) {
    double[] n = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      n[i] = (x[i] - mean[group.of(i)]) * rstd[group.of(i)];
    }
    return n;
  }

  /** n·gain + bias. */
  static double[] scaled(double[] n, double[] gain, double[] bias, Sharing channel) {
    double[] y = new double[n.length];
    for (int i = 0; i < n.length; i++) {
      y[i] = n[i] * gain[channel.of(i)] + bias[channel.of(i)];
    }
    return y;
  }

  /** dX where the statistics of each group are those of x. */
  static double[] gradient(
      double[] n, double[] rstd, double[] gain, double[] dY, Sharing group, Sharing channel) {
    double[] g = new double[n.length];
    for (int i = 0; i < g.length; i++) {
      g[i] = dY[i] * gain[channel.of(i)];
    }
    double[] mean = means(g, group, rstd.length);
    double[] slope = sums(g, n, group, rstd.length);
    double count = n.length == 0 ? 1 : (double) n.length / rstd.length;
    for (int i = 0; i < g.length; i++) {
      int at = group.of(i);
      g[i] = rstd[at] * (g[i] - mean[at] - n[i] * slope[at] / count);
    }
    return g;
  }

  /** dX where they are given. */
  static double[] fixedGradient(double[] rstd, double[] gain, double[] dY, Sharing channel) {
    double[] dX = new double[dY.length];
    for (int i = 0; i < dX.length; i++) {
      dX[i] = dY[i] * gain[channel.of(i)] * rstd[channel.of(i)];
    }
    return dX;
  }

  /** {@code running += momentum·(batch − running)}. */
  static double[] moved(double[] running, double[] batch, double momentum) {
    double[] moved = new double[running.length];
    for (int c = 0; c < moved.length; c++) {
      moved[c] = running[c] + momentum * (batch[c] - running[c]);
    }
    return moved;
  }

  @Override
  protected void doSoftmax(Tensor x, boolean log, Tensor y) {
    double[] logY = logSoftmax(Doubles.read(x), x.columns());
    Doubles.write(log ? logY : exps(logY), y);
  }

  @Override
  protected void doSoftmaxBackward(Tensor y, boolean log, Tensor dY, Tensor dX) {
    double[] v = Doubles.read(y);
    double[] g = Doubles.read(dY);
    Doubles.accumulate(
        log ? logSoftmaxGradient(v, g, y.columns()) : softmaxGradient(v, g, y.columns()), dX);
  }

  @Override
  protected void doLayerNorm(
      Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd) {
    Sharing row = rows(x.columns());
    double[] v = Doubles.read(x);
    double[] m = means(v, row, x.rows());
    double[] s = rstds(variances(v, m, row, x.rows()), epsilon);
    double[] n = normalized(v, m, s, row);
    Sharing column = channels(x.columns(), x.columns());
    Doubles.write(scaled(n, Doubles.read(gain), Doubles.read(bias), column), y);
    Doubles.write(m, mean);
    Doubles.write(s, rstd);
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
    Sharing row = rows(x.columns());
    Sharing column = channels(x.columns(), x.columns());
    double[] s = Doubles.read(rstd);
    double[] g = Doubles.read(dY);
    double[] n = normalized(Doubles.read(x), Doubles.read(mean), s, row);
    Doubles.accumulate(gradient(n, s, Doubles.read(gain), g, row, column), dX);
    Doubles.accumulate(sums(g, n, column, x.columns()), dGain);
    Doubles.accumulate(sums(g, null, column, x.columns()), dBias);
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
    int channels = gain.size();
    Sharing channel = channels(channels, x.columns());
    double[] v = Doubles.read(x);
    double[] m = means(v, channel, channels);
    double[] variance = variances(v, m, channel, channels);
    double[] s = rstds(variance, epsilon);
    double[] n = normalized(v, m, s, channel);
    Doubles.write(scaled(n, Doubles.read(gain), Doubles.read(bias), channel), y);
    Doubles.write(m, mean);
    Doubles.write(s, rstd);
    if (v.length > 0) {
      double count = (double) v.length / channels;
      double[] unbiased = sums(variance, null, i -> i, channels);
      for (int c = 0; c < channels; c++) {
        unbiased[c] *= count / (count - 1);
      }
      Doubles.write(moved(Doubles.read(runningMean), m, momentum), runningMean);
      Doubles.write(moved(Doubles.read(runningVariance), unbiased, momentum), runningVariance);
    }
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
    Sharing channel = channels(gain.size(), x.columns());
    double[] s = Doubles.read(rstd);
    double[] g = Doubles.read(dY);
    double[] n = normalized(Doubles.read(x), Doubles.read(mean), s, channel);
    Doubles.accumulate(gradient(n, s, Doubles.read(gain), g, channel, channel), dX);
    parameters(g, n, channel, gain.size(), dGain, dBias);
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
    Sharing channel = channels(gain.size(), x.columns());
    double[] s = rstds(Doubles.read(variance), epsilon);
    double[] n = normalized(Doubles.read(x), Doubles.read(mean), s, channel);
    Doubles.write(scaled(n, Doubles.read(gain), Doubles.read(bias), channel), y);
    Doubles.write(s, rstd);
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
    Sharing channel = channels(gain.size(), x.columns());
    double[] s = Doubles.read(rstd);
    double[] g = Doubles.read(dY);
    double[] n = normalized(Doubles.read(x), Doubles.read(mean), s, channel);
    Doubles.accumulate(fixedGradient(s, Doubles.read(gain), g, channel), dX);
    parameters(g, n, channel, gain.size(), dGain, dBias);
  }

  private static void parameters(
      double[] g,
      double[] n,
      Sharing channel,
      int channels,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    Doubles.accumulate(sums(g, n, channel, channels), dGain);
    Doubles.accumulate(sums(g, null, channel, channels), dBias);
  }
}
