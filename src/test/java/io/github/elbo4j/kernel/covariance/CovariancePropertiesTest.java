package io.github.elbo4j.kernel.covariance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCheck;
import java.util.stream.Stream;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.CholeskyDecomposition;
import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Samples, densities and divergences against matrices of Hipparchus, which knows covariances and
 * nothing of their factors; and what must hold whatever the values. On every backend.
 */
class CovariancePropertiesTest {
  private static final NoiseKey KEY = new NoiseKey(11, 3);
  private static final int B = 19;
  private static final int D = 21;
  private static final int PACKED = D * (D - 1) / 2;
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static Tensor normal(long seed, double scale, int... dims) {
    Tensor t = Tensor.zeros(dims);
    double[] x = GradCheck.random(seed, t.size(), scale);
    for (int i = 0; i < x.length; i++) {
      t.array()[i] = (float) x[i];
    }
    return t;
  }

  private final Tensor mu = normal(1, 1, B, D);
  private final Tensor logSigma = normal(2, 0.4, B, D);
  private final Tensor lower = normal(3, 0.25, B, PACKED);

  /** L of point b, written out from the contract. */
  private static RealMatrix factor(Tensor logSigma, Tensor lower, int b, int d) {
    RealMatrix l = new Array2DRowRealMatrix(d, d);
    int next = b * d * (d - 1) / 2;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < i; j++) {
        l.setEntry(i, j, lower.get(next++));
      }
      l.setEntry(i, i, Math.exp(logSigma.get(b * d + i)));
    }
    return l;
  }

  private static Tensor full(Tensor logSigma, Tensor lower) {
    int d = logSigma.columns();
    Tensor t = Tensor.zeros(logSigma.rows(), d * d);
    for (int b = 0; b < logSigma.rows(); b++) {
      RealMatrix l = factor(logSigma, lower, b, d);
      for (int p = 0; p < d * d; p++) {
        t.array()[b * d * d + p] = (float) l.getEntry(p / d, p % d);
      }
    }
    return t;
  }

  private static RealMatrix covariance(RealMatrix l) {
    return l.multiply(l.transpose());
  }

  private static RealVector row(Tensor t, int r) {
    double[] x = Doubles.read(t);
    return new ArrayRealVector(
        java.util.Arrays.copyOfRange(x, r * t.columns(), (r + 1) * t.columns()));
  }

  private static double logDensity(RealVector x, RealVector mean, RealMatrix sigma) {
    CholeskyDecomposition c = new CholeskyDecomposition(sigma, 1e-9, 1e-12);
    RealVector e = x.subtract(mean);
    double logDet = 0;
    for (int i = 0; i < x.getDimension(); i++) {
      logDet += 2 * Math.log(c.getL().getEntry(i, i));
    }
    return -0.5 * (e.dotProduct(c.getSolver().solve(e)) + logDet + x.getDimension() * LOG_2PI);
  }

  /** ½( tr(Σ₂⁻¹Σ₁) + (mu₂ − mu₁)ᵀΣ₂⁻¹(mu₂ − mu₁) − D + log|Σ₂| − log|Σ₁| ). */
  private static double divergence(
      RealVector mu1, RealMatrix sigma1, RealVector mu2, RealMatrix sigma2) {
    LUDecomposition lu = new LUDecomposition(sigma2);
    RealVector e = mu2.subtract(mu1);
    double trace = lu.getSolver().solve(sigma1).getTrace();
    double logRatio = Math.log(lu.getDeterminant() / new LUDecomposition(sigma1).getDeterminant());
    double distance = e.dotProduct(lu.getSolver().solve(e));
    return 0.5 * (trace + distance - mu1.getDimension() + logRatio);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void samplesDensitiesAndDivergenceAreThoseOfTheCovariance(Backend backend) {
    RealVector zero = new ArrayRealVector(D);
    RealMatrix unit = org.hipparchus.linear.MatrixUtils.createRealIdentityMatrix(D);
    for (int samples : new int[] {1, 18}) {
      Tensor eps = normal(4, 1, B * samples, D);
      Tensor z = Tensor.zeros(B * samples, D);
      Tensor kl = Tensor.zeros(B);
      Tensor logQ = Tensor.zeros(B * samples);
      Tensor logP = Tensor.zeros(B * samples);
      backend.covariance().reparameterize(mu, logSigma, lower, eps, z, kl, logQ, logP);
      for (int r = 0; r < B * samples; r++) {
        int b = r / samples;
        RealMatrix l = factor(logSigma, lower, b, D);
        RealVector wanted = row(mu, b).add(l.operate(row(eps, r)));
        assertThat(row(z, r).getLInfDistance(wanted)).isLessThan(2e-5);
        double density = logDensity(wanted, row(mu, b), covariance(l));
        assertThat((double) logQ.get(r)).isCloseTo(density, within(2e-4));
        assertThat((double) logP.get(r)).isCloseTo(logDensity(wanted, zero, unit), within(2e-4));
        double divergence = divergence(row(mu, b), covariance(l), zero, unit);
        assertThat((double) kl.get(b)).isCloseTo(divergence, within(2e-4));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void logDensityIsThatOfTheCovarianceInEitherForm(Backend backend) {
    Tensor factor = full(logSigma, lower);
    for (int samples : new int[] {1, 18}) {
      Tensor x = normal(5, 1, B * samples, D);
      Tensor packed = Tensor.zeros(B * samples);
      Tensor inFull = Tensor.zeros(B * samples);
      backend.covariance().logDensity(x, mu, logSigma, lower, packed);
      backend.covariance().logDensity(x, mu, factor, inFull);
      for (int r = 0; r < B * samples; r++) {
        int b = r / samples;
        RealMatrix sigma = covariance(factor(logSigma, lower, b, D));
        double wanted = logDensity(row(x, r), row(mu, b), sigma);
        double bound = 1e-5 * (1 + Math.abs(wanted));
        assertThat((double) packed.get(r)).isCloseTo(wanted, within(bound));
        assertThat((double) inFull.get(r)).isCloseTo(wanted, within(bound));
      }
    }
  }

  /** z is linear in eps, so that differences of unit steps are the exact Jacobian. */
  @ParameterizedTest
  @MethodSource("backends")
  void logDeterminantOfTheJacobianIsTheSumOfLogSigma(Backend backend) {
    int d = 6;
    Tensor mean = Tensor.zeros(1, d);
    Tensor logs = normal(6, 0.5, 1, d);
    Tensor below = normal(7, 0.7, 1, d * (d - 1) / 2);
    Tensor eps = Tensor.zeros(d, d);
    for (int i = 0; i < d; i++) {
      eps.array()[i * (d + 1)] = 1;
    }
    Tensor z = Tensor.zeros(d, d);
    backend.covariance().reparameterize(mean, logs, below, eps, z, null, null, null);
    RealMatrix jacobian = new Array2DRowRealMatrix(d, d);
    double sum = 0;
    for (int p = 0; p < d * d; p++) {
      jacobian.setEntry(p % d, p / d, z.get(p));
      sum += p < d ? logs.get(p) : 0;
    }
    double determinant = new LUDecomposition(jacobian).getDeterminant();
    assertThat(Math.log(Math.abs(determinant))).isCloseTo(sum, within(1e-5));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void divergenceOfTwoIsTheTraceFormula(Backend backend) {
    Tensor mu2 = normal(8, 1, B, D);
    Tensor logSigma2 = normal(9, 0.4, B, D);
    Tensor lower2 = normal(10, 0.2, B, PACKED);
    Tensor l1 = full(logSigma, lower);
    Tensor l2 = full(logSigma2, lower2);
    Tensor kl = Tensor.zeros(B);
    Tensor shared = Tensor.zeros(B);
    backend.covariance().kl(mu, l1, mu2, l2, kl);
    Tensor oneMu = Tensor.of(mu2.array(), D, 1, D);
    Tensor oneFactor = Tensor.of(l2.array(), D * D, 1, D * D);
    backend.covariance().kl(mu, l1, oneMu, oneFactor, shared);
    RealMatrix shape = covariance(factor(logSigma2, lower2, 1, D));
    for (int b = 0; b < B; b++) {
      RealMatrix s1 = covariance(factor(logSigma, lower, b, D));
      RealMatrix s2 = covariance(factor(logSigma2, lower2, b, D));
      double wanted = divergence(row(mu, b), s1, row(mu2, b), s2);
      assertThat(kl.get(b) / wanted).isCloseTo(1, within(1e-4));
      double toOne = divergence(row(mu, b), s1, row(mu2, 1), shape);
      assertThat(shared.get(b) / toOne).isCloseTo(1, within(1e-4));
    }
  }

  /** The mean of log p₁ − log p₂ under samples of the first, within 4 standard errors. */
  @ParameterizedTest
  @MethodSource("backends")
  void divergenceOfTwoIsTheMeanOfTheLogRatio(Backend backend) {
    int samples = 20_000;
    int d = 4;
    Tensor[] mean = {normal(1, 0.5, 1, d), normal(2, 0.5, 1, d)};
    Tensor[] logs = {normal(3, 0.3, 1, d), normal(4, 0.3, 1, d)};
    Tensor[] below = {normal(5, 0.4, 1, 6), normal(6, 0.4, 1, 6)};
    Tensor z = Tensor.zeros(samples, d);
    Tensor logQ = Tensor.zeros(samples);
    Tensor logP = Tensor.zeros(samples);
    Tensor kl = Tensor.zeros(1);
    CovarianceKernels k = backend.covariance();
    k.reparameterize(mean[0], logs[0], below[0], KEY, z, null, logQ, null);
    k.logDensity(z, mean[1], logs[1], below[1], logP);
    k.kl(mean[0], full(logs[0], below[0]), mean[1], full(logs[1], below[1]), kl);
    double sum = 0;
    double squares = 0;
    for (int r = 0; r < samples; r++) {
      double ratio = logQ.get(r) - logP.get(r);
      sum += ratio;
      squares += ratio * ratio;
    }
    double average = sum / samples;
    double error = Math.sqrt((squares / samples - average * average) / samples);
    assertThat((average - kl.get(0)) / error).isBetween(-4.0, 4.0);
  }

  /** Zero where the two are equal, and nowhere else; so are its gradients. */
  @ParameterizedTest
  @MethodSource("backends")
  void divergenceIsZeroBetweenEqualsOnly(Backend backend) {
    CovarianceKernels k = backend.covariance();
    Tensor l = full(logSigma, lower);
    Tensor kl = Tensor.zeros(B);
    k.kl(mu, l, mu, l, kl);
    assertThat(kl.toArray()).containsExactly(new float[B], within(2e-5f));
    Tensor ones = Tensor.zeros(B);
    ones.fill(1);
    Tensor[] g = {
      Tensor.zeros(B, D), Tensor.zeros(B, D * D), Tensor.zeros(B, D), Tensor.zeros(B, D * D)
    };
    k.klBackward(mu, l, mu, l, ones, g[0], g[1], g[2], g[3]);
    for (Tensor t : g) {
      assertThat(t.toArray()).containsExactly(new float[t.size()], within(1e-4f));
    }
    for (int i : new int[] {0, 1, D * D - 1, D * D - 2, D * (D - 1)}) { // in the lower triangle
      if (i % D <= i / D) {
        Tensor moved = Tensor.of(l.toArray(), 0, B, D * D);
        moved.array()[i] += 0.3f;
        k.kl(mu, l, mu, moved, kl);
        assertThat(kl.get(0)).isGreaterThan(1e-3f);
        assertThat(kl.get(1)).isLessThan(2e-5f);
      }
    }
    Tensor elsewhere = Tensor.of(mu.toArray(), 0, B, D);
    elsewhere.array()[D - 1] += 0.3f;
    k.kl(mu, l, elsewhere, l, kl);
    assertThat(kl.get(0)).isGreaterThan(1e-3f);
  }

  /** Nothing below the diagonal: the diagonal Gaussian, with logVar = 2·logSigma. */
  @ParameterizedTest
  @MethodSource("backends")
  void withoutCovariancesItIsTheDiagonalGaussian(Backend backend) {
    Tensor logVar = Tensor.zeros(B, D);
    for (int i = 0; i < B * D; i++) {
      logVar.array()[i] = 2 * logSigma.get(i);
    }
    Tensor none = Tensor.zeros(B, PACKED);
    Tensor[][] out = new Tensor[2][];
    for (int i = 0; i < 2; i++) {
      out[i] =
          new Tensor[] {
            Tensor.zeros(2 * B, D),
            Tensor.zeros(B),
            Tensor.zeros(2 * B),
            Tensor.zeros(2 * B),
            Tensor.zeros(B, D),
            Tensor.zeros(B, D)
          };
    }
    Tensor dz = normal(12, 1, 2 * B, D);
    Tensor g = normal(13, 1, 2 * B);
    Tensor dKl = normal(14, 1, B);
    Tensor[] o = out[0];
    backend.gaussian().reparameterize(mu, logVar, KEY, o[0], o[1], null, o[2], o[3]);
    Tensor[] c = out[1];
    backend.covariance().reparameterize(mu, logSigma, none, KEY, c[0], c[1], c[2], c[3]);
    Tensor unused = Tensor.zeros(B, PACKED);
    for (boolean stl : new boolean[] {false, true}) {
      backend
          .gaussian()
          .reparameterizeBackward(mu, logVar, o[0], dz, dKl, null, g, g, stl, o[4], o[5]);
      backend
          .covariance()
          .reparameterizeBackward(
              mu, logSigma, none, KEY, c[0], dz, dKl, g, g, stl, c[4], c[5], unused);
    }
    for (int i = 0; i < o.length; i++) {
      for (int j = 0; j < o[i].size(); j++) {
        double scale = i == 5 ? 2 : 1; // d logVar = 2 d logSigma
        double wanted = scale * o[i].get(j);
        assertThat((double) c[i].get(j)).isCloseTo(wanted, within(1e-4 + 1e-5 * Math.abs(wanted)));
      }
    }
  }

  /**
   * Where q is p, log p − log q is 0 for every sample; sticking the landing its gradient is 0 for
   * every sample too, and not in the mean alone.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void stickingTheLandingHasNoVarianceAtTheOptimum(Backend backend) {
    CovarianceKernels k = backend.covariance();
    for (int samples : new int[] {1, 18}) {
      int rows = B * samples;
      Tensor z = Tensor.zeros(rows, D);
      Tensor logQ = Tensor.zeros(rows);
      Tensor logP = Tensor.zeros(rows);
      k.reparameterize(mu, logSigma, lower, KEY, z, null, logQ, null);
      k.logDensity(z, mu, logSigma, lower, logP);
      assertThat(logP.toArray()).containsExactly(logQ.toArray(), within(2e-3f));
      Tensor plus = normal(15, 1, rows);
      Tensor minus = Tensor.zeros(rows);
      for (int r = 0; r < rows; r++) {
        minus.array()[r] = -plus.get(r);
      }
      Tensor dz = Tensor.zeros(rows, D);
      k.logDensityBackward(z, mu, logSigma, lower, plus, dz, null, null, null);
      Tensor[] g = {Tensor.zeros(B, D), Tensor.zeros(B, D), Tensor.zeros(B, PACKED)};
      k.reparameterizeBackward(
          mu, logSigma, lower, KEY, z, dz, null, minus, null, true, g[0], g[1], g[2]);
      for (Tensor t : g) {
        assertThat(t.toArray()).containsExactly(new float[t.size()], within(5e-3f));
      }
      assertThat(Math.abs(dz.get(1))).isGreaterThan(1e-2f);
    }
    Tensor zero = Tensor.zeros(B, D);
    Tensor none = Tensor.zeros(B, PACKED);
    Tensor z = Tensor.zeros(B, D);
    Tensor one = Tensor.zeros(B);
    Tensor minusOne = Tensor.zeros(B);
    one.fill(1);
    minusOne.fill(-1);
    k.reparameterize(zero, zero, none, KEY, z, null, null, null);
    Tensor[] g = {Tensor.zeros(B, D), Tensor.zeros(B, D), Tensor.zeros(B, PACKED)};
    k.reparameterizeBackward(
        zero, zero, none, KEY, z, null, null, minusOne, one, true, g[0], g[1], g[2]);
    for (Tensor t : g) {
      assertThat(t.toArray()).containsExactly(new float[t.size()], within(1e-6f)); // z is eps
    }
  }

  /** The noise drawn inside is the noise that the random family draws. */
  @ParameterizedTest
  @MethodSource("backends")
  void drawnNoiseIsThatOfTheKey(Backend backend) {
    for (int samples : new int[] {1, 7, 600}) {
      int rows = 3 * samples;
      Tensor eps = Tensor.zeros(rows, D);
      backend.random().normal(KEY, 0, eps);
      Tensor[] z = {Tensor.zeros(rows, D), Tensor.zeros(rows, D)};
      Tensor m = Tensor.of(mu.array(), 0, 3, D);
      Tensor s = Tensor.of(logSigma.array(), 0, 3, D);
      Tensor l = Tensor.of(lower.array(), 0, 3, PACKED);
      backend.covariance().reparameterize(m, s, l, eps, z[0], null, null, null);
      backend.covariance().reparameterize(m, s, l, KEY, z[1], null, null, null);
      assertThat(z[1].toArray()).containsExactly(z[0].toArray(), within(1e-6f));
      backend.covariance().reparameterize(m, s, l, eps, eps, null, null, null); // in place
      assertThat(eps.toArray()).isEqualTo(z[0].toArray());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void oneNanReachesWhatDependsOnItAndNothingElse(Backend backend) {
    CovarianceKernels k = backend.covariance();
    int i = 7;
    int bad = PACKED + i * (i - 1) / 2 + 2; // L_72 of the second point
    Tensor broken = Tensor.of(lower.toArray(), 0, B, PACKED);
    broken.array()[bad] = Float.NaN;
    Tensor eps = normal(4, 1, B, D);
    Tensor z = Tensor.zeros(B, D);
    Tensor kl = Tensor.zeros(B);
    Tensor logQ = Tensor.zeros(B);
    Tensor logP = Tensor.zeros(B);
    k.reparameterize(mu, logSigma, broken, eps, z, kl, logQ, logP);
    for (int p = 0; p < B * D; p++) {
      assertThat(Float.isNaN(z.get(p))).as("z[%d]", p).isEqualTo(p == D + i);
    }
    for (int b = 0; b < B; b++) {
      assertThat(Float.isNaN(kl.get(b))).isEqualTo(b == 1);
      assertThat(Float.isNaN(logP.get(b))).isEqualTo(b == 1);
      assertThat(logQ.get(b)).isFinite();
    }
    k.logDensity(eps, mu, logSigma, broken, logP);
    k.kl(mu, full(logSigma, broken), mu, full(logSigma, lower), kl);
    for (int b = 0; b < B; b++) {
      assertThat(Float.isNaN(logP.get(b))).isEqualTo(b == 1);
      assertThat(Float.isNaN(kl.get(b))).isEqualTo(b == 1);
    }
  }

  /** A matrix that is no factor spoils its own point; its neighbours' numbers stay. */
  @ParameterizedTest
  @MethodSource("backends")
  void aBadFactorSpoilsItsOwnPointOnly(Backend backend) {
    CovarianceKernels k = backend.covariance();
    Tensor good = full(logSigma, lower);
    Tensor x = normal(5, 1, B, D);
    Tensor[] logProb = {Tensor.zeros(B), Tensor.zeros(B)};
    k.logDensity(x, mu, good, logProb[0]);
    for (float diagonal : new float[] {0, -1, Float.NaN}) {
      Tensor bad = Tensor.of(good.toArray(), 0, B, D * D);
      bad.array()[D * D + 3 * (D + 1)] = diagonal;
      k.logDensity(x, mu, bad, logProb[1]);
      assertThat(Float.isFinite(logProb[1].get(1))).isFalse();
      logProb[1].array()[1] = logProb[0].get(1);
      assertThat(logProb[1].toArray()).isEqualTo(logProb[0].toArray());
    }
  }
}
