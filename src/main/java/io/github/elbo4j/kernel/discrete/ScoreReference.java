package io.github.elbo4j.kernel.discrete;

import static io.github.elbo4j.kernel.Doubles.accumulate;
import static io.github.elbo4j.kernel.Doubles.like;
import static io.github.elbo4j.kernel.Doubles.read;
import static io.github.elbo4j.kernel.Doubles.write;

import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ScoreKernels} in double: the law. */
public final class ScoreReference extends ScoreKernels {
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  /** −½ Σ_d ( (z − mu)²·exp(−logVar) + logVar + log 2π ), with {@code samples} rows a point. */
  static double[] gaussianLogProb(
      double[] z, double[] mu, double[] logVar, int rows, int samples, int d) {
    double[] logQ = new double[rows];
    for (int i = 0; i < z.length; i++) {
      int p = i / d / samples * d + i % d;
      double distance = z[i] - mu[p];
      logQ[i / d] -= 0.5 * (distance * distance * Math.exp(-logVar[p]) + logVar[p] + LOG_2PI);
    }
    return logQ;
  }

  /** Its gradients; null ones are not wanted. */
  static void gaussianLogProbBackward(
      double[] z,
      double[] mu,
      double[] logVar,
      double[] dLogQ,
      int samples,
      int d,
      double @Nullable [] dZ,
      double @Nullable [] dMu,
      double @Nullable [] dLogVar) {
    for (int i = 0; i < z.length; i++) {
      int p = i / d / samples * d + i % d;
      double g = dLogQ[i / d];
      double distance = z[i] - mu[p];
      double t = g * distance * Math.exp(-logVar[p]);
      if (dZ != null) {
        dZ[i] -= t;
      }
      if (dMu != null && dLogVar != null) {
        dMu[p] += t;
        dLogVar[p] += 0.5 * (t * distance - g);
      }
    }
  }

  /** x·l − softplus(l) as l·(x − 1[l&gt;0]) − log1p(exp(−|l|)), where 0·∞ is 0. */
  static double bernoulli(double x, double logit) {
    double slope = x - (logit > 0 ? 1 : 0);
    double linear = slope == 0 && !Double.isNaN(logit) ? 0 : logit * slope;
    return linear - Math.log1p(Math.exp(-Math.abs(logit)));
  }

  /** Σ_n of {@link #bernoulli}, with {@code samples} rows a point. */
  static double[] bernoulliLogProb(double[] x, double[] logits, int rows, int samples, int n) {
    double[] logQ = new double[rows];
    for (int i = 0; i < x.length; i++) {
      logQ[i / n] += bernoulli(x[i], logits[i / n / samples * n + i % n]);
    }
    return logQ;
  }

  /** Its gradient. */
  static double[] bernoulliLogProbBackward(
      double[] x, double[] logits, double[] dLogQ, int samples, int n) {
    double[] dLogits = new double[logits.length];
    for (int i = 0; i < x.length; i++) {
      int p = i / n / samples * n + i % n;
      dLogits[p] += dLogQ[i / n] * (x[i] - ReferenceMath.sigmoid(logits[p]));
    }
    return dLogits;
  }

  /** (Σ_j f_j − f_k)/(K − 1) of each row of {@code k} samples. */
  static double[] leaveOneOut(double[] f, int k) {
    double[] baseline = new double[f.length];
    for (int i = 0; i < f.length; i++) {
      for (int j = i / k * k; j < i / k * k + k; j++) {
        baseline[i] += j == i ? 0 : f[j] / (k - 1);
      }
    }
    return baseline;
  }

  /**
   * The learning signals of the row of {@code k} log-weights from {@code from} on into {@code
   * signal}.
   *
   * @return the bound
   */
  static double vimcoRow(double[] logW, int from, int k, double[] signal) {
    double bound = ReferenceMath.logSumExp(logW, from, k) - Math.log(k);
    for (int i = 0; i < k; i++) {
      double kept = logW[from + i];
      double sum = 0;
      for (int j = 0; j < k; j++) {
        sum += j == i ? 0 : logW[from + j];
      }
      logW[from + i] = sum / (k - 1);
      double other = ReferenceMath.logSumExp(logW, from, k) - Math.log(k);
      logW[from + i] = kept;
      boolean bad = Double.isNaN(bound) || bound == Double.POSITIVE_INFINITY;
      signal[from + i] = bad ? Double.NaN : bound == other ? 0 : bound - other;
    }
    return bound;
  }

