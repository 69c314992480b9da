package io.github.elbo4j.vi.fit;

/** N(μ, L·Lᵀ) in double. */
public final class GaussianDensity implements Density {
  private final double[] mean;
  private final double[] factor;

  /**
   * @param mean D elements
   * @param factor L, [D,D] row-major, 0 above its diagonal, which is positive
   */
  GaussianDensity(double[] mean, double[] factor) {
    this.mean = mean;
    this.factor = factor;
  }

  /** Independent dimensions. */
  public static GaussianDensity diagonal(double[] mean, double[] sd) {
    int d = mean.length;
    double[] factor = new double[d * d];
    for (int i = 0; i < d; i++) {
      factor[i * d + i] = sd[i];
    }
    return new GaussianDensity(mean.clone(), factor);
  }

  /**
   * N(mean, precision⁻¹).
   *
   * @throws ArithmeticException the precision is not positive definite
   */
  public static GaussianDensity ofPrecision(double[] mean, double[] precision) {
    int d = mean.length;
    Cholesky inverse = Cholesky.of(precision, d);
    Cholesky covariance = inverse == null ? null : Cholesky.of(inverse.inverse(), d);
    if (covariance == null) {
      throw new ArithmeticException("the precision of a Gaussian is not positive definite");
    }
    return new GaussianDensity(mean.clone(), covariance.factor());
  }

  @Override
  public int dimension() {
    return mean.length;
  }

  /** {@code θ = μ + L·ε}. */
  void at(double[] eps, double[] theta) {
    int d = mean.length;
    for (int i = 0; i < d; i++) {
      double sum = mean[i];
      for (int j = 0; j <= i; j++) {
        sum += factor[i * d + j] * eps[j];
      }
      theta[i] = sum;
    }
  }

  @Override
  public void sample(Draws draws, double[] theta) {
    double[] eps = new double[mean.length];
    draws.normals(eps);
    at(eps, theta);
  }

  @Override
  public double logDensity(double[] theta) {
    int d = mean.length;
    double[] eps = new double[d];
    double sum = 0;
    for (int i = 0; i < d; i++) {
      eps[i] = theta[i] - mean[i];
      for (int j = 0; j < i; j++) {
        eps[i] -= factor[i * d + j] * eps[j];
      }
      eps[i] /= factor[i * d + i];
      sum -= 0.5 * (eps[i] * eps[i] + Gaussians.LOG_2_PI) + Math.log(factor[i * d + i]);
    }
    return sum;
  }

  @Override
  public double[] mean() {
    return mean.clone();
  }

  @Override
  public double[] sd() {
    int d = mean.length;
    double[] sd = new double[d];
    for (int i = 0; i < d; i++) {
      double sum = 0;
      for (int j = 0; j <= i; j++) {
        sum += factor[i * d + j] * factor[i * d + j];
      }
      sd[i] = Math.sqrt(sum);
    }
    return sd;
  }

  /** {@code L·Lᵀ}, [D,D]. */
  public double[] covariance() {
    int d = mean.length;
    double[] covariance = new double[d * d];
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        for (int k = 0; k <= Math.min(i, j); k++) {
          covariance[i * d + j] += factor[i * d + k] * factor[j * d + k];
        }
      }
    }
    return covariance;
  }

  /** L, [D,D]: this object's own array. */
  double[] factor() {
    return factor;
  }

  /** The ratio of the volumes: {@code log det L}. */
  double logDetFactor() {
    double sum = 0;
    for (int i = 0; i < factor.length; i += mean.length + 1) {
      sum += Math.log(factor[i]);
    }
    return sum;
  }
}
