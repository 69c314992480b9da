package io.github.elbo4j.bench.step;

import java.util.Arrays;

/** A middle and its range. */
record Spread(double median, double min, double max) {
  static Spread of(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return new Spread((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]);
  }
}
