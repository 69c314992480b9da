package io.github.elbo4j.vi.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.testkit.GradCheck;
import java.util.Arrays;
import org.hipparchus.linear.CholeskyDecomposition;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.junit.jupiter.api.Test;

/** The models themselves, against dense formulas of an independent library. */
final class RegressionTest {
  static final double NOISE = 0.3;
  static final double PRIOR = 2;

  /** 40 rows of an intercept and two features that are strongly correlated. */
  static double[] features() {
    double[] noise = GradCheck.random(11, 80, 1);
    double[] x = new double[120];
    for (int i = 0; i < 40; i++) {
      x[3 * i] = 1;
      x[3 * i + 1] = noise[2 * i] + 0.5;
      x[3 * i + 2] = 0.9 * noise[2 * i] + 0.3 * noise[2 * i + 1];
    }
    return x;
  }

  static double[] targets() {
    double[] x = features();
    double[] noise = GradCheck.random(12, 40, Math.sqrt(NOISE));
    double[] y = new double[40];
    for (int i = 0; i < 40; i++) {
      y[i] = 1 - 2 * x[3 * i + 1] + 0.5 * x[3 * i + 2] + noise[i];
    }
    return y;
  }

  static LinearRegression linear() {
    return new LinearRegression(features(), targets(), NOISE, PRIOR);
  }

  static LogisticRegression logistic() {
    double[] y = Arrays.stream(targets()).map(v -> v > 0.5 ? 1 : 0).toArray();
    return new LogisticRegression(features(), y, PRIOR);
  }

  static RealMatrix matrix(double[] a, int columns) {
    RealMatrix m = MatrixUtils.createRealMatrix(a.length / columns, columns);
    for (int i = 0; i < a.length; i++) {
      m.setEntry(i / columns, i % columns, a[i]);
    }
    return m;
  }

  static RealMatrix identity(int n, double value) {
    return MatrixUtils.createRealIdentityMatrix(n).scalarMultiply(value);
  }

  /** log N(y; 0, K). */
  static double logNormal(double[] y, RealMatrix k) {
    CholeskyDecomposition factor = new CholeskyDecomposition(k, 1e-9, 0);
    RealVector v = MatrixUtils.createRealVector(y);
    return -0.5
        * (v.dotProduct(factor.getSolver().solve(v))
            + Math.log(factor.getDeterminant())
            + y.length * Math.log(2 * Math.PI));
  }

  /** (XᵀX/σ² + I/τ²)⁻¹. */
  static RealMatrix exactCovariance() {
    RealMatrix x = matrix(features(), 3);
    RealMatrix precision =
        x.transpose().multiply(x).scalarMultiply(1 / NOISE).add(identity(3, 1 / PRIOR));
    return MatrixUtils.inverse(precision);
  }

  static double[] exactMean() {
    RealMatrix x = matrix(features(), 3);
    double[] xy = x.transpose().operate(targets());
    return MatrixUtils.createRealVector(exactCovariance().operate(xy)).mapDivide(NOISE).toArray();
  }

  static double exactEvidence() {
    RealMatrix x = matrix(features(), 3);
    return logNormal(
        targets(), x.multiply(x.transpose()).scalarMultiply(PRIOR).add(identity(40, NOISE)));
  }

  @Test
  void linearPosteriorAndEvidenceAreExact() {
    GaussianDensity posterior = linear().posterior();
    assertThat(posterior.mean()).containsExactly(exactMean(), within(1e-11));
    RealMatrix covariance = exactCovariance();
    for (int i = 0; i < 9; i++) {
      assertThat(posterior.covariance()[i])
          .isCloseTo(covariance.getEntry(i / 3, i % 3), within(1e-12));
    }
    assertThat(linear().logEvidence()).isCloseTo(exactEvidence(), within(1e-9));
  }

  @Test
  void theLikeliestNoiseIsAMaximumOfTheEvidence() {
    double[] x = features();
    double[] y = targets();
    LinearRegression model = LinearRegression.withLikeliestNoise(x, y, PRIOR, 2000, 1e-12);
    double best = model.logEvidence();
    double noise = model.noiseVariance();
    assertThat(noise).isBetween(0.15, 0.6);
    for (double factor : new double[] {0.99, 1.01}) {
      assertThat(new LinearRegression(x, y, factor * noise, PRIOR).logEvidence())
          .isBetween(best - 0.01, best - 1e-5);
    }
  }

