package io.github.elbo4j.vi.fit;

import io.github.elbo4j.kernel.ReferenceMath;
import java.util.Arrays;

/** {@code Σ_c w_c N(μ_c, diag σ_c²)}: what boosting builds. */
public final class MixtureDensity implements Density {
  private final double[] weights;
  private final double[] means;
  private final double[] sds;
  private final int d;

  /**
   * @param weights C positive elements that sum to 1
   * @param means [C,D]
   * @param sds [C,D], positive
   */
  public MixtureDensity(double[] weights, double[] means, double[] sds) {
    this.weights = weights;
    this.means = means;
    this.sds = sds;
    d = means.length / weights.length;
  }

  /** C. */
  public int components() {
    return weights.length;
  }

  /** w_c. */
  public double weight(int c) {
    return weights[c];
  }

  /** μ_c, D elements. */
  public double[] mean(int c) {
    return Arrays.copyOfRange(means, c * d, (c + 1) * d);
  }

  /** σ_c, D elements. */
  public double[] sd(int c) {
    return Arrays.copyOfRange(sds, c * d, (c + 1) * d);
  }

  /** {@code (1 − weight)·this + weight·N(mean, diag sd²)}. */
  MixtureDensity with(double weight, double[] mean, double[] sd) {
    int c = weights.length;
    double[] all = Arrays.copyOf(weights, c + 1);
    for (int i = 0; i < c; i++) {
      all[i] *= 1 - weight;
    }
    all[c] = weight;
    return new MixtureDensity(all, joined(means, mean), joined(sds, sd));
  }

  private static double[] joined(double[] a, double[] b) {
    double[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  /** The density of {@code centre + scale·u} where this is the one of u. */
  MixtureDensity moved(double[] centre, double[] scale) {
    double[] movedMeans = new double[means.length];
    double[] movedSds = new double[means.length];
    for (int i = 0; i < means.length; i++) {
      movedMeans[i] = centre[i % d] + scale[i % d] * means[i];
      movedSds[i] = scale[i % d] * sds[i];
    }
    return new MixtureDensity(weights, movedMeans, movedSds);
  }

  @Override
  public int dimension() {
    return d;
  }

  @Override
  public void sample(Draws draws, double[] theta) {
    int c = component(draws.uniform());
    for (int i = 0; i < d; i++) {
      theta[i] = means[c * d + i] + sds[c * d + i] * draws.normal();
    }
  }

  /** The component at the given share of the total weight. */
  int component(double share) {
    int c = 0;
    for (double sum = weights[0]; sum < share && c < weights.length - 1; sum += weights[c]) {
      c++;
    }
    return c;
  }

  @Override
  public double logDensity(double[] theta) {
    double[] logs = logComponents(theta);
    return ReferenceMath.logSumExp(logs, 0, logs.length);
  }

  private double[] logComponents(double[] theta) {
    double[] logs = new double[weights.length];
    for (int c = 0; c < logs.length; c++) {
      logs[c] = Math.log(weights[c]);
      for (int i = 0; i < d; i++) {
        double sd = sds[c * d + i];
        double eps = (theta[i] - means[c * d + i]) / sd;
        logs[c] -= 0.5 * (eps * eps + Gaussians.LOG_2_PI) + Math.log(sd);
      }
    }
    return logs;
  }

  /** {@code log q(θ)}; subtracts its gradient from {@code gradient}. */
  double subtractGradient(double[] theta, double[] gradient) {
    double[] logs = logComponents(theta);
    double logQ = ReferenceMath.logSumExp(logs, 0, logs.length);
    for (int c = 0; c < logs.length; c++) {
      double share = Math.exp(logs[c] - logQ);
      for (int i = 0; i < d; i++) {
        double sd = sds[c * d + i];
        gradient[i] += share * (theta[i] - means[c * d + i]) / (sd * sd);
      }
    }
    return logQ;
  }

  @Override
  public double[] mean() {
    double[] mean = new double[d];
    for (int i = 0; i < means.length; i++) {
      mean[i % d] += weights[i / d] * means[i];
    }
    return mean;
  }

  @Override
  public double[] sd() {
    double[] mean = mean();
    double[] sd = new double[d];
    for (int i = 0; i < means.length; i++) {
      double off = means[i] - mean[i % d];
      sd[i % d] += weights[i / d] * (sds[i] * sds[i] + off * off);
    }
    for (int i = 0; i < d; i++) {
      sd[i] = Math.sqrt(sd[i]);
    }
    return sd;
  }
}
