package io.github.elbo4j.vi.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.testkit.GradCheck;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Test;

final class GaussianProcessTest {
  private static final int N = 25;
  private static final double[] THETA = {
    0.2, -0.3, 0.4, -1.5
  }; // log σ_f, log ℓ_1, log ℓ_2, log σ_n

  private static double[] inputs() {
    return GradCheck.random(21, 2 * N, 1);
  }

  /** Depends on the first column only. */
  private static double[] targets() {
    double[] x = inputs();
    double[] y = GradCheck.random(22, N, 0.1);
    for (int i = 0; i < N; i++) {
      y[i] += Math.sin(2 * x[2 * i]);
    }
    return y;
  }

  private static GaussianProcess model() {
    return new GaussianProcess(inputs(), targets(), 4);
  }

  private static double kernel(double[] a, int i, double[] b, int j) {
    double first = (a[2 * i] - b[2 * j]) / Math.exp(THETA[1]);
    double second = (a[2 * i + 1] - b[2 * j + 1]) / Math.exp(THETA[2]);
    return Math.exp(2 * THETA[0]) * Math.exp(-0.5 * (first * first + second * second));
  }

  private static RealMatrix matrix(double[] a, double[] b, double noise) {
    RealMatrix k = MatrixUtils.createRealMatrix(a.length / 2, b.length / 2);
    for (int i = 0; i < a.length / 2; i++) {
      for (int j = 0; j < b.length / 2; j++) {
        k.setEntry(i, j, kernel(a, i, b, j) + (i == j ? noise : 0));
      }
    }
    return k;
  }

  @Test
  void theEvidenceIsTheDensityOfTheTargets() {
    double[] x = inputs();
    double expected = RegressionTest.logNormal(targets(), matrix(x, x, Math.exp(2 * THETA[3])));
    assertThat(model().logEvidence(THETA)).isCloseTo(expected, within(1e-6));
    double prior = 0;
    for (double t : THETA) {
      prior -= 0.5 * (t * t / 4 + Math.log(2 * Math.PI * 4));
    }
    assertThat(model().value(THETA)).isCloseTo(expected + prior, within(1e-6));
  }

  @Test
  void theGradientIsTheValues() {
    double[] gradient = new double[4];
    assertThat(model().gradient(THETA, gradient)).isEqualTo(model().value(THETA));
    GradCheck.check("gaussian process", THETA, gradient, model()::value);
  }

  /** The conditional of a joint Gaussian, by an independent library. */
  @Test
  void predictionsAreTheConditionalGaussian() {
    double[] x = inputs();
    double[] at = {0.3, -0.2, 5, 5, -1, 0.8};
    RealMatrix inverse = MatrixUtils.inverse(matrix(x, x, Math.exp(2 * THETA[3])));
    RealMatrix cross = matrix(at, x, 0);
    double[] mean = cross.operate(inverse.operate(targets()));
    RealMatrix covariance =
        matrix(at, at, 0).subtract(cross.multiply(inverse).multiply(cross.transpose()));
    GaussianProcess.Prediction prediction = model().predict(THETA, at);
    for (int j = 0; j < 3; j++) {
      assertThat(prediction.mean()[j]).isCloseTo(mean[j], within(1e-7));
      assertThat(prediction.variance()[j]).isCloseTo(covariance.getEntry(j, j), within(1e-7));
    }
    assertThat(prediction.variance()[1])
        .as("far away: the prior")
        .isCloseTo(Math.exp(0.4), within(1e-3));
  }

  @Test
  void laplaceFindsNoiseAndWhichInputMatters() {
    Laplace laplace = Laplace.fit(model(), new double[4], 100, 1e-9);
    double[] mode = laplace.mode().theta();
    assertThat(laplace.mode().converged()).isTrue();
    assertThat(Math.exp(mode[3])).as("noise").isBetween(0.05, 0.2);
    assertThat(mode[2]).as("the input that does not matter").isGreaterThan(mode[1] + 1);
    assertThat(laplace.q().sd()[2]).isGreaterThan(laplace.q().sd()[1]);
    double[] gradient = new double[4];
    model().gradient(mode, gradient);
    assertThat(gradient).containsExactly(new double[4], within(1e-3));
  }

  @Test
  void aSingularMatrixHasNoDensity() {
    GaussianProcess model = new GaussianProcess(new double[] {1, 1}, new double[] {0, 1}, 1);
    double[] noNoise = {0, 0, -400};
    double[] gradient = new double[3];
    // σ_n² = 0: what stands on the diagonal beyond σ_f² is the jitter, which keeps it regular
    assertThat(model.value(noNoise)).isLessThan(-1e8);
    double[] lost = {Double.NaN, 0, 0};
    assertThat(model.value(lost)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(model.gradient(lost, gradient)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThatThrownBy(() -> model.predict(lost, new double[] {1}))
        .hasMessage("gaussian process: its matrix K is singular");
  }
}
