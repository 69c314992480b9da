package io.github.elbo4j.kernel.discrete;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Vector quantisation against a search in whole numbers, and as what k-means is made of. */
class CodebookPropertiesTest {
  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  /** Small integers: every distance is exact, so ties are real ones and the first must win. */
  @ParameterizedTest
  @MethodSource("backends")
  void nearestOfIntegersIsExact(Backend k) {
    int rows = 300;
    int entries = 101;
    int d = 6;
    SplittableRandom random = new SplittableRandom(8);
    Tensor z = integers(random, rows, d);
    Tensor codebook = integers(random, entries, d);
    int[] index = new int[rows];
    Tensor distance = Tensor.zeros(rows);
    k.codebook().nearest(z, codebook, index, distance);
    int ties = 0;
    for (int r = 0; r < rows; r++) {
      int best = 0;
      long[] all = new long[entries];
      for (int j = 0; j < entries; j++) {
        for (int i = 0; i < d; i++) {
          long difference = (long) (z.get(r * d + i) - codebook.get(j * d + i));
          all[j] += difference * difference;
        }
        best = all[j] < all[best] ? j : best;
      }
      long least = all[best];
      ties += Arrays.stream(all).filter(v -> v == least).count() > 1 ? 1 : 0;
      assertThat(index[r]).isEqualTo(best);
      assertThat((double) distance.get(r)).isEqualTo((double) least);
    }
    assertThat(ties).isGreaterThan(10);
  }

  private static Tensor integers(SplittableRandom random, int rows, int d) {
    Tensor t = Tensor.zeros(rows, d);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = random.nextInt(-3, 4);
    }
    return t;
  }

  /** Without memory the moving average is Lloyd's step: the distortion never grows. */
  @ParameterizedTest
  @MethodSource("backends")
  void withoutMemoryItIsKMeans(Backend k) {
    int rows = 400;
    int entries = 7;
    int d = 3;
    SplittableRandom random = new SplittableRandom(4);
    Tensor z = Tensor.zeros(rows, d);
    for (int i = 0; i < z.size(); i++) {
      z.array()[i] = (float) (random.nextGaussian() + 4 * (i / d % 3));
    }
    Tensor codebook = Tensor.of(Arrays.copyOf(z.array(), entries * d), 0, entries, d);
    Tensor counts = Tensor.zeros(entries);
    Tensor sums = Tensor.zeros(entries, d);
    Tensor averageCounts = Tensor.zeros(entries);
    Tensor averageSums = Tensor.zeros(entries, d);
    int[] index = new int[rows];
    Tensor distance = Tensor.zeros(rows);
    double before = Double.POSITIVE_INFINITY;
    for (int step = 0; step < 12; step++) {
      k.codebook().nearest(z, codebook, index, distance);
      double distortion = 0;
      for (int r = 0; r < rows; r++) {
        distortion += distance.get(r);
      }
      assertThat(distortion).isLessThan(before * (1 + 1e-5));
      before = distortion;
      k.codebook().usage(index, z, counts, sums);
      double total = 0;
      for (int j = 0; j < entries; j++) {
        total += counts.get(j);
      }
      assertThat(total).isEqualTo(rows);
      k.codebook().movingAverage(counts, sums, 0, 1e-7f, averageCounts, averageSums, codebook);
    }
    assertThat(centroid(z, index, 2, 1)).isCloseTo(codebook.get(2 * d + 1), within(1e-4));
  }

  private static double centroid(Tensor z, int[] index, int entry, int dimension) {
    double sum = 0;
    int n = 0;
    for (int r = 0; r < index.length; r++) {
      if (index[r] == entry) {
        sum += z.get(r * z.columns() + dimension);
        n++;
      }
    }
    return sum / n;
  }

  /** An average that has seen nothing leaves the codebook alone; an unused entry stays finite. */
  @ParameterizedTest
  @MethodSource("backends")
  void unusedEntries(Backend k) {
    Tensor codebook = Tensor.of(new float[] {1, 2, 3, 4}, 0, 2, 2);
    Tensor zero = Tensor.zeros(2);
    Tensor averageCounts = Tensor.zeros(2);
    Tensor averageSums = Tensor.zeros(2, 2);
    k.codebook()
        .movingAverage(zero, Tensor.zeros(2, 2), 0.9f, 1e-5f, averageCounts, averageSums, codebook);
    assertThat(codebook.toArray()).containsExactly(1, 2, 3, 4);
    Tensor counts = Tensor.of(new float[] {5, 0}, 0, 2);
    Tensor sums = Tensor.of(new float[] {10, 20, 0, 0}, 0, 2, 2);
    k.codebook().movingAverage(counts, sums, 0, 1e-3f, averageCounts, averageSums, codebook);
    // n = 5, J = 2: smoothed count of entry 0 = 5.001/5.002·5
    double smoothed = 5.001 / 5.002 * 5;
    assertThat((double) codebook.get(0)).isCloseTo(10 / smoothed, within(1e-5));
    assertThat(codebook.get(2)).isZero();
  }
}
