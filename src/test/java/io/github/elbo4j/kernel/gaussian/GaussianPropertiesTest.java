package io.github.elbo4j.kernel.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold of samples, densities and divergences whatever their values; on every backend. */
class GaussianPropertiesTest {
  private static final NoiseKey KEY = new NoiseKey(1, 1);

  /** Long enough for whole vectors and a tail. */
  private static final int D = 37;

  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static Tensor normal(long seed, double scale, int... dims) {
    Tensor t = Tensor.zeros(dims);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) (scale * random.nextGaussian());
    }
    return t;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void divergenceIsNeverNegative(Backend backend) {
    for (double scale : new double[] {0, 1e-4, 0.1, 1, 3}) {
      Tensor mu = normal(1, scale, 50, D);
      Tensor logVar = normal(2, scale, 50, D);
      Tensor perDim = Tensor.zeros(50, D);
      Tensor kl = Tensor.zeros(50);
      Tensor z = Tensor.zeros(50, D);
      backend.gaussian().reparameterize(mu, logVar, KEY, z, kl, perDim, null, null);
      // rounding of terms of size 1 may leave a few of its last places
      check(perDim, kl, scale);
      Tensor priorMu = normal(3, scale, D);
      Tensor priorLogVar = normal(4, scale, D);
      backend.gaussian().klToPrior(mu, logVar, priorMu, priorLogVar, kl, perDim);
      check(perDim, kl, scale);
    }
  }

  private static void check(Tensor perDim, Tensor kl, double scale) {
    for (float v : perDim.toArray()) {
      assertThat(v).isGreaterThan(-1e-6f);
    }
    for (float v : kl.toArray()) {
      assertThat(v).isGreaterThan(-1e-6f * D);
      if (scale == 0) {
        assertThat(v).isZero();
      }
      if (scale >= 1) {
        assertThat(v).isPositive();
      }
    }
  }

  /** The mean of logQ − logP over many samples is the divergence, within 4 standard errors. */
  @ParameterizedTest
  @MethodSource("backends")
  void divergenceIsTheMeanOfTheLogRatio(Backend backend) {
    int points = 3;
    int samples = 20_000;
    int d = 7;
    Tensor mu = normal(5, 0.8, points, d);
    Tensor logVar = normal(6, 0.6, points, d);
    Tensor z = Tensor.zeros(points * samples, d);
    Tensor kl = Tensor.zeros(points);
    Tensor logQ = Tensor.zeros(points * samples);
    Tensor logP = Tensor.zeros(points * samples);
    backend.gaussian().reparameterize(mu, logVar, KEY, z, kl, null, logQ, logP);
    for (int b = 0; b < points; b++) {
      double sum = 0;
      double squares = 0;
      for (int r = b * samples; r < (b + 1) * samples; r++) {
        double ratio = logQ.get(r) - logP.get(r);
        sum += ratio;
        squares += ratio * ratio;
      }
      double mean = sum / samples;
      double error = Math.sqrt((squares / samples - mean * mean) / samples);
      assertThat((mean - kl.get(b)) / error).isBetween(-4.0, 4.0);
    }
  }

  /** Mean and variance of the samples of one point are its mu and exp(logVar). */
  @ParameterizedTest
  @MethodSource("backends")
  void samplesHaveTheirMeanAndVariance(Backend backend) {
    int samples = 50_000;
    int d = 3;
    Tensor mu = Tensor.of(new float[] {-1, 0, 2}, 0, 1, d);
    Tensor logVar = Tensor.of(new float[] {-2, 0, 1.5f}, 0, 1, d);
    Tensor z = Tensor.zeros(samples, d);
    backend.gaussian().reparameterize(mu, logVar, KEY, z, null, null, null, null);
    for (int i = 0; i < d; i++) {
      double sum = 0;
      double squares = 0;
      for (int r = 0; r < samples; r++) {
        double distance = z.get(r * d + i) - mu.get(i);
        sum += distance;
        squares += distance * distance;
      }
      double variance = Math.exp(logVar.get(i));
      assertThat(sum / samples / Math.sqrt(variance / samples)).isBetween(-4.0, 4.0);
      assertThat((squares / samples / variance - 1) / Math.sqrt(2.0 / samples))
          .isBetween(-4.0, 4.0);
    }
  }

  /** A prior N(0, 1) gives the divergence and the gradients of the fused kernel. */
  @ParameterizedTest
  @MethodSource("backends")
  void standardNormalIsAPriorLikeAnyOther(Backend backend) {
    int b = 4;
    Tensor mu = normal(7, 1, b, D);
    Tensor logVar = normal(8, 1, b, D);
    Tensor zeros = Tensor.zeros(D);
    Tensor dKl = normal(9, 1, b);
    Tensor[] kl = {Tensor.zeros(b), Tensor.zeros(b)};
    Tensor[] perDim = {Tensor.zeros(b, D), Tensor.zeros(b, D)};
    Tensor[] dMu = {Tensor.zeros(b, D), Tensor.zeros(b, D)};
    Tensor[] dLogVar = {Tensor.zeros(b, D), Tensor.zeros(b, D)};
    Tensor z = Tensor.zeros(b, D);
    GaussianKernels k = backend.gaussian();
    k.reparameterize(mu, logVar, KEY, z, kl[0], perDim[0], null, null);
    k.reparameterizeBackward(mu, logVar, z, null, dKl, null, null, null, false, dMu[0], dLogVar[0]);
    k.klToPrior(mu, logVar, zeros, zeros, kl[1], perDim[1]);
    k.klToPriorBackward(mu, logVar, zeros, zeros, dKl, null, dMu[1], dLogVar[1], null, null);
    assertThat(kl[1].toArray()).containsExactly(kl[0].toArray(), within(1e-4f));
    assertThat(perDim[1].toArray()).containsExactly(perDim[0].toArray(), within(2e-5f));
    assertThat(dMu[1].toArray()).containsExactly(dMu[0].toArray(), within(2e-5f));
    assertThat(dLogVar[1].toArray()).containsExactly(dLogVar[0].toArray(), within(1e-4f));
  }

  /** The divergence to itself is 0, and so are its gradients. */
  @ParameterizedTest
  @MethodSource("backends")
  void divergenceToItselfIsZero(Backend backend) {
    Tensor mu = normal(10, 1, 3, D);
    Tensor logVar = normal(11, 1, 3, D);
    Tensor kl = Tensor.zeros(3);
    Tensor dMu = Tensor.zeros(3, D);
    Tensor dLogVar = Tensor.zeros(3, D);
    Tensor ones = Tensor.of(new float[] {1, 1, 1}, 0, 3);
    backend.gaussian().klToPrior(mu, logVar, mu, logVar, kl, null);
    backend
        .gaussian()
        .klToPriorBackward(mu, logVar, mu, logVar, ones, null, dMu, dLogVar, null, null);
    assertThat(kl.toArray()).containsExactly(new float[3], within(1e-5f));
    assertThat(dMu.toArray()).containsExactly(new float[3 * D], within(1e-6f));
    assertThat(dLogVar.toArray()).containsExactly(new float[3 * D], within(1e-6f));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void oneNanReachesEveryResultThatDependsOnIt(Backend backend) {
    for (int at : new int[] {0, 20, D - 1}) {
      for (int bad = 0; bad < 3; bad++) {
        Tensor[] t = {normal(1, 1, 2, D), normal(2, 1, 2, D), normal(3, 1, 2, D)};
        t[bad].array()[D + at] = Float.NaN; // in the second point's mu, logVar or eps
        Tensor z = Tensor.zeros(2, D);
        Tensor kl = Tensor.zeros(2);
        Tensor perDim = Tensor.zeros(2, D);
        Tensor logQ = Tensor.zeros(2);
        Tensor logP = Tensor.zeros(2);
        backend.gaussian().reparameterize(t[0], t[1], t[2], z, kl, perDim, logQ, logP);
        assertThat(z.get(D + at)).isNaN();
        assertThat(logP.get(1)).isNaN();
        if (bad < 2) {
          assertThat(kl.get(1)).isNaN();
          assertThat(perDim.get(D + at)).isNaN();
        }
        if (bad > 0) {
          assertThat(logQ.get(1)).isNaN();
        }
        for (Tensor row : new Tensor[] {kl, logQ, logP}) {
          assertThat(row.get(0)).isFinite();
        }
        assertThat(z.get(at)).isFinite();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void oneNanReachesTheGradientsAndTheClampKeepsIt(Backend backend) {
    for (int at : new int[] {0, 20, D - 1}) {
      Tensor mu = normal(1, 1, 1, D);
      Tensor logVar = normal(2, 1, 1, D);
      Tensor z = normal(3, 1, 1, D);
      Tensor dz = normal(4, 1, 1, D);
      logVar.array()[at] = Float.NaN;
      z.array()[at] = Float.NaN;
      Tensor dMu = Tensor.zeros(1, D);
      Tensor dLogVar = Tensor.zeros(1, D);
      Tensor one = Tensor.of(new float[] {1}, 0, 1);
      backend
          .gaussian()
          .reparameterizeBackward(mu, logVar, z, dz, one, null, null, one, false, dMu, dLogVar);
      assertThat(dMu.get(at)).isNaN();
      assertThat(dLogVar.get(at)).isNaN();
      assertThat(dMu.get(5)).isFinite();
      assertThat(dLogVar.get(5)).isFinite();
      Tensor bounded = Tensor.zeros(1, D);
      backend.gaussian().clampLogVar(logVar, -0.5f, 0.5f, bounded);
      assertThat(bounded.get(at)).isNaN();
      assertThat(bounded.get(5)).isBetween(-0.5f, 0.5f);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void infinities(Backend backend) {
    for (int at : new int[] {0, 20, D - 1}) {
      Tensor mu = Tensor.zeros(3, D);
      Tensor logVar = Tensor.zeros(3, D);
      mu.array()[at] = Float.POSITIVE_INFINITY;
      mu.array()[D + at] = Float.NEGATIVE_INFINITY;
      logVar.array()[2 * D + at] = Float.NEGATIVE_INFINITY;
      Tensor z = Tensor.zeros(3, D);
      Tensor kl = Tensor.zeros(3);
      backend.gaussian().reparameterize(mu, logVar, KEY, z, kl, null, null, null);
      assertThat(z.get(at)).isEqualTo(Float.POSITIVE_INFINITY);
      assertThat(z.get(D + at)).isEqualTo(Float.NEGATIVE_INFINITY);
      assertThat(z.get(2 * D + at)).isCloseTo(0, within(1e-15f)); // σ = 0
      assertThat(kl.toArray()).containsOnly(Float.POSITIVE_INFINITY);
      backend.gaussian().clampLogVar(logVar, -4, 4, logVar);
      assertThat(logVar.get(2 * D + at)).isEqualTo(-4);
    }
  }

  /** Whatever σ overflows or vanishes into, a divergence of finite parts is +∞, never a number. */
  @ParameterizedTest
  @MethodSource("backends")
  void divergenceBeyondFloat32IsInfinite(Backend backend) {
    for (float edge : new float[] {100, 180, 1e30f, Float.POSITIVE_INFINITY}) {
      for (int at : new int[] {0, 20, D - 1}) {
        Tensor mu = Tensor.zeros(1, D);
        Tensor logVar = Tensor.zeros(1, D);
        logVar.array()[at] = edge;
        Tensor z = Tensor.zeros(1, D);
        Tensor kl = Tensor.zeros(1);
        Tensor perDim = Tensor.zeros(1, D);
        backend.gaussian().reparameterize(mu, logVar, KEY, z, kl, perDim, null, null);
        assertThat(kl.get(0)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(perDim.get(at)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Math.abs(z.get(at))).isGreaterThan(1e20f);
        Tensor dMu = Tensor.zeros(1, D);
        Tensor dLogVar = Tensor.zeros(1, D);
        Tensor one = Tensor.of(new float[] {1}, 0, 1);
        backend
            .gaussian()
            .reparameterizeBackward(
                mu, logVar, mu, null, one, null, null, null, false, dMu, dLogVar);
        assertThat(dLogVar.get(at)).isEqualTo(Float.POSITIVE_INFINITY);
      }
    }
  }

  /** exp(88.5) is a float32, and ½·exp(88.5) the divergence. */
  @ParameterizedTest
  @MethodSource("backends")
  void divergenceKeepsItsDigitsUpToTheEndOfFloat32(Backend backend) {
    Tensor logVar = Tensor.zeros(1, D);
    logVar.fill(88.5f);
    Tensor perDim = Tensor.zeros(1, D);
    Tensor z = Tensor.zeros(1, D);
    backend.gaussian().reparameterize(Tensor.zeros(1, D), logVar, KEY, z, null, perDim, null, null);
    for (float v : perDim.toArray()) {
      assertThat(v / (0.5 * Math.exp(88.5))).isCloseTo(1, within(1e-5));
    }
  }

  /** A gradient that is not there cannot turn an infinite variance into a NaN. */
  @ParameterizedTest
  @MethodSource("backends")
  void absentGradientsAreLeftOut(Backend backend) {
    Tensor mu = Tensor.zeros(1, D);
    Tensor logVar = Tensor.zeros(1, D);
    logVar.array()[3] = Float.POSITIVE_INFINITY;
    logVar.array()[4] = Float.NEGATIVE_INFINITY;
    Tensor z = Tensor.zeros(1, D);
    z.array()[3] = Float.POSITIVE_INFINITY;
    Tensor dMu = Tensor.zeros(1, D);
    Tensor dLogVar = Tensor.zeros(1, D);
    Tensor one = Tensor.of(new float[] {1}, 0, 1);
    GaussianKernels k = backend.gaussian();
    for (boolean stl : new boolean[] {false, true}) {
      k.reparameterizeBackward(mu, logVar, z, null, null, null, null, null, stl, dMu, dLogVar);
    }
    k.reparameterizeBackward(mu, logVar, z, null, null, null, one, null, false, dMu, dLogVar);
    k.klToPriorBackward(mu, logVar, mu, logVar, null, null, dMu, dLogVar, null, null);
    assertThat(dMu.toArray()).containsOnly(0);
    assertThat(dLogVar.toArray()).containsOnly(-0.5f);
  }
}
