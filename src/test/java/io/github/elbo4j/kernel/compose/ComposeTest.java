package io.github.elbo4j.kernel.compose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hipparchus.distribution.continuous.ChiSquaredDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values worked out by hand, edges, statistics and contracts of the small pieces. */
class ComposeTest {
  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor vector(float... values) {
    return Tensor.of(values, 0, values.length);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void linearCombinationsByHand(Backend k) {
    Tensor y = vector(1, 2, 3);
    k.compose().addScaled(vector(1, -1, 0.5f), 4, null, y);
    assertThat(y.toArray()).containsExactly(5, -2, 5);
    k.compose().addScaled(vector(1, -1, 0.5f), 4, vector(-0.5f), y);
    assertThat(y.toArray()).containsExactly(3, 0, 4);
    k.compose().addProduct(vector(1, 2, 3), vector(3, 2, -1), y);
    assertThat(y.toArray()).containsExactly(6, 4, 1);
  }

  /** Point 0 has rows 0 and 1 of the target, point 1 rows 2 and 3. */
  @ParameterizedTest
  @MethodSource("backends")
  void columnsByHand(Backend k) {
    Tensor from = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 0, 2, 3);
    Tensor to = Tensor.zeros(4, 2);
    to.fill(10);
    k.compose().addColumns(from, 2, to, 1, 1);
    assertThat(to.toArray()).containsExactly(10, 13, 10, 13, 10, 16, 10, 16);
    Tensor dFrom = Tensor.zeros(2, 3);
    k.compose().addColumnsBackward(to, 1, dFrom, 2, 1);
    assertThat(dFrom.toArray()).containsExactly(0, 0, 26, 0, 0, 32);
    Tensor sums = vector(1, 0);
    k.compose().addRowSums(from, sums);
    assertThat(sums.toArray()).containsExactly(7, 15);
    k.compose().addRowSumsBackward(sums, from);
    assertThat(from.toArray()).containsExactly(8, 9, 10, 19, 20, 21);
  }

  /** One float32 chain over so many samples is wrong in the fourth digit. */
  @ParameterizedTest
  @MethodSource("backends")
  void gradientsOfManySamplesKeepTheirPrecision(Backend k) {
    int samples = 100_000;
    Tensor dTo = Tensor.zeros(samples, 1);
    dTo.fill(0.1f);
    Tensor dFrom = Tensor.zeros(1, 1);
    k.compose().addColumnsBackward(dTo, 0, dFrom, 0, 1);
    assertThat((double) dFrom.get(0)).isCloseTo(samples * (double) 0.1f, within(0.1));
  }

  /** Two equal Gaussians: half the variance. Precisions 4 and 1: 4/5 and 1/5. */
  @ParameterizedTest
  @MethodSource("backends")
  void mergedGaussiansByHand(Backend k) {
    Tensor mu = Tensor.zeros(2);
    Tensor logVar = Tensor.zeros(2);
    k.compose()
        .mergeGaussians(
            vector(1, 10),
            vector(0.5f, -(float) Math.log(4)),
            vector(3, 20),
            vector(0.5f, 0),
            mu,
            logVar);
    assertThat(mu.get(0)).isCloseTo(2, within(1e-6f));
    assertThat(mu.get(1)).isCloseTo(12, within(1e-5f));
    assertThat((double) logVar.get(0)).isCloseTo(0.5 - Math.log(2), within(1e-6));
    assertThat((double) logVar.get(1)).isCloseTo(-Math.log(5), within(1e-6));
  }

  /**
   * Variances that differ by e^±80, far beyond the range of a float32 precision: what is left of
   * the wider Gaussian is e⁻⁸⁰ of its mean, to the digit.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void farApartVariancesMerge(Backend k) {
    float far = 1e36f;
    Tensor mu1 = vector(0, far, 3, 3);
    Tensor logVar1 = vector(-80, 0, -120, 120);
    Tensor mu2 = vector(far, 0, 5, 5);
    Tensor logVar2 = vector(0, -80, 120, -120);
    Tensor mu = Tensor.zeros(4);
    Tensor logVar = Tensor.zeros(4);
    k.compose().mergeGaussians(mu1, logVar1, mu2, logVar2, mu, logVar);
    double rest = far * Math.exp(-80);
    assertThat((double) mu.get(0)).isCloseTo(rest, within(1e-5 * rest));
    assertThat((double) mu.get(1)).isCloseTo(rest, within(1e-5 * rest));
    assertThat(Arrays.copyOfRange(mu.toArray(), 2, 4)).containsExactly(3, 5);
    assertThat(logVar.toArray()).containsExactly(-80, -80, -120, -120);
    Tensor dMu1 = Tensor.zeros(4);
    Tensor dLogVar2 = Tensor.zeros(4);
    Tensor ones = vector(1, 1, 1, 1);
    k.compose()
        .mergeGaussiansBackward(mu1, logVar1, mu2, logVar2, ones, ones, dMu1, null, null, dLogVar2);
    assertThat((double) dMu1.get(1)).isCloseTo(Math.exp(-80), within(1e-5 * Math.exp(-80)));
    assertThat(dMu1.get(0)).isEqualTo(1);
    // to logVar2: w2 + w1·w2·(mu1 − mu2), which is e⁻⁸⁰·(1 − far) and 1 + e⁻⁸⁰·far
    assertThat((double) dLogVar2.get(0)).isCloseTo(-rest, within(1e-5 * rest));
    assertThat((double) dLogVar2.get(1)).isCloseTo(1 + rest, within(1e-5 * rest));
  }

  /** Which of the two is called the first makes no difference, to the bit. */
  @Test
  void mergingIsSymmetric() {
    Tensor mu1 = TapeCheck.normal(1, 2, 3, 37);
    Tensor logVar1 = TapeCheck.normal(2, 2, 3, 37);
    Tensor mu2 = TapeCheck.normal(3, 2, 3, 37);
    Tensor logVar2 = TapeCheck.normal(4, 2, 3, 37);
    Tensor one = Tensor.zeros(3, 37);
    Tensor other = Tensor.zeros(3, 37);
    Tensor unused = Tensor.zeros(3, 37);
    Backends.simd().compose().mergeGaussians(mu1, logVar1, mu2, logVar2, unused, one);
    Backends.simd().compose().mergeGaussians(mu2, logVar2, mu1, logVar1, unused, other);
    assertThat(one.toArray()).isEqualTo(other.toArray());
  }