  /** Cov(f, h)/Var(h) over the row of {@code k} samples from {@code from} on. */
  static double coefficient(double[] f, double[] h, int from, int k) {
    double meanF = 0;
    double meanH = 0;
    for (int i = from; i < from + k; i++) {
      meanF += f[i] / k;
      meanH += h[i] / k;
    }
    double covariance = 0;
    double variance = 0;
    for (int i = from; i < from + k; i++) {
      covariance += (f[i] - meanF) * (h[i] - meanH);
      variance += (h[i] - meanH) * (h[i] - meanH);
    }
    return constant(h, from, k) ? 0 : covariance / variance;
  }

  private static boolean constant(double[] h, int from, int k) {
    for (int i = from + 1; i < from + k; i++) {
      if (h[i] != h[from]) {
        return false;
      }
    }
    return true;
  }

  @Override
  protected void doGaussianLogProb(Tensor z, Tensor mu, Tensor logVar, Tensor logQ) {
    int samples = mu.rows() == 0 ? 1 : z.rows() / mu.rows();
    write(gaussianLogProb(read(z), read(mu), read(logVar), z.rows(), samples, mu.columns()), logQ);
  }

  @Override
  protected void doGaussianLogProbBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      Tensor dLogQ,
      @Nullable Tensor dZ,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar) {
    int samples = mu.rows() == 0 ? 1 : z.rows() / mu.rows();
    double[] toZ = like(dZ);
    double[] toMu = like(dMu);
    double[] toLogVar = like(dLogVar);
    gaussianLogProbBackward(
        read(z), read(mu), read(logVar), read(dLogQ), samples, mu.columns(), toZ, toMu, toLogVar);
    accumulate(toZ, dZ);
    accumulate(toMu, dMu);
    accumulate(toLogVar, dLogVar);
  }

  @Override
  protected void doBernoulliLogProb(Tensor x, Tensor logits, Tensor logQ) {
    int samples = logits.rows() == 0 ? 1 : x.rows() / logits.rows();
    write(bernoulliLogProb(read(x), read(logits), x.rows(), samples, x.columns()), logQ);
  }

  @Override
  protected void doBernoulliLogProbBackward(Tensor x, Tensor logits, Tensor dLogQ, Tensor dLogits) {
    int samples = logits.rows() == 0 ? 1 : x.rows() / logits.rows();
    accumulate(
        bernoulliLogProbBackward(read(x), read(logits), read(dLogQ), samples, x.columns()),
        dLogits);
  }

  @Override
  protected void doLeaveOneOut(Tensor f, Tensor baseline) {
    write(leaveOneOut(read(f), f.columns()), baseline);
  }

  @Override
  protected void doVimco(Tensor logW, @Nullable Tensor bound, Tensor signal) {
    double[] w = read(logW);
    double[] signals = new double[w.length];
    double[] bounds = new double[logW.rows()];
    for (int b = 0; b < bounds.length; b++) {
      bounds[b] = vimcoRow(w, b * logW.columns(), logW.columns(), signals);
    }
    write(bounds, bound);
    write(signals, signal);
  }

  @Override
  protected void doControlVariate(
      Tensor f, Tensor h, Tensor coefficient, @Nullable Tensor controlled) {
    double[] values = read(f);
    double[] variates = read(h);
    double[] coefficients = new double[f.rows()];
    for (int b = 0; b < coefficients.length; b++) {
      coefficients[b] = coefficient(values, variates, b * f.columns(), f.columns());
    }
    for (int i = 0; i < values.length; i++) {
      values[i] -= coefficients[i / f.columns()] * variates[i];
    }
    write(coefficients, coefficient);
    write(controlled == null ? null : values, controlled);
  }
}
