package io.github.elbo4j.vi;

import io.github.elbo4j.tensor.Tensor;

/**
 * Counts the latent dimensions that the model uses: those whose posterior mean varies over the data
 * by more than 0.01 (Burda et al. 2016). Variances are accumulated in double by Welford's
 * recurrence.
 */
public final class ActiveUnits {
  /** The variance above which a unit counts as active. */
  public static final double THRESHOLD = 0.01;

  private final double[] mean;
  private final double[] squares;
  private long count;

  public ActiveUnits(int latent) {
    mean = new double[latent];
    squares = new double[latent];
  }

  /** Adds the posterior means of a batch, [B,D]. */
  public void add(Tensor mu) {
    if (mu.columns() != mean.length) {
      throw new IllegalArgumentException(
          "ActiveUnits: mu " + mu.shape() + " must have " + mean.length + " columns");
    }
    Tensor means = mu.onHost();
    for (int b = 0; b < means.rows(); b++) {
      count++;
      for (int d = 0; d < mean.length; d++) {
        double distance = means.get(b * mean.length + d) - mean[d];
        mean[d] += distance / count;
        squares[d] += distance * (means.get(b * mean.length + d) - mean[d]);
      }
    }
  }

  /** Variance over the data of the posterior mean of dimension {@code d}. */
  public double variance(int d) {
    return count == 0 ? 0 : squares[d] / count;
  }

  /** Number of dimensions whose variance exceeds {@link #THRESHOLD}. */
  public int count() {
    int active = 0;
    for (int d = 0; d < mean.length; d++) {
      if (variance(d) > THRESHOLD) {
        active++;
      }
    }
    return active;
  }
}