  /** Columns (±1, ±1) that do not correlate have covariance I; the same column twice has all 1. */
  @ParameterizedTest
  @MethodSource("backends")
  void covariancePenaltyByHand(Backend k) {
    Tensor out = vector(10);
    Tensor independent = Tensor.of(new float[] {5, 7, 5, 9, 7, 7, 7, 9}, 0, 4, 2);
    k.compose().covariancePenalty(independent, 3, 5, out);
    assertThat(out.get(0)).isEqualTo(10);
    Tensor dMu = Tensor.zeros(4, 2);
    k.compose().covariancePenaltyBackward(independent, 3, 5, vector(1), dMu);
    assertThat(dMu.toArray()).containsOnly(0);
    Tensor twice = Tensor.of(new float[] {1, 1, 3, 3}, 0, 2, 2);
    k.compose().covariancePenalty(twice, 3, 5, out);
    assertThat(out.get(0)).isEqualTo(10 + 3 * 2);
    Tensor still = Tensor.of(new float[] {1, 2, 1, 2}, 0, 2, 2);
    k.compose().covariancePenalty(still, 3, 5, out);
    assertThat(out.get(0)).isEqualTo(16 + 5 * 2);
    k.compose().covariancePenalty(Tensor.of(new float[] {1, Float.NaN}, 0, 2, 1), 3, 5, out);
    assertThat(out.get(0)).isNaN();
  }

  /** Numbered rows of a column; the bits of 300,000 rows are not all different. */
  @ParameterizedTest
  @MethodSource("backends")
  void rowsOfEqualBitsKeepTheirOrder(Backend k) {
    int rows = 300_000;
    NoiseKey noise = new NoiseKey(9, 4);
    Tensor z = Tensor.zeros(rows, 1);
    for (int r = 0; r < rows; r++) {
      z.array()[r] = r;
    }
    Tensor out = Tensor.zeros(rows, 1);
    k.compose().shuffleColumns(z, noise, out);
    int ties = 0;
    for (int i = 1; i < rows; i++) {
      int before = (int) out.get(i - 1);
      int row = (int) out.get(i);
      int order = Integer.compareUnsigned(Philox.bits(noise, before), Philox.bits(noise, row));
      assertThat(order).isLessThanOrEqualTo(0);
      if (order == 0) {
        ties++;
        assertThat(before).isLessThan(row);
      }
    }
    assertThat(ties).isPositive();
  }

  /** A column's order does not depend on what else there is. */
  @Test
  void aColumnIsShuffledByItsNumberAlone() {
    NoiseKey noise = new NoiseKey(1, 2).at(3);
    Tensor wide = TapeCheck.normal(1, 1, 50, 4);
    Tensor narrow = Tensor.zeros(50, 2);
    Backends.simd().compose().addColumns(wide, 0, narrow, 0, 2);
    Tensor ofWide = Tensor.zeros(50, 4);
    Tensor ofNarrow = Tensor.zeros(50, 2);
    Backends.simd().compose().shuffleColumns(wide, noise, ofWide);
    Backends.simd().compose().shuffleColumns(narrow, noise, ofNarrow);
    Tensor first = Tensor.zeros(50, 2);
    Backends.simd().compose().addColumns(ofWide, 0, first, 0, 2);
    assertThat(first.toArray()).isEqualTo(ofNarrow.toArray());
  }

