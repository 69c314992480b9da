package io.github.elbo4j.vi;

import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * {@code log (1/K) Σ_k exp(logW[b,k])} for each data point, fed in chunks of k: a running maximum
 * and a running sum relative to it, so that any number of samples needs the memory of one chunk
 * (KERNELS.md §6).
 *
 * <p>A weight of 0 (log −∞) counts as a sample that found nothing; an infinite one (log +∞) makes
 * the result +∞; a NaN makes it NaN, whatever else there is.
 */
public final class StreamingLogMeanExp {
  private final double[] max;
  private final double[] sum;
  private long count;

  /** An empty sum for each of {@code points} data points. */
  public StreamingLogMeanExp(int points) {
    max = new double[points];
    sum = new double[points];
    reset();
  }

  /** Forgets everything. */
  public void reset() {
    Arrays.fill(max, Double.NEGATIVE_INFINITY);
    Arrays.fill(sum, 0);
    count = 0;
  }

  /**
   * Adds a chunk.
   *
   * @param logW [points·K], the samples of a data point side by side
   */
  public void add(Tensor logW) {
    int points = max.length;
    if (points == 0 || logW.size() % points != 0) {
      throw new IllegalArgumentException(
          "add: logW " + logW.shape() + " must have a whole number of samples for " + points);
    }
    int k = logW.size() / points;
    for (int b = 0; b < points; b++) {
      for (int i = b * k; i < (b + 1) * k; i++) {
        add(b, logW.get(i));
      }
    }
    count += k;
  }

  private void add(int b, double logW) {
    if (logW > max[b]) {
      sum[b] = sum[b] * Math.exp(max[b] - logW) + 1;
      max[b] = logW;
    } else if (logW == max[b]) { // also where both are infinite and have no difference
      sum[b]++;
    } else { // also a NaN, which must not vanish
      sum[b] += Math.exp(logW - max[b]);
    }
  }

  /**
   * The result for data point {@code b}; −∞ when every weight was 0.
   *
   * @throws IllegalStateException when nothing was added
   */
  public double result(int b) {
    if (count == 0) {
      throw new IllegalStateException("result: no weight was added since the last reset");
    }
    return max[b] + Math.log(sum[b]) - Math.log((double) count);
  }
}
