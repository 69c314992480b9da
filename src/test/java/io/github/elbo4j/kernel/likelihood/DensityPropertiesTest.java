package io.github.elbo4j.kernel.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Continuous Bernoulli, Laplace, categorical and discretised logistic: what makes them densities,
 * their edges, and what they refuse.
 */
class DensityPropertiesTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  /** Long enough for whole vectors and a tail. */
  private static final int N = 37;

  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static Tensor filled(float value, int... dims) {
    Tensor t = Tensor.zeros(dims);
    t.fill(value);
    return t;
  }

  private static ByteTensor level(int value, int rows, int columns) {
    byte[] a = new byte[rows * columns];
    java.util.Arrays.fill(a, (byte) value);
    return new ByteTensor(a, 0, rows, columns);
  }

  /** All 256 levels, a row each. */
  private static ByteTensor allLevels() {
    byte[] a = new byte[256];
    for (int i = 0; i < 256; i++) {
      a[i] = (byte) i;
    }
    return new ByteTensor(a, 0, 256, 1);
  }

  private static double sumOfExp(Tensor logs) {
    double sum = 0;
    for (float v : logs.toArray()) {
      sum += Math.exp(v);
    }
    return sum;
  }

  /** Gauss–Legendre nodes of order 3 in many intervals, finer towards both ends. */
  @ParameterizedTest
  @MethodSource("backends")
  void theContinuousBernoulliIntegratesToOne(Backend backend) {
    int intervals = 1000;
    Tensor x = Tensor.zeros(3 * intervals, 1);
    double[] weight = new double[3 * intervals];
    for (int i = 0; i < intervals; i++) {
      double from = edge(i, intervals);
      double half = (edge(i + 1, intervals) - from) / 2;
      for (int j = -1; j <= 1; j++) {
        int at = 3 * i + j + 1;
        x.array()[at] = (float) (from + half * (1 + j * Math.sqrt(0.6)));
        weight[at] = half * (j == 0 ? 8 : 5) / 9;
      }
    }
    Tensor logLik = Tensor.zeros(x.size());
    for (float l : new float[] {0, 1e-6f, -1e-3f, 0.5f, -0.999f, 1, 3, -8, 20, -50, 88, -200}) {
      backend.likelihood().continuousBernoulli(filled(l, x.size(), 1), x, logLik);
      double sum = 0;
      for (int i = 0; i < weight.length; i++) {
        sum += weight[i] * Math.exp(logLik.get(i));
      }
      assertThat(sum).as("logit %s", l).isCloseTo(1, within(3e-5));
    }
  }

  private static double edge(int i, int intervals) {
    return (1 - Math.cos(Math.PI * i / intervals)) / 2;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void largeLogitsOfTheContinuousBernoulliStayFinite(Backend backend) {
    for (float l : new float[] {88, 104, 1e4f, 1e30f, INFINITY}) {
      Tensor logLik = Tensor.zeros(1);
      double a = Math.min(l, Float.MAX_VALUE);
      for (int sign = -1; sign <= 1; sign += 2) {
        Tensor logits = filled(sign * l, 1, N);
        Tensor right = filled(sign > 0 ? 1 : 0, 1, N);
        backend.likelihood().continuousBernoulli(logits, right, logLik);
        double wanted = N * Math.log(a);
        assertThat((double) logLik.get(0)).isCloseTo(wanted, within(1e-5 * wanted));
        Tensor d = Tensor.zeros(1, N);
        backend.likelihood().continuousBernoulliBackward(logits, right, filled(1, 1), d);
        assertThat((double) d.get(3)).isCloseTo(sign / a, within(2e-7));
        assertThat(d.get(N - 1)).isEqualTo(d.get(0));
        Tensor wrong = filled(sign > 0 ? 0 : 1, 1, N);
        d.fill(0);
        backend.likelihood().continuousBernoulliBackward(logits, wrong, filled(1, 1), d);
        assertThat((double) d.get(0)).isCloseTo(-sign * (1 - 1 / a), within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theLaplaceDensityIntegratesToOne(Backend backend) {
    int steps = 8001;
    Tensor x = Tensor.zeros(steps, 1);
    for (float logScale : new float[] {-2, 0, 1.5f}) {
      double s = Math.exp(logScale);
      double h = s / 100;
      for (int i = 0; i < steps; i++) {
        x.array()[i] = (float) (0.25 + (i - steps / 2) * h);
      }
      Tensor logLik = Tensor.zeros(steps);
      backend.likelihood().laplace(filled(0.25f, steps, 1), x, filled(logScale, 1), logLik);
      assertThat(sumOfExp(logLik) * h).isCloseTo(1, within(3e-5)); // h²/12s² of the trapezia
      backend.likelihood().laplace(filled(0.25f, steps, 1), x, filled(logScale, steps, 1), logLik);
      assertThat(sumOfExp(logLik) * h).isCloseTo(1, within(3e-5));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theGradientOfTheLaplaceAtItsMeanIsZero(Backend backend) {
    Tensor mean = filled(0.5f, 1, N);
    Tensor dMean = Tensor.zeros(1, N);
    Tensor dScale = Tensor.zeros(1);
    backend
        .likelihood()
        .laplaceBackward(mean, filled(0.5f, 1, N), filled(0, 1), filled(1, 1), dMean, dScale);
    assertThat(dMean.toArray()).containsOnly(0f);
    assertThat(dScale.get(0)).isEqualTo(-N);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theDiscretizedLogisticSumsToOne(Backend backend) {
    for (float mean : new float[] {-1e4f, -3, 0, 0.5f, 100 / 255f, 1.0001f, 2, 1e6f}) {
      for (float logScale : new float[] {-200, -80, -12, -7, -4, -1, 2, 20, 80, 200}) {
        Tensor logLik = Tensor.zeros(256);
        backend
            .levels()
            .discretizedLogistic(filled(mean, 256, 1), allLevels(), filled(logScale, 1), logLik);
        for (float v : logLik.toArray()) {
          assertThat(v).as("mean %s logScale %s", mean, logScale).isLessThan(1e-6f).isNotNaN();
        }
        assertThat(sumOfExp(logLik))
            .as("mean %s logScale %s", mean, logScale)
            .isCloseTo(1, within(1e-5));
      }
    }
  }

  /** Far out a difference of two cumulative probabilities is 0 in any float. */
  @ParameterizedTest
  @MethodSource("backends")
  void tinyBinsKeepTheirLogProbability(Backend backend) {
    Tensor logLik = Tensor.zeros(1);
    Tensor d = Tensor.zeros(1, N);
    Tensor ds = Tensor.zeros(1);
    Tensor mean = filled(0, 1, N);
    float logScale = -7;
    backend.levels().discretizedLogistic(mean, level(200, 1, N), filled(logScale, 1), logLik);
    backend
        .levels()
        .discretizedLogisticBackward(
            mean, level(200, 1, N), filled(logScale, 1), filled(1, 1), d, ds);
    double q = Math.exp(7) / 255;
    double wanted = -q * 199.5 + Math.log(-Math.expm1(-q));
    assertThat((double) logLik.get(0)).isCloseTo(N * wanted, within(-1e-6 * N * wanted));
    assertThat((double) d.get(0)).isCloseTo(Math.exp(7), within(1e-3));
    assertThat((double) ds.get(0))
        .isCloseTo(N * (q * 199.5 - q / Math.expm1(q)), within(1e-6 * N * q * 200));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theCategoricalSumsToOne(Backend backend) {
    for (int c : new int[] {1, 2, 7, 16, 33, 256}) {
      for (float spread : new float[] {0, 1, 30, 1e30f}) {
        Tensor logits = Tensor.zeros(c, c);
        for (int i = 0; i < c * c; i++) {
          logits.array()[i] = spread * (float) Math.sin(i % c * 7.0);
        }
        byte[] x = new byte[c];
        for (int i = 0; i < c; i++) {
          x[i] = (byte) i;
        }
        Tensor logLik = Tensor.zeros(c);
        backend.levels().categorical(logits, new ByteTensor(x, 0, c, 1), logLik);
        assertThat(sumOfExp(logLik)).as("%d levels %s", c, spread).isCloseTo(1, within(2e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void levelsThatDoNotOccur(Backend backend) {
    for (int c : new int[] {3, 40}) {
      Tensor logits = filled(-INFINITY, 3, c);
      logits.array()[1] = 2;
      logits.array()[c + 1] = 2;
      logits.array()[2 * c] = INFINITY;
      Tensor logLik = Tensor.zeros(3);
      byte[] x = {1, 0, 1};
      ByteTensor data = new ByteTensor(x, 0, 3, 1);
      backend.levels().categorical(logits, data, logLik);
      assertThat(logLik.get(0)).isZero();
      assertThat(logLik.get(1)).isEqualTo(-INFINITY);
      assertThat(logLik.get(2)).isNaN();
      Tensor d = Tensor.zeros(3, c);
      backend.levels().categoricalBackward(logits, data, filled(1, 3), d);
      assertThat(d.get(0)).isZero();
      assertThat(d.get(1)).isZero();
      assertThat(d.get(c)).isEqualTo(1);
      assertThat(d.get(c + 1)).isEqualTo(-1);
      assertThat(d.get(2 * c + 1)).isNaN();
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void oneNanMakesItsRowNan(Backend backend) {
    for (int at : new int[] {0, 20, N - 1}) {
      Tensor t = filled(0.3f, 2, N);
      t.array()[N + at] = Float.NaN;
      Tensor logLik = Tensor.zeros(2);
      Tensor d = Tensor.zeros(2, N);
      backend.likelihood().continuousBernoulli(t, filled(0, 2, N), logLik);
      backend.likelihood().continuousBernoulliBackward(t, filled(0, 2, N), filled(1, 2), d);
      assertNan(logLik, d, at);
      d.fill(0);
      backend.likelihood().laplace(t, filled(0, 2, N), filled(0, 1), logLik);
      backend.likelihood().laplaceBackward(t, filled(0, 2, N), filled(0, 1), filled(1, 2), d, null);
      assertNan(logLik, d, at);
      for (int x : new int[] {0, 7, 255}) {
        d.fill(0);
        backend.levels().discretizedLogistic(t, level(x, 2, N), filled(0, 1), logLik);
        backend
            .levels()
            .discretizedLogisticBackward(t, level(x, 2, N), filled(0, 1), filled(1, 2), d, null);
        assertNan(logLik, d, at);
        d.fill(0);
        backend.levels().discretizedLogistic(filled(0, 2, N), level(x, 2, N), t, logLik);
        backend
            .levels()
            .discretizedLogisticBackward(filled(0, 2, N), level(x, 2, N), t, filled(1, 2), null, d);
        assertNan(logLik, d, at);
      }
      d.fill(0);
      backend.levels().categorical(t, level(0, 2, 1), logLik);
      backend.levels().categoricalBackward(t, level(0, 2, 1), filled(1, 2), d);
      assertNan(logLik, d, at);
    }
  }

  private static void assertNan(Tensor logLik, Tensor d, int at) {
    assertThat(logLik.get(0)).isFinite();
    assertThat(logLik.get(1)).isNaN();
    assertThat(d.get(N + at)).isNaN();
    assertThat(d.get(at)).isFinite();
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Backend simd = Backends.simd();
    Tensor out = Tensor.zeros(6, 5);
    Tensor rows = Tensor.zeros(6);
    refused(
        () -> simd.likelihood().continuousBernoulli(out, filled(1.5f, 3, 5), rows),
        "continuousBernoulli: x[0,0] = 1.5 must lie in [0,1]");
    refused(
        () -> simd.likelihood().continuousBernoulliBackward(out, level(0, 3, 5), rows, out),
        "continuousBernoulliBackward: dLogits must not share memory with logits");
    refused(
        () -> simd.likelihood().laplace(out, filled(0, 3, 5), Tensor.zeros(3, 5), rows),
        "laplace: logScale [3,5] must have 1 element, or be [5] or [6,5]");
    refused(
        () ->
            simd.likelihood()
                .laplaceBackward(out, level(0, 3, 5), rows, rows, null, Tensor.zeros(5)),
        "laplaceBackward: logScale [6] must have 1 element, or be [5] or [6,5]");
    refused(
        () -> simd.levels().categorical(out, level(0, 3, 2), rows),
        "categorical: logits [6,5] must have 1 to 256 columns for each of the 2 of x");
    refused(
        () -> simd.levels().categorical(out, level(5, 3, 1), rows),
        "categorical: x[0,0] = 5 must lie in 0 … 4");
    refused(
        () -> simd.levels().categoricalBackward(out, level(5, 3, 1), rows, Tensor.zeros(6, 5)),
        "categoricalBackward: x[0,0] = 5 must lie in 0 … 4");
    refused(
        () -> simd.levels().discretizedLogistic(out, level(0, 4, 5), Tensor.zeros(1), rows),
        "discretizedLogistic: mean has 6 rows, which must be a whole multiple of the 4 rows of x");
    refused(
        () ->
            simd.levels()
                .discretizedLogisticBackward(out, level(0, 3, 5), Tensor.zeros(1), rows, out, null),
        "discretizedLogisticBackward: dMean must not share memory with mean");
  }

  private static void refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }
}
