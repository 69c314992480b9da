package io.github.elbo4j.vi.fit;

/** An approximate posterior q(θ) that can be sampled and evaluated. */
public interface Density {
  /** D. */
  int dimension();

  /** Draws θ into {@code theta}, D elements. */
  void sample(Draws draws, double[] theta);

  /** {@code log q(θ)} in nats. */
  double logDensity(double[] theta);

  /** E[θ], D elements. */
  double[] mean();

  /** The standard deviation of each θ_d. */
  double[] sd();

  /** A Monte Carlo estimate, in nats. */
  record Estimate(double value, double standardError) {}

  /**
   * The ELBO {@code E_q[log p(x, θ) − log q(θ)]}, averaged over {@code samples} draws. Where q is
   * the exact posterior every draw gives log p(x), and the standard error is 0.
   *
   * @throws IllegalArgumentException {@code samples} is below 2
   */
  default Estimate elbo(LogJoint target, int samples, Draws draws) {
    if (samples < 2) {
      throw new IllegalArgumentException("elbo: samples " + samples + " must be at least 2");
    }
    double[] theta = new double[dimension()];
    double mean = 0;
    double squares = 0; // Welford: log densities are large, their spread is small
    for (int s = 1; s <= samples; s++) {
      sample(draws, theta);
      double value = target.value(theta) - logDensity(theta);
      double off = value - mean;
      mean += off / s;
      squares += off * (value - mean);
    }
    return new Estimate(mean, Math.sqrt(squares / (samples - 1) / samples));
  }
}
