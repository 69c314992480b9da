package io.github.elbo4j.vi.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Test;

/**
 * Every approximation against linear regression, whose posterior is exact, and against what is
 * known of each on others.
 */
final class ApproximationsTest {
  private static final double[] ZERO = new double[3];
  private static final double[] ONE = {1, 1, 1};
  private static final Advi.Settings SETTINGS = new Advi.Settings(2000, 10, 0.1);

  private static double exactSd(int i) {
    return Math.sqrt(RegressionTest.exactCovariance().getEntry(i, i));
  }

  @Test
  void laplaceIsExactForAGaussianPosterior() {
    Laplace laplace = Laplace.fit(RegressionTest.linear(), ZERO, 10, 1e-10);
    assertThat(laplace.mode().iterations()).isEqualTo(1);
    assertThat(laplace.mode().converged()).isTrue();
    assertThat(laplace.q().mean()).containsExactly(RegressionTest.exactMean(), within(1e-10));
    for (int i = 0; i < 3; i++) {
      assertThat(laplace.q().sd()[i]).isCloseTo(exactSd(i), within(1e-12));
    }
    assertThat(laplace.logEvidence()).isCloseTo(RegressionTest.exactEvidence(), within(1e-9));
  }

  @Test
  void fullRankAdviReachesTheExactPosterior() {
    Advi.Fit fit =
        Advi.fit(
            RegressionTest.linear(), Advi.Family.FULL_RANK, ZERO, ONE, SETTINGS, new Draws(1, 0));
    double[] mean = RegressionTest.exactMean();
    RealMatrix covariance = RegressionTest.exactCovariance();
    for (int i = 0; i < 9; i++) {
      int row = i / 3;
      assertThat(fit.q().mean()[row]).isCloseTo(mean[row], within(1e-4 * exactSd(row)));
      assertThat(fit.q().covariance()[i])
          .isCloseTo(covariance.getEntry(row, i % 3), within(1e-4 * exactSd(row) * exactSd(i % 3)));
    }
    double evidence = RegressionTest.exactEvidence();
    assertThat(fit.trace().value(0)).isLessThan(evidence - 1);
    assertThat(fit.trace().last()).isCloseTo(evidence, within(1e-6));
    Density.Estimate elbo = fit.q().elbo(RegressionTest.linear(), 100, new Draws(2, 0));
    assertThat(elbo.value()).isCloseTo(evidence, within(1e-6));
    assertThat(elbo.standardError()).isLessThan(1e-6);
  }

  /** The best independent Gaussian has the exact mean and the variances 1/Λ_ii. */
  @Test
  void meanFieldAdviReachesItsKnownOptimum() {
    Advi.Fit fit =
        Advi.fit(
            RegressionTest.linear(), Advi.Family.MEAN_FIELD, ZERO, ONE, SETTINGS, new Draws(1, 0));
    RealMatrix precision = MatrixUtils.inverse(RegressionTest.exactCovariance());
    double[] mean = RegressionTest.exactMean();
    double logRatio = 0;
    for (int i = 0; i < 3; i++) {
      double sd = 1 / Math.sqrt(precision.getEntry(i, i));
      assertThat(fit.q().mean()[i]).isCloseTo(mean[i], within(1e-3 * sd));
      assertThat(fit.q().sd()[i]).isCloseTo(sd, within(0.03 * sd)); // 10,000 pairs: 1 % each
      logRatio += Math.log(sd);
    }
    // The known gap: KL = −½ log det(Σ_q Λ), for the diagonal Σ_q of 1/Λ_ii
    double gap =
        0.5 * Math.log(new LUDecomposition(RegressionTest.exactCovariance()).getDeterminant())
            - logRatio;
    Density.Estimate elbo = fit.q().elbo(RegressionTest.linear(), 20_000, new Draws(2, 0));
    assertThat(gap).isGreaterThan(0.5);
    assertThat(elbo.value())
        .isCloseTo(RegressionTest.exactEvidence() - gap, within(4 * elbo.standardError() + 2e-3));
  }

