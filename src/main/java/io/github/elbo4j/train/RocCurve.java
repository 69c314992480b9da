package io.github.elbo4j.train;

import java.util.Arrays;

/** How well a score tells two kinds of examples apart. */
public final class RocCurve {
  private RocCurve() {}

  /**
   * Area under the receiver operating characteristic: the probability that an anomaly has a higher
   * score than a normal example, equal scores counting half (the Mann–Whitney statistic).
   *
   * @return NaN when one of the kinds is missing; a NaN score counts as the highest
   */
  public static double area(double[] scores, boolean[] anomalous) {
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(scores[a], scores[b]));
    double ranks = 0;
    long anomalies = 0;
    for (int from = 0; from < order.length; ) {
      int to = from;
      while (to < order.length && Double.compare(scores[order[to]], scores[order[from]]) == 0) {
        to++;
      }
      double rank = (from + 1 + to) / 2.0; // of equal scores, the mean
      for (int i = from; i < to; i++) {
        if (anomalous[order[i]]) {
          ranks += rank;
          anomalies++;
        }
      }
      from = to;
    }
    long normal = scores.length - anomalies;
    return (ranks - anomalies * (anomalies + 1) / 2.0) / (anomalies * (double) normal);
  }
}
