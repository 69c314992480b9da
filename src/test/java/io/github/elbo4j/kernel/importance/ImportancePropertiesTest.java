package io.github.elbo4j.kernel.importance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Edges of the domain, and what makes the bounds bounds; on every backend. */
class ImportancePropertiesTest {
  private static final float MINUS = Float.NEGATIVE_INFINITY;
  private static final float PLUS = Float.POSITIVE_INFINITY;
  private static final float NAN = Float.NaN;

  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  /** Bound, ess and weights of one row. */
  private static float[] bound(Backend backend, float alpha, float... row) {
    Tensor bound = Tensor.zeros(1);
    Tensor ess = Tensor.zeros(1);
    Tensor weights = Tensor.zeros(row.length);
    backend.importance().bound(Tensor.of(row, 0, 1, row.length), alpha, bound, weights, ess);
    float[] all = new float[2 + row.length];
    all[0] = bound.get(0);
    all[1] = ess.get(0);
    System.arraycopy(weights.array(), 0, all, 2, row.length);
    return all;
  }

  /** The row padded with equal elements to a length that has vectors and a tail. */
  private static float[] padded(float with, float... row) {
    float[] longer = new float[37];
    Arrays.fill(longer, with);
    System.arraycopy(row, 0, longer, 0, row.length);
    return longer;
  }

