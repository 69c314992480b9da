package io.github.elbo4j.vi.fit;

/**
 * An approximation by P equally weighted points: it has moments, but no density and so no ELBO.
 *
 * @param theta [P,D]
 * @param dimension D
 */
public record Particles(double[] theta, int dimension) {
  /** P. */
  public int count() {
    return theta.length / dimension;
  }

  /** The points' mean, D elements. */
  public double[] mean() {
    double[] mean = new double[dimension];
    for (int i = 0; i < theta.length; i++) {
      mean[i % dimension] += theta[i] / count();
    }
    return mean;
  }

  /** The points' standard deviations, D elements. */
  public double[] sd() {
    double[] mean = mean();
    double[] sd = new double[dimension];
    for (int i = 0; i < theta.length; i++) {
      double off = theta[i] - mean[i % dimension];
      sd[i % dimension] += off * off / count();
    }
    for (int i = 0; i < dimension; i++) {
      sd[i] = Math.sqrt(sd[i]);
    }
    return sd;
  }
}
