package io.github.elbo4j.vi.inference;

import java.util.Arrays;

/**
 * How latent dimensions and known factors of variation say of each other, from codes and factors of
 * the same data points. Mutual information is estimated in nats from a histogram of each dimension
 * in bins of one width, as in Locatello et al. (2019).
 */
public final class Disentanglement {
  /**
   * Scores.
   *
   * @param mutualInformation {@code [dimension][factor]}, nats
   * @param entropies of the factors, nats
   * @param mig the mutual information gap (Chen et al. 2018): mean over the factors of (largest −
   *     second largest mutual information with a dimension) / entropy; NaN with one dimension
   */
  public record Scores(double[][] mutualInformation, double[] entropies, double mig) {}

  private Disentanglement() {}

  /**
   * The scores.
   *
   * @param codes {@code [point][dimension]}
   * @param factors {@code [point][factor]}, classes from 0
   * @param bins of each dimension, from 2 to the number of points
   */
  public static Scores of(double[][] codes, int[][] factors, int bins) {
    if (codes.length == 0 || codes.length != factors.length) {
      throw new IllegalArgumentException(
          "Disentanglement: codes of %d points and factors of %d must be as many, and some"
              .formatted(codes.length, factors.length));
    }
    if (bins < 2 || bins > Math.max(2, codes.length)) {
      throw new IllegalArgumentException(
          "Disentanglement: bins %d must be from 2 to the %d points".formatted(bins, codes.length));
    }
    int dimensions = codes[0].length;
    int count = factors[0].length;
    double[][] information = new double[dimensions][count];
    double[] entropies = new double[count];
    for (int f = 0; f < count; f++) {
      int[] classes = column(factors, f);
      entropies[f] = entropy(classes);
      for (int d = 0; d < dimensions; d++) {
        information[d][f] = mutualInformation(binned(codes, d, bins), classes);
      }
    }
    return new Scores(information, entropies, gap(information, entropies));
  }

  private static double gap(double[][] information, double[] entropies) {
    int dimensions = information.length;
    if (dimensions < 2) {
      return Double.NaN;
    }
    double sum = 0;
    int counted = 0;
    for (int f = 0; f < entropies.length; f++) {
      if (entropies[f] > 0) {
        double[] sorted = new double[dimensions];
        for (int d = 0; d < dimensions; d++) {
          sorted[d] = information[d][f];
        }
        Arrays.sort(sorted);
        sum += (sorted[dimensions - 1] - sorted[dimensions - 2]) / entropies[f];
        counted++;
      }
    }
    return counted == 0 ? Double.NaN : sum / counted;
  }

  private static int[] column(int[][] table, int column) {
    int[] values = new int[table.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = table[i][column];
    }
    return values;
  }

  /** The bin of each point in dimension {@code d}; one bin where all are equal. */
  private static int[] binned(double[][] codes, int d, int bins) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (double[] code : codes) {
      low = Math.min(low, code[d]);
      high = Math.max(high, code[d]);
    }
    int[] bin = new int[codes.length];
    for (int i = 0; i < bin.length && high > low; i++) {
      bin[i] = Math.min(bins - 1, (int) (bins * (codes[i][d] - low) / (high - low)));
    }
    return bin;
  }

  private static double entropy(int[] classes) {
    return mutualInformation(classes, classes);
  }

  /** Σ p(a,b)·log( p(a,b) / (p(a)·p(b)) ). */
  private static double mutualInformation(int[] a, int[] b) {
    int rows = 1 + Arrays.stream(a).max().orElse(0);
    int columns = 1 + Arrays.stream(b).max().orElse(0);
    long[][] joint = new long[rows][columns];
    long[] ofA = new long[rows];
    long[] ofB = new long[columns];
    for (int i = 0; i < a.length; i++) {
      joint[a[i]][b[i]]++;
      ofA[a[i]]++;
      ofB[b[i]]++;
    }
    double n = a.length;
    double sum = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        if (joint[i][j] > 0) {
          sum += joint[i][j] / n * Math.log(n * joint[i][j] / ((double) ofA[i] * ofB[j]));
        }
      }
    }
    return Math.max(0, sum);
  }
}
