package io.github.elbo4j.kernel.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values at the edges of the domain, and what makes a density a density; on every backend. */
class LikelihoodPropertiesTest {
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

  /** logLik of N equal logits, all with the same x. */
  private static float bernoulli(Backend backend, float logit, float x) {
    Tensor logLik = Tensor.zeros(1);
    backend.likelihood().bernoulli(filled(logit, 1, N), filled(x, 1, N), logLik);
    return logLik.get(0);
  }

  /** dLogits of one of them. */
  private static float slope(Backend backend, float logit, float x) {
    Tensor d = Tensor.zeros(1, N);
    backend.likelihood().bernoulliBackward(filled(logit, 1, N), filled(x, 1, N), filled(1, 1), d);
    for (int i = 1; i < N; i++) {
      assertThat(d.get(i)).isEqualTo(d.get(0)); // vectors and tail alike
    }
    return d.get(0);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void largeLogitsAreLinear(Backend backend) {
    for (float l : new float[] {88, 89, 104, 1e4f, 1e30f}) {
      float wrong = (float) (-N * (double) l);
      assertThat(bernoulli(backend, l, 0)).isCloseTo(wrong, within(-1e-6f * wrong));
      assertThat(bernoulli(backend, -l, 1)).isCloseTo(wrong, within(-1e-6f * wrong));
      assertThat(bernoulli(backend, l, 0.25f)).isCloseTo(0.75f * wrong, within(-1e-6f * wrong));
      assertThat(bernoulli(backend, l, 1)).isCloseTo(0, within(1e-36f));
      assertThat(bernoulli(backend, -l, 0)).isCloseTo(0, within(1e-36f));
      assertThat(slope(backend, l, 0)).isEqualTo(-1);
      assertThat(slope(backend, -l, 1)).isEqualTo(1);
      assertThat(slope(backend, l, 1)).isCloseTo(0, within(1e-37f));
      assertThat(slope(backend, -l, 0.25f)).isEqualTo(0.25f);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void confidentAndRightLosesNoPrecision(Backend backend) {
    double u = Math.exp(-20); // far below the spacing of floats at 1
    assertThat(bernoulli(backend, 20, 1))
        .isCloseTo((float) (-N * u), within(1e-5f * N * (float) u));
    assertThat(slope(backend, 20, 1)).isCloseTo((float) u, within(1e-5f * (float) u));
    assertThat(slope(backend, -20, 0)).isCloseTo((float) -u, within(1e-5f * (float) u));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void infiniteLogitsAreCertainty(Backend backend) {
    assertThat(bernoulli(backend, INFINITY, 1)).isCloseTo(0, within(1e-36f));
    assertThat(bernoulli(backend, -INFINITY, 0)).isCloseTo(0, within(1e-36f));
    assertThat(bernoulli(backend, INFINITY, 0)).isEqualTo(-INFINITY);
    assertThat(bernoulli(backend, -INFINITY, 1)).isEqualTo(-INFINITY);
    assertThat(bernoulli(backend, INFINITY, 0.5f)).isEqualTo(-INFINITY);
    assertThat(slope(backend, INFINITY, 0)).isEqualTo(-1);
    assertThat(slope(backend, -INFINITY, 1)).isEqualTo(1);
    assertThat(slope(backend, INFINITY, 1)).isCloseTo(0, within(1e-37f));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void oneNanMakesItsRowNan(Backend backend) {
    for (int at : new int[] {0, 20, N - 1}) {
      for (float x : new float[] {0, 1, 0.5f}) {
        Tensor logits = filled(0.3f, 2, N);
        logits.array()[N + at] = Float.NaN;
        Tensor data = filled(x, 2, N);
        Tensor logLik = Tensor.zeros(2);
        Tensor d = Tensor.zeros(2, N);
        backend.likelihood().bernoulli(logits, data, logLik);
        backend.likelihood().bernoulliBackward(logits, data, filled(1, 2), d);
        assertThat(logLik.get(0)).isFinite();
        assertThat(logLik.get(1)).isNaN();
        assertThat(d.get(N + at)).isNaN();
        assertThat(d.get(at)).isFinite();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void nanInAGaussianGivesNan(Backend backend) {
    for (int at : new int[] {0, 20, N - 1}) {
      for (int bad = 0; bad < 3; bad++) {
        Tensor[] t = {filled(0, 1, N), filled(1, 1, N), filled(0.1f, 1, N)}; // mean, x, logVar
        t[bad].array()[at] = Float.NaN;
        Tensor logLik = Tensor.zeros(1);
        Tensor dMean = Tensor.zeros(1, N);
        Tensor dLogVar = Tensor.zeros(1, N);
        backend.likelihood().gaussian(t[0], t[1], t[2], logLik);
        backend.likelihood().gaussianBackward(t[0], t[1], t[2], filled(1, 1), dMean, dLogVar);
        assertThat(logLik.get(0)).isNaN();
        assertThat(dMean.get(at)).isNaN();
        assertThat(dLogVar.get(at)).isNaN();
        assertThat(dMean.get(5)).isFinite();
        assertThat(dLogVar.get(5)).isFinite();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void thePrecisionNeitherOverflowsNorVanishes(Backend backend) {
    for (float logVar : new float[] {-1000, -INFINITY, 1000}) {
      float cut =
          logVar < 0 ? LikelihoodKernels.MAX_LOG_PRECISION : LikelihoodKernels.MIN_LOG_PRECISION;
      Tensor dMean = Tensor.zeros(1, N);
      backend
          .likelihood()
          .gaussianBackward(
              filled(0, 1, N), filled(0.5f, 1, N), filled(logVar, 1), filled(1, 1), dMean, null);
      double wanted = 0.5 * Math.exp(cut);
      assertThat((double) dMean.get(N - 1)).isCloseTo(wanted, within(1e-5 * wanted));
      assertThat((double) dMean.get(0)).isCloseTo(wanted, within(1e-5 * wanted));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void bernoulliProbabilitiesSumToOne(Backend backend) {
    for (int n = 1; n <= 10; n++) {
      SplittableRandom random = new SplittableRandom(n);
      int all = 1 << n;
      Tensor logits = Tensor.zeros(all, n);
      Tensor x = Tensor.zeros(all, n);
      for (int i = 0; i < n; i++) {
        float l = (float) (2 * random.nextGaussian());
        for (int r = 0; r < all; r++) {
          logits.array()[r * n + i] = l;
          x.array()[r * n + i] = r >> i & 1;
        }
      }
      Tensor logLik = Tensor.zeros(all);
      backend.likelihood().bernoulli(logits, x, logLik);
      assertThat(sumOfExp(logLik)).isCloseTo(1, within(2e-6));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void gaussianDensityIntegratesToOne(Backend backend) {
    int steps = 401;
    float h = 0.05f; // the trapezium rule is exact to far below float32 here
    for (float logVar : new float[] {-1.5f, 0, 1.2f}) {
      Tensor x = Tensor.zeros(steps, 1);
      for (int i = 0; i < steps; i++) {
        x.array()[i] = (i - steps / 2) * h;
      }
      Tensor mean = filled(0.3f, steps, 1);
      Tensor logLik = Tensor.zeros(steps);
      backend.likelihood().gaussian(mean, x, filled(logVar, 1), logLik);
      assertThat(sumOfExp(logLik) * h).isCloseTo(1, within(1e-5));
      backend.likelihood().gaussian(mean, x, filled(logVar, steps, 1), logLik);
      assertThat(sumOfExp(logLik) * h).isCloseTo(1, within(1e-5));
    }
  }

  private static double sumOfExp(Tensor logs) {
    double sum = 0;
    for (float v : logs.toArray()) {
      sum += Math.exp(v);
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void formsOfTheLogVarianceAgree(Backend backend) {
    Tensor mean = Tensor.zeros(6, N);
    Tensor x = Tensor.zeros(3, N);
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < mean.size(); i++) {
      mean.array()[i] = (float) random.nextGaussian();
    }
    float[][] results = new float[3][];
    int f = 0;
    for (Tensor logVar : new Tensor[] {filled(0.7f, 1), filled(0.7f, N), filled(0.7f, 6, N)}) {
      Tensor logLik = Tensor.zeros(6);
      backend.likelihood().gaussian(mean, x, logVar, logLik);
      results[f++] = logLik.toArray();
    }
    assertThat(results[1]).containsExactly(results[0], within(1e-4f));
    assertThat(results[2]).containsExactly(results[0], within(1e-4f));
  }

  /** The draws inside the kernel are those of pixels.binarize, forward and backward. */
  @ParameterizedTest
  @MethodSource("backends")
  void drawsInsideTheKernelAreThoseOfPixels(Backend backend) {
    int points = 13;
    int samples = 3;
    int n = 131;
    byte[] array = new byte[points * n + 5];
    new java.util.Random(3).nextBytes(array);
    ByteTensor pixels = new ByteTensor(array, 5, points, n);
    NoiseKey key = new NoiseKey(-77, 3).at(12);
    Tensor x = Tensor.zeros(points, n);
    backend.pixels().binarize(key, 0, pixels, x);
    Tensor logits = Tensor.zeros(points * samples, n);
    SplittableRandom random = new SplittableRandom(9);
    for (int i = 0; i < logits.size(); i++) {
      logits.array()[i] = (float) random.nextGaussian();
    }
    Tensor g = filled(1, points * samples);
    Tensor given = Tensor.zeros(points * samples);
    Tensor drawn = Tensor.zeros(points * samples);
    Tensor dGiven = Tensor.zeros(points * samples, n);
    Tensor dDrawn = Tensor.zeros(points * samples, n);
    LikelihoodKernels kernels = backend.likelihood();
    kernels.bernoulli(logits, x, given);
    kernels.bernoulli(logits, pixels, key, drawn);
    kernels.bernoulliBackward(logits, x, g, dGiven);
    kernels.bernoulliBackward(logits, pixels, key, g, dDrawn);
    assertThat(drawn.toArray()).isEqualTo(given.toArray());
    assertThat(dDrawn.toArray()).isEqualTo(dGiven.toArray());
    kernels.bernoulli(logits, pixels, key.at(13), drawn);
    assertThat(drawn.toArray()).isNotEqualTo(given.toArray());
  }
}
