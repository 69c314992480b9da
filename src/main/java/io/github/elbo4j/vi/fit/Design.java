package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/** What models over a matrix of features share; X is [N,D] row-major. */
final class Design {
  private Design() {}

  static void check(String model, double[] x, double[] y) {
    if (y.length == 0 || x.length == 0 || x.length % y.length != 0) {
      throw new IllegalArgumentException(
          "%s: X has %d elements and y has %d rows: X must be [rows, columns] with at least one of each"
              .formatted(model, x.length, y.length));
    }
  }

  static void positive(String name, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " is " + value + " and must be above 0");
    }
  }

  /** {@code gradient += weight·x_i}. */
  static void addRow(double[] x, int i, double weight, double[] gradient) {
    int d = gradient.length;
    for (int j = 0; j < d; j++) {
      gradient[j] += weight * x[i * d + j];
    }
  }

  /** max_i ‖x_i‖². */
  static double longestRow(double[] x, int d) {
    double longest = 0;
    for (int i = 0; i < x.length; i += d) {
      longest = Math.max(longest, Gaussians.dot(x, i, x, i, d));
    }
    return longest;
  }

  /** {@code out = −(Σ_i weights_i·x_i·x_iᵀ + ridge·I)}. */
  static void negativeGram(double[] x, double[] weights, double ridge, double[] out) {
    int d = x.length / weights.length;
    Arrays.fill(out, 0);
    for (int i = 0; i < weights.length; i++) {
      for (int a = 0; a < d; a++) {
        double f = weights[i] * x[i * d + a];
        for (int b = 0; b < d; b++) {
          out[a * d + b] -= f * x[i * d + b];
        }
      }
    }
    for (int a = 0; a < d; a++) {
      out[a * d + a] -= ridge;
    }
  }
}
