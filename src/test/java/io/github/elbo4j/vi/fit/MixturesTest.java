package io.github.elbo4j.vi.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.testkit.GradCheck;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** The Gaussian mixture of seed 004 §5: three components, 1,000 points each, and small ones. */
final class MixturesTest {
  private static final double[] TRUTH = {-5, 0, 5};

  private static double[] thousandOfEach() {
    SplittableRandom random = new SplittableRandom(4);
    double[] x = new double[3000];
    for (int i = 0; i < x.length; i++) {
      x[i] = TRUTH[i % 3] + random.nextGaussian();
    }
    return x;
  }

  private static GaussianMixture wide(double priorVariance) {
    return new GaussianMixture(thousandOfEach(), 1, 3, 1, priorVariance);
  }

  @Test
  void coordinateAscentNeverLowersTheElboAndFindsTheMeans() {
    GaussianMixture model = wide(100);
    Mixtures.Fit fit = Mixtures.cavi(model, new double[] {-1, 0.5, 1}, 1000, 1e-12);
    assertThat(fit.converged()).isTrue();
    assertThat(fit.iterations()).isBetween(5, 60);
    double[] trace = fit.trace().values();
    for (int i = 1; i < trace.length; i++) {
      assertThat(trace[i]).isGreaterThanOrEqualTo(trace[i - 1] - 1e-12 * Math.abs(trace[i]));
    }
    for (int j = 0; j < 3; j++) {
      // each is the mean of about 1,000 points: five standard errors
      assertThat(fit.q().means()[j]).isCloseTo(TRUTH[j], within(5 / Math.sqrt(1000)));
      assertThat(fit.q().spreads()[j]).isCloseTo(1. / 1000, within(5e-5));
    }
    assertThat(fit.elbo()).isEqualTo(fit.trace().last()).isCloseTo(fit.q().elbo(), within(1e-8));
  }

  /** Each update against a search along each of its coordinates: the ELBO is largest there. */
  @Test
  void eachUpdateIsTheBestOfItsFactor() {
    GaussianMixture model =
        new GaussianMixture(new double[] {-1, 0.3, 0.9, -2, 1.4, 2.2, 0.1, -0.7}, 2, 2, 0.7, 3);
    double[] phi = {0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.35, 0.65};
    MixturePosterior q =
        new MixturePosterior(model, new double[] {0.1, 0.2, 0.3, 0.4}, new double[] {0.5, 0.6});
    q.updateMeans(phi);
    for (int c = 0; c < 4; c++) {
      assertBest(q.means(), c, -3, 3, v -> q.elbo(phi));
    }
    for (int j = 0; j < 2; j++) {
      assertBest(q.spreads(), j, 1e-3, 3, v -> q.elbo(phi));
    }
    double[] best = q.assignments();
    for (int i = 0; i < 4; i++) {
      int row = 2 * i;
      assertThat(best[row] + best[row + 1]).isCloseTo(1, within(1e-14));
      assertBest(
          best,
          row,
          1e-6,
          1 - 1e-6,
          v -> {
            best[row + 1] = 1 - v;
            return q.elbo(best);
          });
      best[row + 1] = 1 - best[row];
    }
    assertThat(q.elbo()).isCloseTo(q.elbo(best), within(1e-12));
  }

  /** Golden-section search over {@code at[index]}, which must find the value that stands there. */
  private static void assertBest(
      double[] at, int index, double low, double high, DoubleUnaryOperator elbo) {
    double given = at[index];
    double ratio = (Math.sqrt(5) - 1) / 2;
    while (high - low > 1e-9) {
      double a = high - ratio * (high - low);
      double b = low + ratio * (high - low);
      at[index] = a;
      double left = elbo.applyAsDouble(a);
      at[index] = b;
      if (left > elbo.applyAsDouble(b)) {
        high = b;
      } else {
        low = a;
      }
    }
    at[index] = given;
    assertThat((low + high) / 2).as("coordinate %d", index).isCloseTo(given, within(1e-6));
  }

