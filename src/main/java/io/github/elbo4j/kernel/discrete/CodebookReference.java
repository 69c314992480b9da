package io.github.elbo4j.kernel.discrete;

import static io.github.elbo4j.kernel.Doubles.accumulate;
import static io.github.elbo4j.kernel.Doubles.read;
import static io.github.elbo4j.kernel.Doubles.write;

import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@link CodebookKernels} in double: the law. */
public final class CodebookReference extends CodebookKernels {
  /** ‖z_r − e_j‖². */
  static double distance(double[] z, int r, double[] codebook, int j, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      double difference = z[r * d + i] - codebook[j * d + i];
      sum += difference * difference;
    }
    return sum;
  }

  /** The first of the nearest of {@code entries}; 0 where no distance is a finite number. */
  static int nearest(double[] z, int r, double[] codebook, int entries, int d) {
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int j = 0; j < entries; j++) {
      double distance = distance(z, r, codebook, j, d);
      if (distance < least) {
        least = distance;
        best = j;
      }
    }
    return best;
  }

  /** Row r of {@code rows} added to entry index[r]. */
  static double[] scatter(int[] index, double[] rows, int entries, int d) {
    double[] sums = new double[entries * d];
    for (int i = 0; i < rows.length; i++) {
      sums[index[i / d] * d + i % d] += rows[i];
    }
    return sums;
  }

  @Override
  protected void doNearest(Tensor z, Tensor codebook, int[] index, @Nullable Tensor distance) {
    double[] rows = read(z);
    double[] entries = read(codebook);
    double[] distances = new double[z.rows()];
    for (int r = 0; r < distances.length; r++) {
      index[r] = nearest(rows, r, entries, codebook.rows(), z.columns());
      distances[r] = distance(rows, r, entries, index[r], z.columns());
    }
    write(distances, distance);
  }

  @Override
  protected void doLookup(Tensor codebook, int[] index, Tensor out) {
    double[] entries = read(codebook);
    int d = out.columns();
    double[] rows = new double[out.size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = entries[index[i / d] * d + i % d];
    }
    write(rows, out);
  }

  @Override
  protected void doLookupBackward(int[] index, Tensor dOut, Tensor dCodebook) {
    accumulate(scatter(index, read(dOut), dCodebook.rows(), dOut.columns()), dCodebook);
  }

  @Override
  protected void doUsage(int[] index, Tensor z, Tensor counts, Tensor sums) {
    double[] ones = new double[index.length];
    Arrays.fill(ones, 1);
    write(scatter(index, ones, sums.rows(), 1), counts);
    write(scatter(index, read(z), sums.rows(), z.columns()), sums);
  }

  @Override
  protected void doMovingAverage(
      Tensor counts,
      Tensor sums,
      float decay,
      float smoothing,
      Tensor averageCounts,
      Tensor averageSums,
      Tensor codebook) {
    double[] n = average(read(averageCounts), read(counts), decay);
    double[] s = average(read(averageSums), read(sums), decay);
    double total = Arrays.stream(n).sum();
    write(n, averageCounts);
    write(s, averageSums);
    if (total != 0) {
      for (int i = 0; i < s.length; i++) {
        double smoothed = n[i / codebook.columns()] + (double) smoothing;
        s[i] /= smoothed / (total + n.length * (double) smoothing) * total;
      }
      write(s, codebook);
    }
  }

  private static double[] average(double[] old, double[] now, double decay) {
    for (int i = 0; i < old.length; i++) {
      old[i] = decay * old[i] + (1 - decay) * now[i];
    }
    return old;
  }
}
