package io.github.elbo4j.vi.inference;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A mixture of diagonal Gaussians fitted to latents of the training data by
 * expectation-maximisation (Dempster et al. 1977): the aggregated posterior {@code q(z) = mean_x
 * q(z|x)} as a distribution that can be drawn from after training. Its samples are where the
 * decoder was trained, which those of the prior need not be (Ghosh et al. 2020).
 *
 * <p>The means start at latents drawn far from each other (k-means++, Arthur and Vassilvitskii
 * 2007). A variance is never below a thousandth of that of all latents, so that no component
 * collapses onto a point.
 */
public final class AggregatedPosterior {
  private static final int MOST_ITERATIONS = 200;
  private static final double TOLERANCE = 1e-5;
  private static final double SMALLEST = 1e-3;

  private final int d;
  private final double[] logWeight;
  private final double[][] mean;
  private final double[][] variance;
  private final double[] floor;
  private double logLikelihood;

  private AggregatedPosterior(int components, int d) {
    this.d = d;
    logWeight = new double[components];
    mean = new double[components][d];
    variance = new double[components][d];
    floor = new double[d];
  }

  /**
   * Fits.
   *
   * @param z latents, [n,D] row by row
   * @param d D &gt;= 1
   * @param components K, from 1 to n
   * @param seed of the start
   */
  public static AggregatedPosterior fit(float[] z, int d, int components, long seed) {
    int n = z.length / d;
    if (components < 1 || components > n) {
      throw new IllegalArgumentException(
          "AggregatedPosterior: components %d must be from 1 to the %d latents"
              .formatted(components, n));
    }
    AggregatedPosterior mixture = new AggregatedPosterior(components, d);
    mixture.start(z, n, new SplittableRandom(seed));
    double last = Double.NEGATIVE_INFINITY;
    double[][] responsibility = new double[n][components];
    for (int i = 0; i < MOST_ITERATIONS; i++) {
      mixture.logLikelihood = mixture.expect(z, responsibility);
      if (mixture.logLikelihood - last < TOLERANCE) {
        break;
      }
      last = mixture.logLikelihood;
      mixture.maximise(z, responsibility);
    }
    return mixture;
  }

  private void start(float[] z, int n, SplittableRandom random) {
    double[] nearest = new double[n];
    Arrays.fill(nearest, Double.POSITIVE_INFINITY);
    int chosen = random.nextInt(n);
    for (int k = 0; k < mean.length; k++) {
      for (int i = 0; i < d; i++) {
        mean[k][i] = z[chosen * d + i];
      }
      double total = 0;
      for (int r = 0; r < n; r++) {
        nearest[r] = Math.min(nearest[r], squaredDistance(z, r, mean[k]));
        total += nearest[r];
      }
      chosen = draw(nearest, random.nextDouble() * total);
    }
    for (int i = 0; i < d; i++) {
      double sum = 0;
      double squares = 0;
      for (int r = 0; r < n; r++) {
        sum += z[r * d + i];
        squares += z[r * d + i] * (double) z[r * d + i];
      }
      double all = Math.max(squares / n - sum / n * (sum / n), 1e-12);
      floor[i] = SMALLEST * all;
      for (double[] v : variance) {
        v[i] = all;
      }
    }
    Arrays.fill(logWeight, -Math.log(mean.length));
  }

  private static int draw(double[] weights, double target) {
    double sum = 0;
    for (int r = 0; r < weights.length; r++) {
      sum += weights[r];
      if (sum >= target) {
        return r;
      }
    }
    return weights.length - 1;
  }

  private double squaredDistance(float[] z, int row, double[] point) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      double distance = z[row * d + i] - point[i];
      sum += distance * distance;
    }
    return sum;
  }

  /** Responsibilities of each component for each latent; returns the mean log-likelihood. */
  private double expect(float[] z, double[][] responsibility) {
    double total = 0;
    for (int r = 0; r < responsibility.length; r++) {
      double[] row = responsibility[r];
      double most = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < row.length; k++) {
        row[k] = logWeight[k] + logDensity(z, r, k);
        most = Math.max(most, row[k]);
      }
      double sum = 0;
      for (int k = 0; k < row.length; k++) {
        row[k] = Math.exp(row[k] - most);
        sum += row[k];
      }
      for (int k = 0; k < row.length; k++) {
        row[k] /= sum;
      }
      total += most + Math.log(sum);
    }
    return total / responsibility.length;
  }

  private double logDensity(float[] z, int row, int k) {
    double sum = -0.5 * d * Math.log(2 * Math.PI);
    for (int i = 0; i < d; i++) {
      double distance = z[row * d + i] - mean[k][i];
      sum -= 0.5 * (distance * distance / variance[k][i] + Math.log(variance[k][i]));
    }
    return sum;
  }

  private void maximise(float[] z, double[][] responsibility) {
    int n = responsibility.length;
    for (int k = 0; k < mean.length; k++) {
      double count = 0;
      double[] sum = new double[d];
      for (int r = 0; r < n; r++) {
        count += responsibility[r][k];
        for (int i = 0; i < d; i++) {
          sum[i] += responsibility[r][k] * z[r * d + i];
        }
      }
      logWeight[k] = Math.log(Math.max(count, 1e-10) / n);
      if (count < 1e-10) { // nothing is near it: it stays where it is
        continue;
      }
      double[] squares = new double[d];
      for (int i = 0; i < d; i++) {
        mean[k][i] = sum[i] / count;
        for (int r = 0; r < n; r++) {
          double distance = z[r * d + i] - mean[k][i];
          squares[i] += responsibility[r][k] * distance * distance;
        }
        variance[k][i] = Math.max(squares[i] / count, floor[i]);
      }
    }
  }

  /** Mean log-likelihood of the latents it was fitted to, nats. */
  public double logLikelihood() {
    return logLikelihood;
  }

  /** Draws {@code count} latents, [count,D]; the same for the same seed. */
  public float[] sample(int count, long seed) {
    SplittableRandom random =
        new SplittableRandom(~seed); // not the numbers that the fit began with
    double[] weights = Arrays.stream(logWeight).map(Math::exp).toArray();
    double total = Arrays.stream(weights).sum();
    float[] z = new float[count * d];
    for (int r = 0; r < count; r++) {
      int k = draw(weights, random.nextDouble() * total);
      for (int i = 0; i < d; i++) {
        z[r * d + i] = (float) (mean[k][i] + Math.sqrt(variance[k][i]) * random.nextGaussian());
      }
    }
    return z;
  }
}
