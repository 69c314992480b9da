package io.github.elbo4j.vi.fit;

/** Constants and sums that several densities share. */
final class Gaussians {
  /** log 2π. */
  static final double LOG_2_PI = Math.log(2 * Math.PI);

  private Gaussians() {}

  /** {@code log N(x; 0, variance·I)} of a vector with n elements and this sum of squares. */
  static double logIsotropic(double squares, double variance, int n) {
    return -0.5 * (squares / variance + n * (LOG_2_PI + Math.log(variance)));
  }

  /** Σ x². */
  static double squares(double[] x) {
    double sum = 0;
    for (double v : x) {
      sum += v * v;
    }
    return sum;
  }

  /** Σ a·b over n elements. */
  static double dot(double[] a, int fromA, double[] b, int fromB, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += a[fromA + i] * b[fromB + i];
    }
    return sum;
  }
}