  private static float[] normals(long seed, int n, double centre, double spread) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (centre + spread * random.nextGaussian());
    }
    return x;
  }

  /** log of the mean of exp, the largest taken out, summed in decimals. */
  private static double logMeanExp(float[] logW) {
    double max = MINUS;
    for (float w : logW) {
      max = Math.max(max, w);
    }
    BigDecimal sum = BigDecimal.ZERO;
    for (float w : logW) {
      sum = sum.add(new BigDecimal(Math.exp(w - max)));
    }
    BigDecimal mean = sum.divide(new BigDecimal(logW.length), MathContext.DECIMAL64);
    return max + Math.log(mean.doubleValue());
  }

  @ParameterizedTest
  @CsvSource({"0,1", "-100,10", "10000,3", "-10000,3", "0,5000", "1e30,1e28", "-86.5,0.001"})
  void theImportanceWeightedBoundIsTheLogOfTheMean(double centre, double spread) {
    for (int k : new int[] {1, 3, 50, 5000}) {
      float[] row = normals(7, k, centre, spread);
      double wanted = logMeanExp(row);
      for (Backend backend : backends().toList()) {
        assertThat((double) bound(backend, 0, row)[0])
            .as("%s k %d", backend.name(), k)
            .isCloseTo(wanted, within(1e-6 + 2e-7 * Math.abs(wanted)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void hugeLogWeightsNeitherOverflowNorVanish(Backend backend) {
    for (float centre : new float[] {1e4f, -1e4f}) {
      for (float alpha : new float[] {-50, -1, 0, 0.5f, 0.99f, 1, 2, 50, MINUS, PLUS}) {
        float[] row = padded(centre - 3, centre, -centre, centre - 1);
        for (float v : bound(backend, alpha, row)) {
          assertThat(v).as("alpha %s", alpha).isFinite();
        }
      }
      float[] equal = new float[50];
      Arrays.fill(equal, centre);
      for (float alpha : new float[] {-50, 0, 0.999f, 1, 50, MINUS, PLUS}) {
        float[] all = bound(backend, alpha, equal);
        assertThat(all[0]).as("alpha %s", alpha).isEqualTo(centre);
        assertThat(all[1]).isCloseTo(50, within(1e-4f));
        assertThat(all[2]).isCloseTo(0.02f, within(1e-8f));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void weightsOfZero(Backend backend) {
    for (float alpha : new float[] {-50, 0, 0.9f, 1, 2, MINUS, PLUS}) {
      for (float[] row : new float[][] {{MINUS}, padded(MINUS)}) {
        float[] all = bound(backend, alpha, row);
        assertThat(all[0]).as("alpha %s", alpha).isEqualTo(MINUS);
        for (int i = 1; i < all.length; i++) {
          assertThat(all[i]).isZero();
        }
      }
    }
    float[] some = bound(backend, 0, padded(MINUS, MINUS, 2, MINUS, 2));
    assertThat(some[0]).isCloseTo(2 + (float) Math.log(2 / 37.0), within(1e-6f));
    assertThat(some[1]).isEqualTo(2);
    assertThat(some[2]).isZero();
    assertThat(some[3]).isEqualTo(0.5f);
    assertThat(bound(backend, 1, 1, MINUS)[0]).isEqualTo(MINUS);
    assertThat(bound(backend, 1, 1, MINUS)[2]).isEqualTo(0.5f);
    assertThat(bound(backend, 2, 1, MINUS)[0]).isEqualTo(MINUS);
    assertThat(bound(backend, 2, 1, MINUS)[2]).isNaN();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void infiniteWeightsAreReported(Backend backend) {
    for (float alpha : new float[] {-50, 0, 0.9f, MINUS}) {
      float[] all = bound(backend, alpha, padded(1, PLUS, 3, MINUS));
      assertThat(all[0]).as("alpha %s", alpha).isEqualTo(PLUS);
      assertThat(all[1]).isNaN();
      assertThat(all[3]).isNaN();
    }
    float[] ignored = bound(backend, 2, padded(1, PLUS)); // 1/w² is 0
    assertThat(ignored[0]).isCloseTo(1 - (float) Math.log(36 / 37.0), within(1e-6f));
    assertThat(ignored[2]).isZero();
    assertThat(bound(backend, 1, 1, PLUS)[0]).isEqualTo(PLUS);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aNanIsNeverLost(Backend backend) {
    for (float alpha : new float[] {-50, 0, 0.9f, 1, 2, MINUS, PLUS}) {
      for (float[] row :
          new float[][] {
            {NAN}, {NAN, 5}, {5, NAN}, padded(2, 1, NAN), padded(NAN, 1), padded(MINUS, NAN)
          }) {
        for (float v : bound(backend, alpha, row)) {
          assertThat(v).as("alpha %s", alpha).isNaN();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void rowsDoNotMix(Backend backend) {
    float[] rows = {1, 1, NAN, 0, PLUS, 0, MINUS, MINUS, 3, 3};
    Tensor bound = Tensor.zeros(5);
    backend.importance().bound(Tensor.of(rows, 0, 10), 0, bound, null, null);
    assertThat(bound.toArray()).containsExactly(1, NAN, PLUS, MINUS, 3);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void limitsInAlpha(Backend backend) {
    float[] row = {-3, 1, -2, 1, 0.5f};
    float[] max = bound(backend, MINUS, row);
    assertThat(max).containsExactly(1, 2, 0, 0.5f, 0, 0.5f, 0);
    assertThat(bound(backend, PLUS, row)).containsExactly(-3, 1, 1, 0, 0, 0, 0);
    assertThat(bound(backend, 1, row)[0]).isCloseTo(-0.5f, within(1e-7f));
    float[] wide = normals(3, 50, -90, 3);
    float mean = bound(backend, 1, wide)[0];
    for (float near : new float[] {1e-1f, 1e-3f, 1e-5f, 1.2e-7f}) {
      // bound = mean + (1−α)/2·variance + …, and the variance is about 9
      assertThat(bound(backend, 1 - near, wide)[0]).isCloseTo(mean, within(8 * near + 2e-5f));
      assertThat(bound(backend, 1 + near, wide)[0]).isCloseTo(mean, within(8 * near + 2e-5f));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theBoundFallsWithAlpha(Backend backend) {
    for (int k : new int[] {2, 5, 50, 700}) {
      float[] row = normals(k, k, -90, 4);
      float above = PLUS;
      for (float alpha :
          new float[] {
            MINUS, -50, -3, -1, -0.1f, 0, 0.2f, 0.5f, 0.74f, 0.76f, 0.9f, 0.999f, 1, 1.001f, 1.2f,
            1.3f, 2, 50, PLUS
          }) {
        float bound = bound(backend, alpha, row)[0];
        assertThat(bound).as("alpha %s, k %d", alpha, k).isLessThanOrEqualTo(above + 2e-5f);
        above = bound;
      }
    }
  }

  /** E log (1/K) Σ w rises with K to log E w = 0, for w log-normal (Burda et al. 2016). */
  @ParameterizedTest
  @MethodSource("backends")
  void theBoundRisesWithTheNumberOfSamples(Backend backend) {
    int n = 60_000;
    float[] logW = normals(5, n, -0.5, 1); // E w = 1
    double below = -1;
    for (int k : new int[] {1, 2, 5, 50, 300}) {
      Tensor bound = Tensor.zeros(n / k);
      backend.importance().bound(Tensor.of(logW, 0, n / k, k), 0, bound, null, null);
      double mean = 0;
      for (float b : bound.toArray()) {
        mean += b / bound.size();
      }
      assertThat(mean).as("k %d", k).isBetween(below, 0.01);
      below = mean + 0.003;
    }
    assertThat(below).isGreaterThan(-0.02);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void chunksLeaveNoTrace(Backend backend) {
    for (int k : new int[] {1, 50, 256, 257, 900}) {
      for (float alpha : new float[] {0, 0.5f, 0.9f, 1, 2, -50, MINUS, PLUS}) {
        float[] rows = normals(k, 3 * k, -90, 30);
        rows[k / 2] = MINUS;
        int[][] unchunked = stream(backend, rows, k, alpha, k);
        for (int chunk : new int[] {1, 2, 7, 16, 50, 255, 256, 257, 600}) {
          assertThat(stream(backend, rows, k, alpha, chunk))
              .as("k %d alpha %s by %d", k, alpha, chunk)
              .isDeepEqualTo(unchunked);
        }
        Tensor bound = Tensor.zeros(3);
        Tensor ess = Tensor.zeros(3);
        backend.importance().bound(Tensor.of(rows, 0, 3, k), alpha, bound, null, ess);
        if (backend.name().equals(Backends.simd().name())) {
          assertThat(unchunked).isDeepEqualTo(new int[][] {bits(bound), bits(ess)});
        }
        for (int b = 0; b < 3; b++) { // the reference sums doubles in another order
          assertSame(Float.intBitsToFloat(unchunked[0][b]), bound.get(b));
          assertSame(Float.intBitsToFloat(unchunked[1][b]), ess.get(b));
        }
      }
    }
  }

  /** The bits of bounds and ess of three rows that come in chunks. */
  private static int[][] stream(Backend backend, float[] rows, int k, float alpha, int chunk) {
    BoundStream stream = new BoundStream(3, alpha);
    Tensor bound = Tensor.zeros(3);
    Tensor ess = Tensor.zeros(3);
    for (int done = 0; done < k; done += chunk) {
      int n = Math.min(chunk, k - done);
      float[] part = new float[3 * n];
      for (int b = 0; b < 3; b++) {
        System.arraycopy(rows, b * k + done, part, b * n, n);
      }
      backend.importance().push(stream, Tensor.of(part, 0, 3 * n));
      backend.importance().finish(stream, bound, ess); // and the stream goes on
    }
    assertThat(stream.count()).isEqualTo(k);
    return new int[][] {bits(bound), bits(ess)};
  }

  private static int[] bits(Tensor t) {
    return IntStream.range(0, t.size()).map(i -> Float.floatToIntBits(t.get(i))).toArray();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void streamsMeetTheEdgesToo(Backend backend) {
    float[][] rows = {
      padded(MINUS), padded(1, PLUS), padded(1, NAN), padded(MINUS, NAN), padded(MINUS, 3)
    };
    for (float alpha : new float[] {0, 0.9f, 1, 2, MINUS, PLUS}) {
      for (float[] row : rows) {
        float[] wanted = bound(backend, alpha, row);
        for (int chunk : new int[] {1, 10, 37}) {
          BoundStream stream = new BoundStream(1, alpha);
          for (int i = 0; i < row.length; i += chunk) {
            int n = Math.min(chunk, row.length - i);
            backend.importance().push(stream, Tensor.of(row, i, n));
          }
          Tensor bound = Tensor.zeros(1);
          Tensor ess = Tensor.zeros(1);
          backend.importance().finish(stream, bound, ess);
          assertSame(bound.get(0), wanted[0]);
          assertSame(ess.get(0), wanted[1]);
        }
      }
    }
  }

  /** Close, or the same where it is no number or infinite. */
  private static void assertSame(float got, float wanted) {
    if (Float.isFinite(wanted)) {
      assertThat(got).isCloseTo(wanted, within(1e-6f * Math.max(1, Math.abs(wanted))));
    } else {
      assertThat(Float.compare(got, wanted)).as("%s, not %s", got, wanted).isZero();
    }
  }

  /** A factor of α + (1−α)·w̃ on what arrives with w̃: w̃² for the IWAE bound. */
  @ParameterizedTest
  @MethodSource("backends")
  void theDoublyReparameterizedGradientOfTheImportanceWeightedBoundHasSquaredWeights(
      Backend backend) {
    float[] w = {0.5f, 0.25f, 0.125f, 0.125f};
    Tensor dz = Tensor.of(new float[] {1, 1, 1, 1}, 0, 4, 1);
    Tensor arrived = Tensor.of(w, 0, 4, 1);
    Tensor weights = Tensor.of(w.clone(), 0, 4);
    backend.importance().doublyReparameterizedBackward(weights, 0, arrived, dz);
    assertThat(dz.toArray()).containsExactly(1.25f, 1.0625f, 1.015625f, 1.015625f);
  }

  /**
   * Both estimate the derivative of E bound in the posterior's mean μ, one by the whole derivative
   * of logW at fixed noise, the other doubly reparameterised: q = N(μ, 1), log p(z) = −2z² + c.
   */
  @ParameterizedTest
  @ValueSource(doubles = {-1, 0, 0.5, 1})
  void theDoublyReparameterizedGradientIsUnbiased(double alpha) {
    int n = 100_000;
    int k = 3;
    double mu = 0.7;
    SplittableRandom random = new SplittableRandom(8);
    double[] logW = new double[n * k];
    double[] whole = new double[n * k];
    double[] path = new double[n * k];
    for (int i = 0; i < n * k; i++) {
      double eps = random.nextGaussian();
      double z = mu + eps;
      logW[i] = -2 * z * z + eps * eps / 2;
      whole[i] = -4 * z;
      path[i] = -4 * z + eps; // − ∂ log q/∂z = ε
    }
    double[] w = ImportanceReference.weights(logW, k, alpha);
    double[] arrived = new double[n * k];
    for (int i = 0; i < n * k; i++) {
      arrived[i] = w[i] * path[i];
    }
    double[] doubly = ImportanceReference.doublyReparameterized(w, alpha, arrived, 1);
    double mean = 0;
    double square = 0;
    for (int b = 0; b < n; b++) {
      double difference = 0;
      for (int i = b * k; i < b * k + k; i++) {
        difference += doubly[i] - w[i] * whole[i];
      }
      mean += difference / n;
      square += difference * difference / n;
    }
    double deviation = Math.sqrt((square - mean * mean) / n);
    assertThat(Math.abs(mean) / deviation).isLessThan(3.5);
    assertThat(deviation).isLessThan(0.02);
  }

  @Test
  void theLargestAreFoundInOrder() {
    SplittableRandom random = new SplittableRandom(4);
    for (int n : new int[] {1, 2, 5, 64, 100}) {
      float[] x = new float[100];
      for (int i = 0; i < 100; i++) {
        x[i] = random.nextInt(20); // with equal ones
      }
      int[] found = new int[n];
      LargestElements.ascending(x, 0, 100, found, n);
      int[] wanted =
          IntStream.range(0, 100)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> x[i]))
              .skip(100 - n)
              .mapToInt(i -> i)
              .toArray();
      assertThat(found).isEqualTo(wanted);
    }
  }
}
