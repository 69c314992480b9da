package io.github.elbo4j.kernel.importance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tail index against an independent implementation, known distributions and its edges. */
class ParetoTailTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static float kHat(Backend backend, float[] row) {
    Tensor kHat = Tensor.zeros(1);
    backend.importance().tailIndex(Tensor.of(row, 0, row.length), kHat, null);
    return kHat.get(0);
  }

  /** pareto_smoothing.py, beside the file. */
  private static List<double[]> golden() throws IOException {
    try (var in =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    ParetoTailTest.class.getResourceAsStream("pareto_smoothing.txt")),
                StandardCharsets.UTF_8))) {
      return in.lines()
          .map(
              line ->
                  Arrays.stream(line.replace("inf", "Infinity").split(" "))
                      .mapToDouble(Double::parseDouble)
                      .toArray())
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreesWithAnIndependentImplementation(Backend backend) throws IOException {
    assertThat(golden()).hasSize(20);
    for (double[] line : golden()) {
      int k = line.length / 2;
      float[] row = new float[k];
      for (int i = 0; i < k; i++) {
        row[i] = (float) line[1 + i];
      }
      Tensor kHat = Tensor.zeros(1);
      Tensor smoothed = Tensor.zeros(k);
      backend.importance().tailIndex(Tensor.of(row, 0, k), kHat, smoothed);
      double wanted = line[0];
      assertThat((double) kHat.get(0)).isCloseTo(wanted, within(1e-5 + 1e-5 * Math.abs(wanted)));
      for (int i = 0; i < k; i++) {
        double w = line[1 + k + i];
        if (Double.isInfinite(w)) {
          assertThat(smoothed.get(i)).isEqualTo(Float.NEGATIVE_INFINITY);
        } else {
          assertThat((double) smoothed.get(i)).isCloseTo(w, within(2e-5 + 1e-6 * Math.abs(w)));
        }
      }
    }
  }

  /** Weights from a generalised Pareto distribution of shape k; its tails have that shape too. */
  @ParameterizedTest
  @MethodSource("backends")
  void findsTheShapeOfAKnownDistribution(Backend backend) {
    SplittableRandom random = new SplittableRandom(31);
    int n = 20_000;
    for (double shape : new double[] {0.1, 0.3, 0.5, 0.7, 1, 1.5, 3}) {
      float[] row = new float[n];
      for (int i = 0; i < n; i++) {
        double u = random.nextDouble();
        row[i] = (float) Math.log(1 + Math.expm1(-shape * Math.log1p(-u)) / shape);
      }
      int tail = ParetoTail.length(n);
      double deviation = (1 + shape) / Math.sqrt(tail); // of the maximum likelihood estimate
      double centre = (tail * shape + 5) / (tail + 10);
      assertThat((double) kHat(backend, row)).isCloseTo(centre, within(3.5 * deviation));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void doesNotDependOnTheScaleOfTheWeights(Backend backend) {
    SplittableRandom random = new SplittableRandom(3);
    float[] row = new float[500];
    float[] moved = new float[500];
    for (int i = 0; i < 500; i++) {
      row[i] = Math.round(random.nextGaussian() * 1024) / 1024f;
      moved[i] = row[i] - 8192;
    }
    assertThat(kHat(backend, moved)).isEqualTo(kHat(backend, row));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void noEstimateIsInfinite(Backend backend) {
    float[] row = new float[20];
    for (int i = 0; i < 20; i++) {
      row[i] = i;
    }
    assertThat(kHat(backend, row)).isEqualTo(INFINITY); // a tail of 4
    assertThat(kHat(backend, new float[100])).isEqualTo(INFINITY); // no excess
    row = Arrays.copyOf(row, 100);
    assertThat(kHat(backend, row)).isFinite();
    row[3] = INFINITY;
    assertThat(kHat(backend, row)).isEqualTo(INFINITY);
    row[3] = Float.NaN;
    assertThat(kHat(backend, row)).isNaN();
    Arrays.fill(row, Float.NEGATIVE_INFINITY);
    Tensor smoothed = Tensor.zeros(100);
    Tensor kHat = Tensor.zeros(1);
    backend.importance().tailIndex(Tensor.of(row, 0, 100), kHat, smoothed);
    assertThat(kHat.get(0)).isEqualTo(INFINITY);
    assertThat(smoothed.toArray()).containsExactly(row);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anEnormousTailIsANumber(Backend backend) {
    float[] row = new float[200];
    for (int i = 0; i < 200; i++) {
      row[i] = i * 3.5f; // excesses over e⁻⁷⁰⁰ … 1
    }
    assertThat(kHat(backend, row)).isBetween(10f, 200f);
  }
}
