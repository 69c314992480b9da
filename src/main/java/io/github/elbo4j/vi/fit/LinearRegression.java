package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/**
 * Bayesian linear regression with known variances: {@code y = X·w + ε}, {@code ε ~ N(0,
 * noiseVariance)}, {@code w ~ N(0, priorVariance·I)}. Its posterior is Gaussian and known, and so
 * is its evidence (Bishop, "Pattern recognition and machine learning", 2006, §3.3 and §3.5).
 */
public final class LinearRegression implements FiniteSum {
  private final double[] x;
  private final double[] y;
  private final int n;
  private final int d;
  private final double noiseVariance;
  private final double priorVariance;

  /**
   * @param x read and kept, [N,D] row-major; a column of ones for an intercept
   * @param y read and kept, N elements
   */
  public LinearRegression(double[] x, double[] y, double noiseVariance, double priorVariance) {
    Design.check("linear regression", x, y);
    Design.positive("noise variance", noiseVariance);
    Design.positive("prior variance", priorVariance);
    this.x = x;
    this.y = y;
    n = y.length;
    d = x.length / n;
    this.noiseVariance = noiseVariance;
    this.priorVariance = priorVariance;
  }

  /**
   * With the noise variance that maximises the evidence, by EM (Bishop 2006, §9.3.4): {@code σ² ←
   * (‖y − X·E[w]‖² + tr(X·Cov[w]·Xᵀ)) / N}, which never lowers it.
   *
   * @throws ArithmeticException the columns explain y exactly, so that the evidence grows without
   *     bound as the variance goes to 0
   */
  public static LinearRegression withLikeliestNoise(
      double[] x, double[] y, double priorVariance, int iterations, double tolerance) {
    Design.check("linear regression", x, y);
    double scale = Gaussians.squares(y) / y.length;
    double variance = scale;
    for (int i = 0; i < iterations; i++) {
      if (!(variance > 1e-12 * scale)) {
        throw new ArithmeticException(
            "linear regression: the columns explain the target exactly, so its noise cannot be"
                + " inferred: give the noise variance");
      }
      double before = variance;
      LinearRegression model = new LinearRegression(x, y, variance, priorVariance);
      variance = model.expectedResidual() / y.length;
      if (Math.abs(variance - before) <= tolerance * before) {
        break;
      }
    }
    return new LinearRegression(x, y, variance, priorVariance);
  }

  /** {@code E‖y − X·w‖²} under the posterior. */
  private double expectedResidual() {
    GaussianDensity posterior = posterior();
    double[] mean = posterior.mean();
    double[] covariance = posterior.covariance();
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double residual = residual(i, mean);
      sum += residual * residual;
      for (int a = 0; a < d; a++) {
        sum += x[i * d + a] * Gaussians.dot(covariance, a * d, x, i * d, d);
      }
    }
    return sum;
  }

  /** The variance of the noise. */
  public double noiseVariance() {
    return noiseVariance;
  }

  @Override
  public int dimension() {
    return d;
  }

  @Override
  public int terms() {
    return n;
  }

  private double residual(int i, double[] w) {
    return y[i] - Gaussians.dot(x, i * d, w, 0, d);
  }

  @Override
  public double gradient(double[] w, double[] gradient) {
    Arrays.fill(gradient, 0);
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double residual = residual(i, w);
      squares += residual * residual;
      Design.addRow(x, i, residual / noiseVariance, gradient);
    }
    for (int j = 0; j < d; j++) {
      gradient[j] -= w[j] / priorVariance;
    }
    return Gaussians.logIsotropic(squares, noiseVariance, n)
        + Gaussians.logIsotropic(Gaussians.squares(w), priorVariance, d);
  }

  @Override
  public void addGradient(int i, double[] w, double scale, double[] gradient) {
    Design.addRow(x, i, scale * residual(i, w) / noiseVariance, gradient);
    for (int j = 0; j < d; j++) {
      gradient[j] -= scale * w[j] / (n * priorVariance);
    }
  }

  @Override
  public double smoothness() {
    return Design.longestRow(x, d) / noiseVariance + 1 / (n * priorVariance);
  }

  @Override
  public void hessian(double[] w, double[] hessian) {
    double[] weights = new double[n];
    Arrays.fill(weights, 1 / noiseVariance);
    Design.negativeGram(x, weights, 1 / priorVariance, hessian);
  }

  /** The exact posterior: precision {@code XᵀX/σ² + I/priorVariance}. */
  public GaussianDensity posterior() {
    double[] precision = precision();
    Cholesky factor = Cholesky.of(precision, d);
    if (factor == null) {
      throw new ArithmeticException(
          "linear regression: the posterior's precision is not positive definite: standardise the"
              + " columns, or lower the prior variance");
    }
    double[] mean = new double[d];
    for (int i = 0; i < n; i++) {
      Design.addRow(x, i, y[i] / noiseVariance, mean);
    }
    factor.solve(mean);
    return GaussianDensity.ofPrecision(mean, precision);
  }

  /** The exact {@code log p(y)}, by {@code log p(y, w) − log p(w | y)} at the posterior's mean. */
  public double logEvidence() {
    GaussianDensity posterior = posterior();
    double[] mean = posterior.mean();
    return value(mean) - posterior.logDensity(mean);
  }

  private double[] precision() {
    double[] precision = new double[d * d];
    hessian(new double[d], precision);
    for (int i = 0; i < d * d; i++) {
      precision[i] = -precision[i];
    }
    return precision;
  }
}