  @Test
  void noiseThatIsNotThereCannotBeInferred() {
    double[] x = features();
    double[] exact = new double[40];
    for (int i = 0; i < 40; i++) {
      exact[i] = 2 * x[3 * i + 1];
    }
    for (double[] y : new double[][] {exact, new double[40]}) {
      assertThatThrownBy(() -> LinearRegression.withLikeliestNoise(x, y, 1e6, 10_000, 1e-10))
          .hasMessageContaining("the columns explain the target exactly");
    }
  }

  @Test
  void derivativesOfLinearRegression() {
    double[] at = {0.3, -1, 0.7};
    assertDerivatives(linear(), at);
    MixturesTest.assertHessian(linear(), at);
  }

  @Test
  void derivativesOfLogisticRegression() {
    double[] at = {0.3, -1, 0.7};
    assertDerivatives(logistic(), at);
    MixturesTest.assertHessian(logistic(), at);
  }

  private static void assertDerivatives(FiniteSum model, double[] at) {
    double[] gradient = new double[3];
    model.gradient(at, gradient);
    GradCheck.check("regression", at, gradient, model::value);
    double[] sum = new double[3];
    for (int i = 0; i < model.terms(); i++) {
      model.addGradient(i, at, 2, sum);
    }
    for (int j = 0; j < 3; j++) {
      assertThat(sum[j]).isCloseTo(2 * gradient[j], within(1e-10));
    }
  }

  /** By the definition, term by term; and stable where exp overflows. */
  @Test
  void logisticLogJointIsItsFormula() {
    double[] w = {0.3, -1, 0.7};
    double[] x = features();
    double expected = 0;
    for (int i = 0; i < 40; i++) {
      double p = 1 / (1 + Math.exp(-(x[3 * i] * w[0] + x[3 * i + 1] * w[1] + x[3 * i + 2] * w[2])));
      expected += Math.log(targets()[i] > 0.5 ? p : 1 - p);
    }
    for (double v : w) {
      expected -= 0.5 * (v * v / PRIOR + Math.log(2 * Math.PI * PRIOR));
    }
    assertThat(logistic().value(w)).isCloseTo(expected, within(1e-10));
    assertThat(logistic().value(new double[] {1e4, 0, 0})).isFinite();
  }

  /** ‖∇ℓ_i(a) − ∇ℓ_i(b)‖ ≤ smoothness·‖a − b‖ for every term. */
  @Test
  void smoothnessBoundsEveryTerm() {
    for (FiniteSum model : new FiniteSum[] {linear(), logistic()}) {
      double largest = 0;
      for (int trial = 0; trial < 200; trial++) {
        double[] a = GradCheck.random(trial, 3, 0.1);
        double[] b = GradCheck.random(1000 + trial, 3, 0.1);
        for (int i = 0; i < model.terms(); i++) {
          double[] difference = new double[3];
          model.addGradient(i, a, 1, difference);
          model.addGradient(i, b, -1, difference);
          double apart = 0;
          for (int j = 0; j < 3; j++) {
            apart += (a[j] - b[j]) * (a[j] - b[j]);
          }
          largest = Math.max(largest, Math.sqrt(Gaussians.squares(difference) / apart));
        }
      }
      assertThat(largest).isBetween(0.7 * model.smoothness(), model.smoothness() * (1 + 1e-12));
    }
  }

  @Test
  void refusesWhatIsNoData() {
    assertThatThrownBy(() -> new LinearRegression(new double[5], new double[2], 1, 1))
        .hasMessageContaining("X has 5 elements and y has 2 rows");
    assertThatThrownBy(() -> new LinearRegression(new double[2], new double[2], 0, 1))
        .hasMessage("noise variance is 0.0 and must be above 0");
    assertThatThrownBy(() -> new LogisticRegression(new double[2], new double[] {1, 2}, 1))
        .hasMessage("logistic regression: y[1] is 2.0 and must be 0 or 1");
    assertThatThrownBy(() -> new GaussianProcess(new double[2], new double[2], -1))
        .hasMessage("prior variance is -1.0 and must be above 0");
  }
}
