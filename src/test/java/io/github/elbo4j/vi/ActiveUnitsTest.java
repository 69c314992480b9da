package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.tensor.Tensor;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ActiveUnitsTest {
  private static final double[] MEANS = {0, 1000, -3, 0.5};
  private static final double[] DEVIATIONS = {1, 0.3, 0.09, 0.11};

  /** Batches of unequal size, with means far from 0, against two passes over all data. */
  @Test
  void variancesAreThoseOfTwoPasses() {
    int[] sizes = {100, 1, 250, 33};
    SplittableRandom random = new SplittableRandom(5);
    ActiveUnits units = new ActiveUnits(4);
    double[][] all = new double[384][4];
    int row = 0;
    for (int size : sizes) {
      Tensor mu = Tensor.of(new float[3 + 4 * size], 3, size, 4);
      for (int i = 0; i < 4 * size; i++) {
        mu.array()[3 + i] = (float) (MEANS[i % 4] + DEVIATIONS[i % 4] * random.nextGaussian());
        all[row + i / 4][i % 4] = mu.get(i);
      }
      row += size;
      units.add(mu);
    }
    int active = 0;
    for (int d = 0; d < 4; d++) {
      double variance = variance(all, d);
      assertThat(units.variance(d)).isCloseTo(variance, within(1e-10));
      active += variance > 0.01 ? 1 : 0;
    }
    assertThat(units.count()).isEqualTo(active).isEqualTo(3);
  }

  private static double variance(double[][] rows, int d) {
    double mean = 0;
    for (double[] row : rows) {
      mean += row[d] / rows.length;
    }
    double variance = 0;
    for (double[] row : rows) {
      variance += (row[d] - mean) * (row[d] - mean) / rows.length;
    }
    return variance;
  }

  @Test
  void fewPoints() {
    ActiveUnits units = new ActiveUnits(2);
    assertThat(units.count()).isZero();
    assertThat(units.variance(1)).isZero();
    units.add(Tensor.of(new float[] {4, -2}, 0, 1, 2));
    assertThat(units.count()).isZero();
    units.add(Tensor.of(new float[] {4, 2}, 0, 1, 2));
    assertThat(units.variance(0)).isZero();
    assertThat(units.variance(1)).isEqualTo(4);
    assertThat(units.count()).isEqualTo(1);
  }

  @Test
  void anotherWidthIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ActiveUnits(3).add(Tensor.zeros(5, 2)))
        .withMessage("ActiveUnits: mu [5,2] must have 3 columns");
  }
}