  /** The ELBO by its definition: a sum over all assignments of an integral over both means. */
  @Test
  void theElboIsTheExpectationThatDefinesIt() {
    double[] x = {-0.8, 0.4, 1.9};
    GaussianMixture model = new GaussianMixture(x, 1, 2, 0.5, 2);
    double[] means = {-0.3, 1.1};
    double[] spreads = {0.4, 0.25};
    double[] phi = {0.8, 0.2, 0.55, 0.45, 0.1, 0.9};
    double expected = 0;
    double evidence = 0;
    for (int assignment = 0; assignment < 8; assignment++) {
      double weight = 1;
      double logPhi = 0;
      for (int i = 0; i < 3; i++) {
        weight *= phi[2 * i + (assignment >> i & 1)];
        logPhi += Math.log(phi[2 * i + (assignment >> i & 1)]);
      }
      double sum = 0;
      double step = 0.02;
      for (double a = -8; a < 8; a += step) {
        for (double b = -8; b < 8; b += step) {
          double logP = normal(a, 0, 2) + normal(b, 0, 2) - 3 * Math.log(2);
          for (int i = 0; i < 3; i++) {
            logP += normal(x[i], (assignment >> i & 1) == 0 ? a : b, 0.5);
          }
          double logQ = normal(a, means[0], spreads[0]) + normal(b, means[1], spreads[1]);
          sum += Math.exp(logQ) * (logP - logQ - logPhi) * step * step;
          evidence += Math.exp(logP) * step * step;
        }
      }
      expected += weight * sum;
    }
    MixturePosterior q = new MixturePosterior(model, means, spreads);
    assertThat(q.elbo(phi)).isCloseTo(expected, within(1e-9));
    double best = Mixtures.cavi(model, means, 500, 1e-14).elbo();
    assertThat(best).isGreaterThan(expected).isLessThan(Math.log(evidence));
  }

  private static double normal(double x, double mean, double variance) {
    return -0.5 * ((x - mean) * (x - mean) / variance + Math.log(2 * Math.PI * variance));
  }

  /** A common variance is a change of units: x/√v with a prior of variance priorVariance/v. */
  @Test
  void theVarianceIsAChangeOfUnits() {
    double[] x = {-1, 0.3, 0.9, -2, 1.4, 2.2, 0.1, -0.7};
    double[] scaled = Arrays.stream(x).map(v -> v / 0.5).toArray();
    double[] start = {-1, -1, 1, 1};
    double[] scaledStart = {-2, -2, 2, 2};
    Mixtures.Fit one = Mixtures.cavi(new GaussianMixture(x, 2, 2, 0.25, 3), start, 300, 1e-15);
    Mixtures.Fit other =
        Mixtures.cavi(new GaussianMixture(scaled, 2, 2, 1, 12), scaledStart, 300, 1e-15);
    for (int c = 0; c < 4; c++) {
      assertThat(one.q().means()[c]).isCloseTo(0.5 * other.q().means()[c], within(1e-9));
    }
    double jacobian = 8 * Math.log(0.5); // of 8 numbers
    assertThat(one.elbo()).isCloseTo(other.elbo() - jacobian, within(1e-9));
  }

  @Test
  void emNeverLowersTheLikelihoodAndFindsAStationaryPoint() {
    GaussianMixture model = wide(1);
    Mixtures.Point fit = Mixtures.em(model, new double[] {-1, 0.5, 1}, 1000, 1e-15);
    assertThat(fit.converged()).isTrue();
    double[] trace = fit.trace().values();
    for (int i = 1; i < trace.length; i++) {
      assertThat(trace[i]).isGreaterThanOrEqualTo(trace[i - 1] - 1e-12 * Math.abs(trace[i]));
    }
    assertThat(fit.logLikelihood()).isCloseTo(model.logLikelihood(fit.means()), within(1e-9));
    double[] gradient = new double[3];
    new MixtureMeans(wide(1e12)).gradient(fit.means(), gradient);
    assertThat(gradient).containsExactly(new double[3], within(1e-3));
  }

  /** Equal variances s² of the means cancel in φ, so that under a flat prior both must agree. */
  @Test
  void emAndCaviAgreeExactlyOnSymmetricData() {
    double[] half = {0.4, 1.1, 1.9, 2.2, 3.7};
    double[] x = new double[10];
    for (int i = 0; i < 5; i++) {
      x[i] = half[i];
      x[9 - i] = -half[i];
    }
    GaussianMixture model = new GaussianMixture(x, 1, 2, 1, 1e14);
    double[] em = Mixtures.em(model, new double[] {-1, 1}, 500, -1).means();
    double[] cavi = Mixtures.cavi(model, new double[] {-1, 1}, 500, -1).q().means();
    assertThat(cavi[0]).isCloseTo(em[0], within(1e-10));
    assertThat(cavi[1]).isCloseTo(em[1], within(1e-10)).isGreaterThan(1);
  }

  @Test
  void caviApproachesEmAsThePriorWidens() {
    double[] start = {-4, 1, 4};
    double[] em = Mixtures.em(wide(1), start, 1000, 1e-15).means();
    double before = Double.POSITIVE_INFINITY;
    for (double priorVariance : new double[] {0.01, 0.1, 1, 100}) {
      double[] cavi = Mixtures.cavi(wide(priorVariance), start, 1000, 1e-15).q().means();
      double apart = 0;
      for (int j = 0; j < 3; j++) {
        apart = Math.max(apart, Math.abs(cavi[j] - em[j]));
      }
      assertThat(apart).as("prior variance %s", priorVariance).isLessThan(before / 5);
      before = apart;
    }
    // what is left is of the order of s², 1/1,000
    assertThat(before).isLessThan(1e-3);
  }

