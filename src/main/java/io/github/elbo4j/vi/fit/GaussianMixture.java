package io.github.elbo4j.vi.fit;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The Bayesian mixture of K spherical Gaussians with a common known variance v (Blei, Kucukelbir
 * and McAuliffe 2017, §3; seed 004 §5 with v = 1, D = 1): means {@code μ_j ~ N(0,
 * priorVariance·I)}, assignments {@code c_i} uniform, {@code x_i ~ N(μ_{c_i}, v·I)}. Unknown are
 * the means and, of each data point, its assignment.
 */
public final class GaussianMixture {
  private final double[] x;
  private final int n;
  private final int d;
  private final int k;
  private final double variance;
  private final double priorVariance;

  /**
   * @param x read and kept, [N,D] row-major
   * @param dimension D
   * @param components K
   * @param variance v, of a data point about its component's mean
   */
  public GaussianMixture(
      double[] x, int dimension, int components, double variance, double priorVariance) {
    if (dimension < 1 || x.length == 0 || x.length % dimension != 0) {
      throw new IllegalArgumentException(
          "gaussian mixture: %d elements are no rows of %d".formatted(x.length, dimension));
    }
    if (components < 1 || components > x.length / dimension) {
      throw new IllegalArgumentException(
          "gaussian mixture: components is %d and must be 1 … %d, the number of data points"
              .formatted(components, x.length / dimension));
    }
    Design.positive("variance", variance);
    Design.positive("prior variance", priorVariance);
    this.x = x;
    d = dimension;
    n = x.length / d;
    k = components;
    this.variance = variance;
    this.priorVariance = priorVariance;
  }

  /** N. */
  public int rows() {
    return n;
  }

  /** D. */
  public int dimension() {
    return d;
  }

  /** K. */
  public int components() {
    return k;
  }

  double variance() {
    return variance;
  }

  double priorVariance() {
    return priorVariance;
  }

  double x(int i, int c) {
    return x[i * d + c];
  }

  double squaredDistance(int i, double[] means, int j) {
    double sum = 0;
    for (int c = 0; c < d; c++) {
      double apart = x[i * d + c] - means[j * d + c];
      sum += apart * apart;
    }
    return sum;
  }

  /**
   * The optimal assignment of data point i: writes {@code phi_j ∝ exp(−½ (‖x_i − m_j‖² +
   * D·s_j²)/v)}, normalised over j, and returns {@code log Σ_j 1/K · N(x_i; m_j, v·I)·exp(−½
   * D·s_j²/v)}.
   *
   * @param means m, [K,D]
   * @param spreads s², K elements: the variance of each mean under q; 0 where it is known
   * @param phi written, K elements from {@code from} on
   */
  double assign(int i, double[] means, double[] spreads, double[] phi, int from) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < k; j++) {
      phi[from + j] = -0.5 * (squaredDistance(i, means, j) + d * spreads[j]) / variance;
      largest = Math.max(largest, phi[from + j]);
    }
    double sum = 0;
    for (int j = 0; j < k; j++) {
      phi[from + j] = Math.exp(phi[from + j] - largest);
      sum += phi[from + j];
    }
    for (int j = 0; j < k; j++) {
      phi[from + j] /= sum;
    }
    return largest + Math.log(sum / k) + Gaussians.logIsotropic(0, variance, d);
  }

  /** {@code log p(x | μ)}, the assignments summed out. */
  public double logLikelihood(double[] means) {
    double[] phi = new double[k];
    double[] known = new double[k];
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += assign(i, means, known, phi, 0);
    }
    return sum;
  }

  /**
   * K data points far apart, as means to start from: each drawn with probability proportional to
   * its squared distance to those before (k-means++, Arthur and Vassilvitskii 2007), then put in
   * the order of their first coordinate.
   */
  public double[] start(Draws draws) {
    double[] means = new double[k * d];
    double[] nearest = new double[n];
    Arrays.fill(nearest, 1);
    for (int j = 0; j < k; j++) {
      System.arraycopy(x, pick(nearest, draws) * d, means, j * d, d);
      for (int i = 0; i < n; i++) {
        double distance = squaredDistance(i, means, j);
        nearest[i] = j == 0 ? distance : Math.min(nearest[i], distance);
      }
    }
    return sorted(means);
  }

  /** An index drawn with these weights; uniformly where all are 0. */
  private static int pick(double[] weights, Draws draws) {
    double total = 0;
    for (double w : weights) {
      total += w;
    }
    double rest = draws.uniform() * total;
    int i = 0;
    while (i < weights.length - 1 && rest >= weights[i]) {
      rest -= weights[i++];
    }
    return total > 0 ? i : draws.below(weights.length);
  }

  private double[] sorted(double[] means) {
    double[] sorted = new double[k * d];
    int[] order =
        IntStream.range(0, k)
            .boxed()
            .sorted(Comparator.comparingDouble(j -> means[j * d]))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int j = 0; j < k; j++) {
      System.arraycopy(means, order[j] * d, sorted, j * d, d);
    }
    return sorted;
  }
}
