package io.github.elbo4j.vi.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.testkit.GradCheck;
import java.util.Objects;
import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Test;

/** Densities that are fitted, factors, and draws. */
final class DensitiesTest {
  private static final double[] PRECISION = {4, 1, -1, 1, 3, 0.5, -1, 0.5, 2};
  private static final double[] MEAN = {1, -2, 0.5};

  private static GaussianDensity gaussian() {
    return GaussianDensity.ofPrecision(MEAN, PRECISION);
  }

  @Test
  void choleskyAgainstAnIndependentLibrary() {
    Cholesky factor = Objects.requireNonNull(Cholesky.of(PRECISION, 3));
    RealMatrix a = RegressionTest.matrix(PRECISION, 3);
    RealMatrix inverse = MatrixUtils.inverse(a);
    for (int i = 0; i < 9; i++) {
      assertThat(factor.inverse()[i]).isCloseTo(inverse.getEntry(i / 3, i % 3), within(1e-14));
    }
    double[] solved = MEAN.clone();
    factor.solve(solved);
    assertThat(solved).containsExactly(inverse.operate(MEAN), within(1e-14));
    assertThat(factor.logDet())
        .isCloseTo(Math.log(new LUDecomposition(a).getDeterminant()), within(1e-14));
    assertThat(Cholesky.of(new double[] {1, 2, 2, 1}, 2)).isNull();
    assertThat(Cholesky.of(new double[] {1, 0, 0, Double.NaN}, 2)).isNull();
    assertThat(Cholesky.of(new double[] {Double.POSITIVE_INFINITY}, 1)).isNull();
  }

  @Test
  void gaussianDensityIsItsFormula() {
    double[] at = {0.2, -1, 1};
    double[] off = {at[0] - 1, at[1] + 2, at[2] - 0.5};
    RealMatrix precision = RegressionTest.matrix(PRECISION, 3);
    double quadratic =
        MatrixUtils.createRealVector(off)
            .dotProduct(precision.operate(MatrixUtils.createRealVector(off)));
    double logDet = Math.log(new LUDecomposition(precision).getDeterminant());
    assertThat(gaussian().logDensity(at))
        .isCloseTo(-0.5 * (quadratic - logDet + 3 * Math.log(2 * Math.PI)), within(1e-13));
    assertThat(gaussian().mean()).containsExactly(MEAN);
    assertThatThrownBy(() -> GaussianDensity.ofPrecision(new double[1], new double[] {-1}))
        .hasMessage("the precision of a Gaussian is not positive definite");
  }

  @Test
  void samplesHaveTheMoments() {
    assertMoments(gaussian());
    assertMoments(mixture());
    assertMoments(GaussianDensity.diagonal(MEAN, new double[] {0.5, 1, 2}));
  }

  /** 20,000 draws: means within 4 standard errors, deviations within 3 %. */
  private static void assertMoments(Density density) {
    int d = density.dimension();
    int n = 20_000;
    Draws draws = new Draws(5, 0);
    double[] theta = new double[n * d];
    double[] one = new double[d];
    for (int i = 0; i < n; i++) {
      density.sample(draws, one);
      System.arraycopy(one, 0, theta, i * d, d);
    }
    Particles sample = new Particles(theta, d);
    for (int i = 0; i < d; i++) {
      double sd = density.sd()[i];
      assertThat(sample.mean()[i]).isCloseTo(density.mean()[i], within(4 * sd / Math.sqrt(n)));
      assertThat(sample.sd()[i]).isCloseTo(sd, within(0.03 * sd));
    }
  }

  private static MixtureDensity mixture() {
    return new MixtureDensity(
        new double[] {0.2, 0.5, 0.3},
        new double[] {-1, 0, 2, 1, 0.5, -3},
        new double[] {0.5, 1, 0.7, 0.2, 1.5, 1});
  }

  @Test
  void mixtureDensityIsItsFormula() {
    double[] at = {0.4, 0.3};
    double expected = 0;
    for (int c = 0; c < 3; c++) {
      double p = mixture().weight(c);
      for (int i = 0; i < 2; i++) {
        double sd = mixture().sd(c)[i];
        double z = (at[i] - mixture().mean(c)[i]) / sd;
        p *= Math.exp(-0.5 * z * z) / (sd * Math.sqrt(2 * Math.PI));
      }
      expected += p;
    }
    assertThat(mixture().logDensity(at)).isCloseTo(Math.log(expected), within(1e-13));
    double[] minus = new double[2];
    assertThat(mixture().subtractGradient(at, minus)).isCloseTo(Math.log(expected), within(1e-13));
    GradCheck.check("mixture", at, new double[] {-minus[0], -minus[1]}, mixture()::logDensity);
  }

  @Test
  void rescalingIsAChangeOfCoordinates() {
    double[] centre = {1, -1};
    double[] scale = {0.5, 3};
    LogJoint target =
        new LogJoint() {
          @Override
          public int dimension() {
            return 2;
          }

          @Override
          public double gradient(double[] theta, double[] gradient) {
            double[] minus = new double[2];
            double value = mixture().subtractGradient(theta, minus);
            gradient[0] = -minus[0];
            gradient[1] = -minus[1];
            return value;
          }
        };
    Rescaled scaled = new Rescaled(target, centre, scale);
    double[] u = {0.3, 0.2};
    double[] theta = {1 + 0.15, -1 + 0.6};
    double[] gradient = new double[2];
    double expected = mixture().logDensity(theta) + Math.log(1.5);
    assertThat(scaled.gradient(u, gradient)).isCloseTo(expected, within(1e-13));
    assertThat(scaled.value(u)).isCloseTo(expected, within(1e-13));
    GradCheck.check("rescaled", u, gradient, scaled::value);
    // a density of u, moved, is the density of θ: the same up to the Jacobian
    MixtureDensity moved = mixture().moved(centre, scale);
    assertThat(moved.logDensity(theta))
        .isCloseTo(mixture().logDensity(u) - Math.log(1.5), within(1e-13));
  }

  @Test
  void drawsAreRepeatableUniformAndOfTheirStream() {
    Draws a = new Draws(1, 2);
    Draws b = new Draws(1, 2);
    Draws other = new Draws(1, 3);
    int[] counts = new int[10];
    double previous = other.uniform();
    for (int i = 0; i < 10_000; i++) {
      double u = a.uniform();
      assertThat(u).isEqualTo(b.uniform()).isStrictlyBetween(0., 1.).isNotEqualTo(previous);
      previous = u;
      counts[(int) (10 * u)]++;
      assertThat(other.below(3)).isBetween(0, 2);
    }
    for (int count : counts) {
      assertThat(count).isBetween(850, 1150); // five standard deviations
    }
    assertThat(new Trace("elbo").last()).isNaN();
    assertThatThrownBy(() -> gaussian().elbo(RegressionTest.linear(), 1, a))
        .hasMessage("elbo: samples 1 must be at least 2");
  }
}