  @Test
  void adviIsRepeatableAndSaysWhereItFails() {
    Advi.Settings few = new Advi.Settings(20, 2, 0.1);
    LogJoint model = RegressionTest.logistic();
    double[] one =
        Advi.fit(model, Advi.Family.FULL_RANK, ZERO, ONE, few, new Draws(7, 1)).q().mean();
    double[] same =
        Advi.fit(model, Advi.Family.FULL_RANK, ZERO, ONE, few, new Draws(7, 1)).q().mean();
    double[] other =
        Advi.fit(model, Advi.Family.FULL_RANK, ZERO, ONE, few, new Draws(8, 1)).q().mean();
    assertThat(same).containsExactly(one);
    assertThat(other).isNotEqualTo(one);
    assertThatThrownBy(
            () ->
                Advi.fit(
                    new Hole(), Advi.Family.MEAN_FIELD, new double[1], ONE, few, new Draws(7, 1)))
        .hasMessageContaining("advi: the ELBO is NaN at step 1");
  }

  /** A density that cannot be computed anywhere but at 0. */
  private static final class Hole implements LogJoint {
    @Override
    public int dimension() {
      return 1;
    }

    @Override
    public double gradient(double[] theta, double[] gradient) {
      gradient[0] = theta[0];
      return theta[0] == 0 ? 0 : Double.NaN;
    }
  }

  /**
   * Laplace's mode on a model that is not Gaussian: the gradient is 0 and ADVI's ELBO is no less.
   */
  @Test
  void logisticRegressionHasOneModeAndAdviBeatsLaplace() {
    LogJoint model = RegressionTest.logistic();
    Laplace laplace = Laplace.fit(model, new double[] {3, 3, 3}, 50, 1e-12);
    double[] gradient = new double[3];
    model.gradient(laplace.mode().theta(), gradient);
    assertThat(laplace.mode().converged()).isTrue();
    assertThat(gradient).containsExactly(ZERO, within(1e-4));
    double[] again = Newton.climb(model, ZERO, 50, 1e-12).theta();
    assertThat(again).containsExactly(laplace.mode().theta(), within(1e-5));

    Advi.Fit advi =
        Advi.fit(
            model,
            Advi.Family.FULL_RANK,
            laplace.mode().theta(),
            ONE,
            new Advi.Settings(1000, 10, 0.05),
            new Draws(1, 0));
    Density.Estimate ofLaplace = laplace.q().elbo(model, 20_000, new Draws(2, 0));
    Density.Estimate ofAdvi = advi.q().elbo(model, 20_000, new Draws(2, 0));
    assertThat(ofAdvi.value()).isGreaterThan(ofLaplace.value());
    double evidence = logisticEvidence(model, laplace.q());
    assertThat(ofAdvi.value()).isBetween(evidence - 0.5, evidence + 4 * ofAdvi.standardError());
    assertThat(laplace.logEvidence()).isCloseTo(evidence, within(0.5));
  }

  /** By integration on a grid of q's own axes, 7 standard deviations wide. */
  private static double logisticEvidence(LogJoint model, GaussianDensity q) {
    double step = 0.25;
    double[] theta = new double[3];
    double[] eps = new double[3];
    double largest = model.value(q.mean());
    double sum = 0;
    for (eps[0] = -7; eps[0] < 7; eps[0] += step) {
      for (eps[1] = -7; eps[1] < 7; eps[1] += step) {
        for (eps[2] = -7; eps[2] < 7; eps[2] += step) {
          q.at(eps, theta);
          sum += Math.exp(model.value(theta) - largest);
        }
      }
    }
    return largest + Math.log(sum * step * step * step) + q.logDetFactor();
  }

  @Test
  void newtonSaysWhenThereIsNoMaximum() {
    LogJoint saddle =
        new LogJoint() {
          @Override
          public int dimension() {
            return 2;
          }

          @Override
          public double gradient(double[] t, double[] gradient) {
            gradient[0] = -2 * t[0];
            gradient[1] = 2 * t[1];
            return -t[0] * t[0] + t[1] * t[1];
          }
        };
    assertThatThrownBy(() -> Laplace.fit(saddle, new double[] {1, 0}, 100, 1e-10))
        .hasMessageContaining("no maximum where the climb ended");
    assertThatThrownBy(() -> Newton.climb(new Hole(), new double[] {1}, 5, 1e-9))
        .hasMessage("log p(x, θ) is NaN where the climb to its mode starts");
    Newton.Mode cut = Newton.climb(RegressionTest.logistic(), new double[] {3, 3, 3}, 1, 1e-12);
    assertThat(cut.converged()).isFalse();
    assertThat(cut.iterations()).isEqualTo(1);
    assertThat(cut.trace().size()).isEqualTo(2);
  }