  /** Pairs of orders of three rows in two columns: all 36 equally likely. */
  @Test
  void ordersAreUniformAndIndependent() {
    Tensor z = Tensor.of(new float[] {1, 1, 2, 2, 3, 3}, 0, 3, 2);
    Tensor out = Tensor.zeros(3, 2);
    NoiseKey noise = new NoiseKey(20, 1);
    Map<String, Integer> counts = new HashMap<>();
    int steps = 36_000;
    for (int step = 0; step < steps; step++) {
      Backends.simd().compose().shuffleColumns(z, noise.at(step), out);
      counts.merge(Arrays.toString(out.toArray()), 1, Integer::sum);
    }
    double expected = steps / 36.0;
    double statistic = 0;
    for (int count : counts.values()) {
      statistic += (count - expected) * (count - expected) / expected;
    }
    assertThat(counts).hasSize(36);
    assertThat(statistic)
        .isLessThan(new ChiSquaredDistribution(35).inverseCumulativeProbability(0.9999));
  }

  @Test
  void contractsNameTheArgument() {
    ComposeKernels k = Backends.simd().compose();
    Tensor one = Tensor.zeros(1);
    Tensor three = Tensor.zeros(3);
    Tensor a = Tensor.zeros(4, 5);
    Tensor b = Tensor.zeros(2, 5);
    refused(() -> k.addScaled(three, 1, three, a), "addScaled: factor [3] must have 1 elements");
    refused(() -> k.addScaled(three, 1, one, a), "addScaled: y [4,5] must have 3 elements");
    refused(() -> k.addScaled(one, 1, one, one), "addScaled: y must not share memory with x");
    refused(() -> k.addProduct(three, a, three), "addProduct: b [4,5] must have 3 elements");
    refused(() -> k.addProduct(three, three, three), "addProduct: y must not share memory with a");
    refused(
        () -> k.addColumns(Tensor.zeros(3, 5), 0, a, 0, 1),
        "addColumns: to has 4 rows, which must be a whole multiple of the 3 rows of from");
    refused(
        () -> k.addColumns(b, 3, a, 0, 3),
        "addColumns: 3 columns from 3 on must lie in from [2,5]");
    refused(
        () -> k.addColumns(b, 0, a, -1, 3),
        "addColumns: 3 columns from -1 on must lie in to [4,5]");
    refused(
        () -> k.addColumns(b, 0, a, 0, -1),
        "addColumns: -1 columns from 0 on must lie in from [2,5]");
    refused(() -> k.addColumns(a, 0, a, 0, 1), "addColumns: to must not share memory with from");
    refused(
        () -> k.addColumnsBackward(a, 0, Tensor.zeros(3, 5), 0, 1),
        "addColumnsBackward: dTo has 4 rows, which must be a whole multiple of the 3 rows of"
            + " dFrom");
    refused(
        () -> k.addColumnsBackward(a, 5, b, 0, 1),
        "addColumnsBackward: 1 columns from 5 on must lie in dTo [4,5]");
    refused(() -> k.addRowSums(a, three), "addRowSums: y [3] must have 4 elements");
    refused(
        () -> k.addRowSumsBackward(three, a), "addRowSumsBackward: dy [3] must have 4 elements");
    refused(
        () -> k.covariancePenalty(Tensor.zeros(0, 5), 1, 1, one),
        "covariancePenalty: mu [0,5] must have at least one row");
    refused(() -> k.covariancePenalty(a, 1, 1, three), "covariancePenalty: out [3] must have 1");
    refused(
        () -> k.covariancePenaltyBackward(a, 1, 1, one, b),
        "covariancePenaltyBackward: dMu [2,5] must equal mu [4,5]");
    refused(
        () -> k.covariancePenaltyBackward(a, 1, 1, one, a),
        "covariancePenaltyBackward: dMu must not share memory with mu");
    refused(
        () -> k.shuffleColumns(a, new NoiseKey(1, 1), b),
        "shuffleColumns: out [2,5] must equal z [4,5]");
    refused(
        () -> k.shuffleColumns(a, new NoiseKey(1, 1), a),
        "shuffleColumns: out must not share memory with z");
  }

  @Test
  void contractsOfMergingNameTheArgument() {
    ComposeKernels k = Backends.simd().compose();
    Tensor[] t = new Tensor[8];
    Arrays.setAll(t, i -> Tensor.zeros(2, 3));
    Tensor other = Tensor.zeros(3, 2);
    String[] names = {"mu1", "logVar1", "mu2", "logVar2", "mu", "logVar"};
    for (int i = 1; i < 6; i++) {
      Tensor[] wrong = t.clone();
      wrong[i] = other;
      refused(
          () -> k.mergeGaussians(wrong[0], wrong[1], wrong[2], wrong[3], wrong[4], wrong[5]),
          "mergeGaussians: " + names[i] + " [3,2] must equal mu1 [2,3]");
    }
    refused(
        () -> k.mergeGaussians(t[0], t[1], t[2], t[3], t[4], t[3]),
        "mergeGaussians: logVar must not share memory with logVar2");
    refused(
        () -> k.mergeGaussiansBackward(t[0], t[1], t[2], t[3], t[4], null, t[5], null, null, t[5]),
        "mergeGaussiansBackward: dLogVar2 must not share memory with dMu1");
    refused(
        () -> k.mergeGaussiansBackward(t[0], t[1], t[2], t[3], other, null, t[5], null, null, null),
        "mergeGaussiansBackward: dMu [3,2] must equal mu1 [2,3]");
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessageStartingWith(message);
  }
}
