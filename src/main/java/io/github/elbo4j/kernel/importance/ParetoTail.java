package io.github.elbo4j.kernel.importance;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The generalised Pareto distribution of a row's largest weights, in double: the law of {@link
 * ImportanceKernels#tailIndex}. Zhang and Stephens (2009), with the prior and the smoothing of
 * Vehtari et al. (2024), appendix.
 */
final class ParetoTail {
  /** Below, there is nothing to fit. */
  static final int FEWEST = 5;

  /** Zhang and Stephens's prior for θ, and Vehtari's for k. */
  static final double THETA_PRIOR = 3;

  static final double SHAPE_OBSERVATIONS = 10;
  static final double SHAPE = 0.5;

  private ParetoTail() {}

  /** M, the number of weights in the tail of {@code k}. */
  static int length(int k) {
    return (int) Math.ceil(Math.min(k / 5.0, 3 * Math.sqrt(k)));
  }

  /** Points of the grid of θ for {@code n} excesses. */
  static int grid(int n) {
    return 30 + (int) Math.sqrt(n);
  }

  /**
   * Point {@code j} of the grid, from 1 on, for sorted excesses whose first quartile and largest
   * these are.
   */
  static double theta(int j, int grid, double quartile, double largest) {
    return 1 / largest + (1 - Math.sqrt(grid / (j - 0.5))) / (THETA_PRIOR * quartile);
  }

  /** Index of the first quartile of {@code n} sorted excesses. */
  static int quartile(int n) {
    return (int) (n / 4.0 + 0.5) - 1;
  }

  /** The shape drawn towards its prior. */
  static double regularised(double shape, int n) {
    return (n * shape + SHAPE_OBSERVATIONS * SHAPE) / (n + SHAPE_OBSERVATIONS);
  }

  /** The quantile of probability {@code p} of excesses. */
  static double quantile(double p, double shape, double scale) {
    double y = -Math.log1p(-p);
    return shape == 0 ? scale * y : scale * Math.expm1(shape * y) / shape;
  }

  /**
   * k̂ of a row of log-weights, whose tail is replaced by the smoothed one where there is a fit.
   */
  static double smooth(double[] logW) {
    if (Arrays.stream(logW).anyMatch(Double::isNaN)) {
      return Double.NaN;
    }
    int n = length(logW.length);
    double top = Arrays.stream(logW).max().orElseThrow();
    if (n < FEWEST || Double.isInfinite(top)) {
      return Double.POSITIVE_INFINITY;
    }
    int[] order =
        IntStream.range(0, logW.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> logW[i])) // stable: the later is the larger
            .mapToInt(i -> i)
            .toArray();
    int first = logW.length - n;
    double cut = Math.exp(logW[order[first - 1]] - top);
    double[] excess = new double[n];
    for (int i = 0; i < n; i++) {
      excess[i] = Math.exp(logW[order[first + i]] - top) - cut;
    }
    if (!(excess[quartile(n)] > 0)) {
      return Double.POSITIVE_INFINITY;
    }
    double theta = theta(excess);
    double raw = shape(theta, excess);
    double shape = regularised(raw, n);
    for (int i = 0; i < n; i++) {
      double quantile = cut + quantile((i + 0.5) / n, shape, -raw / theta);
      logW[order[first + i]] = top + Math.min(0, Math.log(quantile));
    }
    return shape;
  }

  /** Posterior mean of θ under the profile likelihood. */
  private static double theta(double[] excess) {
    int n = excess.length;
    int grid = grid(n);
    double[] theta = new double[grid];
    double[] logLik = new double[grid];
    for (int j = 0; j < grid; j++) {
      theta[j] = theta(j + 1, grid, excess[quartile(n)], excess[n - 1]);
      double k = shape(theta[j], excess);
      logLik[j] = n * (Math.log(-theta[j] / k) - k - 1);
    }
    double best = Arrays.stream(logLik).max().orElseThrow();
    double sum = 0;
    double mean = 0;
    for (int j = 0; j < grid; j++) {
      double w = Math.exp(logLik[j] - best);
      sum += w;
      mean += w * theta[j];
    }
    return mean / sum;
  }

  /** The shape that is most likely for a given θ = −shape/scale. */
  private static double shape(double theta, double[] excess) {
    return Arrays.stream(excess).map(x -> Math.log1p(-theta * x)).average().orElseThrow();
  }
}