  /** Where the Hessian has the wrong sign, damping still finds the way up. */
  @Test
  void newtonClimbsThroughConvexParts() {
    LogJoint cauchy =
        new LogJoint() {
          @Override
          public int dimension() {
            return 1;
          }

          @Override
          public double gradient(double[] t, double[] gradient) {
            double u = t[0] - 2;
            gradient[0] = -2 * u / (1 + u * u);
            return -Math.log1p(u * u);
          }
        };
    Newton.Mode mode = Newton.climb(cauchy, new double[] {30}, 200, 1e-14);
    assertThat(mode.theta()[0]).isCloseTo(2, within(1e-6));
    assertThat(mode.precision()[0]).isCloseTo(2, within(1e-6));
  }

  @Test
  void svgdHasTheExactMoments() {
    double[] mean = RegressionTest.exactMean();
    double[] scale = new double[3];
    RealMatrix precision = MatrixUtils.inverse(RegressionTest.exactCovariance());
    for (int i = 0; i < 3; i++) {
      scale[i] = 1 / Math.sqrt(precision.getEntry(i, i));
    }
    double[] off = mean.clone();
    for (int i = 0; i < 3; i++) {
      off[i] += 3 * scale[i];
    }
    Svgd.Fit fit = Svgd.fit(RegressionTest.linear(), off, scale, 100, 500, 0.3, new Draws(1, 0));
    assertThat(fit.q().count()).isEqualTo(100);
    for (int i = 0; i < 3; i++) {
      assertThat(fit.q().mean()[i]).isCloseTo(mean[i], within(0.01 * exactSd(i)));
      assertThat(fit.q().sd()[i]).isCloseTo(exactSd(i), within(0.06 * exactSd(i)));
    }
    assertThat(fit.trace().last()).isLessThan(0.02 * fit.trace().value(0));
    assertThatThrownBy(() -> Svgd.fit(new Hole(), new double[1], ONE, 1, 5, 0.1, new Draws(1, 0)))
        .hasMessage("svgd: particles 1 must be at least 2");
    assertThatThrownBy(() -> Svgd.fit(new Hole(), new double[1], ONE, 2, 5, 0.1, new Draws(1, 0)))
        .hasMessageContaining("svgd: log p(x, θ) is NaN at particle 0 in step 1");
  }

  @Test
  void boostingRaisesTheElboWithEachComponentTowardsTheEvidence() {
    LogJoint model = RegressionTest.linear();
    double[] mode = RegressionTest.exactMean();
    double[] scale = {exactSd(0), exactSd(1), exactSd(2)};
    Advi.Settings settings = new Advi.Settings(500, 10, 0.1);
    Boosting.Fit fit = Boosting.fit(model, mode, scale, 4, settings, 2000, new Draws(1, 0));
    assertThat(fit.q().components()).isEqualTo(4);
    double[] trace = fit.trace().values();
    for (int c = 1; c < 4; c++) {
      assertThat(trace[c]).isGreaterThan(trace[c - 1] + 0.02);
    }
    Density.Estimate elbo = fit.q().elbo(model, 20_000, new Draws(2, 0));
    double evidence = RegressionTest.exactEvidence();
    assertThat(elbo.value()).isCloseTo(trace[3], within(0.1)).isLessThan(evidence);
    assertThat(elbo.value())
        .as("half of the gap is closed")
        .isGreaterThan((trace[0] + evidence) / 2);
    double weights = 0;
    for (int c = 0; c < 4; c++) {
      weights += fit.q().weight(c);
    }
    assertThat(weights).isCloseTo(1, within(1e-12));
  }