  @Test
  void stochasticVariationalInferenceComesNearTheElboOfCoordinateAscent() {
    GaussianMixture model = wide(100);
    double[] start = {-1, 0.5, 1};
    double best = Mixtures.cavi(model, start, 1000, 1e-12).elbo();
    Mixtures.Walk walk = new Mixtures.Walk(3000, 50, 1, 10, 0.8);
    Mixtures.Fit fit = Mixtures.stochastic(model, start, walk, new Draws(3, 0));
    assertThat(fit.elbo()).isBetween(best - 0.5, best + 1e-9);
    assertThat(fit.elbo()).isCloseTo(fit.q().elbo(), within(1e-12));
    assertThat(fit.trace().value(0)).isLessThan(best - 100);
    Mixtures.Fit again = Mixtures.stochastic(model, start, walk, new Draws(3, 0));
    assertThat(again.q().means()).containsExactly(fit.q().means());
    Mixtures.Fit other = Mixtures.stochastic(model, start, walk, new Draws(4, 0));
    assertThat(other.q().means()).isNotEqualTo(fit.q().means());
  }

  /** With all data in the batch and a rate of 1 the step is coordinate ascent's. */
  @Test
  void aNaturalGradientStepOfRateOneLandsOnTheConjugateUpdate() {
    GaussianMixture model = new GaussianMixture(new double[] {2.5, 2.5, 2.5}, 1, 1, 1, 3);
    Mixtures.Walk walk = new Mixtures.Walk(1, 1, 10, 0, 1);
    Mixtures.Fit fit = Mixtures.stochastic(model, new double[] {0}, walk, new Draws(1, 0));
    double precision = 1 / 3. + 3;
    assertThat(fit.q().spreads()[0]).isCloseTo(1 / precision, within(1e-14));
    assertThat(fit.q().means()[0]).isCloseTo(7.5 / precision, within(1e-14));
    assertThat(fit.elbo()) // one component: q is the posterior, and the bound is tight
        .isCloseTo(Mixtures.cavi(model, new double[] {0}, 5, 0).elbo(), within(1e-12));
  }

  @Test
  void derivativesOfTheMeansLogJoint() {
    double[] x = GradCheck.random(5, 24, 1.5);
    MixtureMeans means = new MixtureMeans(new GaussianMixture(x, 2, 3, 0.6, 4));
    double[] at = GradCheck.random(6, 6, 1);
    double[] gradient = new double[6];
    assertThat(means.gradient(at, gradient)).isCloseTo(means.value(at), within(1e-12));
    GradCheck.check("mixture means", at, gradient, means::value);
    assertHessian(means, at);
  }

  /** The Hessian against differences of the gradient. */
  static void assertHessian(LogJoint model, double[] at) {
    int d = model.dimension();
    double[] exact = new double[d * d];
    double[] differences = new double[d * d];
    model.hessian(at, exact);
    new LogJoint() {
      @Override
      public int dimension() {
        return d;
      }

      @Override
      public double gradient(double[] theta, double[] gradient) {
        return model.gradient(theta, gradient);
      }
    }.hessian(at, differences);
    double scale = Arrays.stream(exact).map(Math::abs).max().orElseThrow();
    assertThat(exact).containsExactly(differences, within(1e-8 * scale));
  }

  @Test
  void startsAtDataPointsFarApartInTheirOrder() {
    double[] means = wide(1).start(new Draws(1, 0));
    assertThat(means).isSorted();
    assertThat(Arrays.stream(means).map(m -> Math.rint(m / 5)).toArray())
        .as("one near each component")
        .containsExactly(-1, 0, 1);
    double[] same = new GaussianMixture(new double[] {2, 2, 2}, 1, 2, 1, 1).start(new Draws(1, 0));
    assertThat(same).containsExactly(2, 2);
  }

  @Test
  void aComponentWithoutDataStays() {
    GaussianMixture model = new GaussianMixture(new double[] {0, 0.1}, 1, 2, 1, 1);
    double[] means = Mixtures.em(model, new double[] {0, 1e3}, 3, 0).means();
    assertThat(means).containsExactly(new double[] {0.05, 1e3}, within(1e-15));
  }

  @Test
  void refusesWhatIsNoMixture() {
    assertThatThrownBy(() -> new GaussianMixture(new double[5], 2, 1, 1, 1))
        .hasMessage("gaussian mixture: 5 elements are no rows of 2");
    assertThatThrownBy(() -> new GaussianMixture(new double[4], 2, 3, 1, 1))
        .hasMessageContaining("components is 3 and must be 1 … 2");
    assertThatThrownBy(() -> new GaussianMixture(new double[4], 2, 1, 0, 1))
        .hasMessage("variance is 0.0 and must be above 0");
    assertThatThrownBy(() -> new GaussianMixture(new double[4], 2, 1, 1, Double.NaN))
        .hasMessage("prior variance is NaN and must be above 0");
  }
}
