package io.github.elbo4j.vi.fit;

/**
 * The Laplace approximation: the Gaussian with the mode of the log joint as its mean and the
 * inverse of the <em>negative</em> Hessian there as its covariance, and the evidence that belongs
 * to it, {@code log p(x) ≈ log p(x, θ̂) + ½ D log 2π − ½ log det(−H)} (MacKay, "Information theory,
 * inference and learning algorithms", 2003, ch. 27). Exact for a Gaussian posterior; of several
 * modes it sees one.
 *
 * @param q the approximation
 * @param logEvidence the approximate log p(x)
 * @param mode how the mode was found
 */
public record Laplace(GaussianDensity q, double logEvidence, Newton.Mode mode) {
  /**
   * Climbs from {@code start} and approximates there.
   *
   * @throws ArithmeticException the log joint has no maximum where the climb ended
   */
  public static Laplace fit(LogJoint target, double[] start, int iterations, double tolerance) {
    return at(Newton.climb(target, start, iterations, tolerance));
  }

  /**
   * Approximates at a mode.
   *
   * @throws ArithmeticException the Hessian there is not negative definite
   */
  public static Laplace at(Newton.Mode mode) {
    int d = mode.theta().length;
    Cholesky factor = Cholesky.of(mode.precision(), d);
    if (factor == null) {
      throw new ArithmeticException(
          "log p(x, θ) has no maximum where the climb ended: its Hessian there is not negative"
              + " definite, so there is no Laplace approximation");
    }
    double logEvidence = mode.logJoint() + 0.5 * d * Gaussians.LOG_2_PI - 0.5 * factor.logDet();
    return new Laplace(
        GaussianDensity.ofPrecision(mode.theta(), mode.precision()), logEvidence, mode);
  }
}