  @Test
  void boostingComesNearTheEvidenceOfASkewedPosterior() {
    LogJoint model = RegressionTest.logistic();
    Laplace laplace = Laplace.fit(model, ZERO, 50, 1e-9);
    double evidence = logisticEvidence(model, laplace.q());
    double[] scale = {exactSd(0), exactSd(1), exactSd(2)};
    Advi.Settings settings = new Advi.Settings(500, 10, 0.1);
    double[] mode = laplace.mode().theta();
    Boosting.Fit fit = Boosting.fit(model, mode, scale, 5, settings, 2000, new Draws(1, 0));
    Density.Estimate elbo = fit.q().elbo(model, 20_000, new Draws(2, 0));
    assertThat(fit.trace().value(0)).isLessThan(evidence - 0.3);
    assertThat(elbo.value()).isBetween(evidence - 0.12, evidence + 4 * elbo.standardError());
  }

  /** Two modes far apart, of weights 0.7 and 0.3: one Gaussian has the ELBO log 0.7. */
  @Test
  void boostingFindsASecondMode() {
    MixtureDensity truth =
        new MixtureDensity(
            new double[] {0.7, 0.3}, new double[] {-2, 2.5}, new double[] {0.7, 0.6});
    LogJoint model =
        new LogJoint() {
          @Override
          public int dimension() {
            return 1;
          }

          @Override
          public double gradient(double[] theta, double[] gradient) {
            double[] minus = new double[1];
            double value = truth.subtractGradient(theta, minus);
            gradient[0] = -minus[0];
            return value;
          }
        };
    Advi.Settings settings = new Advi.Settings(500, 10, 0.1);
    Boosting.Fit fit =
        Boosting.fit(
            model, new double[] {-2}, new double[] {1}, 2, settings, 2000, new Draws(1, 0));
    assertThat(fit.trace().value(0)).isCloseTo(Math.log(0.7), within(0.03));
    assertThat(fit.trace().value(1)).isCloseTo(0, within(0.01));
    assertThat(fit.q().weight(1)).isCloseTo(0.3, within(0.03));
    assertThat(fit.q().mean(1)[0]).isCloseTo(2.5, within(0.05));
    assertThat(fit.q().sd(1)[0]).isCloseTo(0.6, within(0.05));
  }

  /** SVRG's distance to the maximum shrinks by a factor an epoch, down to rounding. */
  @Test
  void svrgConvergesLinearlyToTheRidgeSolution() {
    LinearRegression model = RegressionTest.linear();
    double best = model.value(RegressionTest.exactMean());
    Svrg.Fit fit = Svrg.fit(model, ZERO, 400, 0.1, 1e-13, new Draws(1, 0));
    assertThat(fit.converged()).isTrue();
    assertThat(fit.theta()).containsExactly(RegressionTest.exactMean(), within(1e-6));
    double first = best - fit.trace().value(0);
    for (int epoch = 10;
        epoch < fit.epochs() && best - fit.trace().value(epoch) > 1e-10;
        epoch += 10) {
      double before = best - fit.trace().value(epoch - 10);
      double after = best - fit.trace().value(epoch);
      assertThat(after / before).as("epochs %d to %d", epoch - 10, epoch).isLessThan(0.7);
    }
    assertThat(best - fit.logJoint()).isLessThan(1e-10 * first);
  }

  @Test
  void svrgSaysWhenItDivergesOrHasNotConverged() {
    assertThatThrownBy(() -> Svrg.fit(RegressionTest.linear(), ZERO, 50, 40, 1e-9, new Draws(1, 0)))
        .hasMessageContaining("svrg: log p(x, θ) fell from")
        .hasMessageContaining("lower the learning rate");
    Svrg.Fit cut = Svrg.fit(RegressionTest.logistic(), ZERO, 2, 0.1, 1e-13, new Draws(1, 0));
    assertThat(cut.converged()).isFalse();
    assertThat(cut.epochs()).isEqualTo(2);
  }

  @Test
  void svrgFindsTheModeOfLogisticRegression() {
    double[] mode = Newton.climb(RegressionTest.logistic(), ZERO, 50, 1e-14).theta();
    Svrg.Fit fit = Svrg.fit(RegressionTest.logistic(), ZERO, 500, 0.3, 1e-13, new Draws(1, 0));
    assertThat(fit.theta()).containsExactly(mode, within(1e-5));
  }
}
