package io.github.elbo4j.bench;

import java.util.Arrays;
import java.util.List;

/** A middle and its range. */
public record Spread(double median, double min, double max) {
  /** Of measurements, of which there must be one. */
  public static Spread of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return new Spread((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]);
  }

  /** Of a list. */
  public static Spread of(List<Double> values) {
    return of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /**
   * How many times {@code ours} fits into {@code theirs}: the ratio of the medians, with the range
   * of the ratios of neighbours in time (which holds the ratio of the medians: it cannot lie below
   * each of them, nor above).
   */
  public static Spread ratio(List<Double> theirs, List<Double> ours) {
    int n = Math.min(theirs.size(), ours.size());
    double[] turns = new double[n];
    for (int i = 0; i < n; i++) {
      turns[i] = theirs.get(i) / ours.get(i);
    }
    Spread range = of(turns);
    double median = of(theirs.subList(0, n)).median() / of(ours.subList(0, n)).median();
    return new Spread(median, range.min, range.max);
  }
}
