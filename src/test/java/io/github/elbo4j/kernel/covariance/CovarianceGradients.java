package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.covariance.CovarianceReference.Factors;
import io.github.elbo4j.kernel.covariance.CovarianceReference.Gradients;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Gradient checks of the family's reference. */
final class CovarianceGradients {
  private static final int B = 3;
  private static final int K = 4;
  private static final int D = 5;
  private static final int PACKED = D * (D - 1) / 2;

  private static final double[] MU = GradCheck.random(1, B * D, 1);
  private static final double[] LOG_SIGMA = GradCheck.random(2, B * D, 0.5);
  private static final double[] LOWER = GradCheck.random(3, B * PACKED, 0.7);
  private static final double[] EPS = GradCheck.random(4, B * K * D, 1);
  private static final double[] TO_Z = GradCheck.random(5, B * K * D, 1);
  private static final double[] TO_KL = GradCheck.random(6, B, 1);
  private static final double[] TO_LOG_Q = GradCheck.random(7, B * K, 1);
  private static final double[] TO_LOG_P = GradCheck.random(8, B * K, 1);
  private static final double[] X = GradCheck.random(9, B * K * D, 1);

  private CovarianceGradients() {}

  static List<GradCase> all() {
    return List.of(
        new GradCase("covariance.reparameterizeBackward", "pathwise", () -> sample(false)),
        new GradCase("covariance.reparameterizeBackward", "stl", () -> sample(true)),
        new GradCase("covariance.logDensityBackward", "packed", CovarianceGradients::packed),
        new GradCase("covariance.logDensityBackward", "full", CovarianceGradients::full),
        new GradCase("covariance.klBackward", "per point", () -> kl(B)),
        new GradCase("covariance.klBackward", "shared", () -> kl(1)));
  }

  private static Factors factors(double[] logSigma, double[] lower) {
    return Factors.packed(logSigma, lower, D);
  }

  /** Under stl the density keeps the parameters of the point it is taken at. */
  private static double objective(double[] mu, double[] logSigma, double[] lower, boolean stl) {
    Factors f = factors(logSigma, lower);
    Factors inDensity = stl ? factors(LOG_SIGMA, LOWER) : f;
    double[] z = CovarianceReference.sample(mu, f, EPS, K);
    double[] logQ = CovarianceReference.logDensity(z, stl ? MU : mu, inDensity, K);
    return GradCheck.dot(TO_Z, z)
        + GradCheck.dot(TO_KL, CovarianceReference.klToStandard(mu, f))
        + GradCheck.dot(TO_LOG_Q, logQ)
        + GradCheck.dot(TO_LOG_P, CovarianceReference.standardLogDensity(z, D));
  }

  private static void sample(boolean stl) {
    Factors f = factors(LOG_SIGMA, LOWER);
    double[] z = CovarianceReference.sample(MU, f, EPS, K);
    var up = new CovarianceReference.Upstream(TO_Z, TO_KL, TO_LOG_Q, TO_LOG_P);
    Gradients g = CovarianceReference.backward(MU, f, EPS, z, up, stl, K);
    GradCheck.check("dMu", MU, g.mu(), v -> objective(v, LOG_SIGMA, LOWER, stl));
    GradCheck.check(
        "dLogSigma", LOG_SIGMA, g.toLogSigma(f, true), v -> objective(MU, v, LOWER, stl));
    GradCheck.check("dLower", LOWER, g.toLower(D), v -> objective(MU, LOG_SIGMA, v, stl));
  }

  private static double density(double[] x, double[] mu, Factors f) {
    return GradCheck.dot(TO_LOG_Q, CovarianceReference.logDensity(x, mu, f, K));
  }

  private static void packed() {
    Factors f = factors(LOG_SIGMA, LOWER);
    double[] dX = new double[X.length];
    Gradients g = CovarianceReference.logDensityBackward(X, MU, f, TO_LOG_Q, K, dX);
    GradCheck.check("dX", X, dX, v -> density(v, MU, f));
    GradCheck.check("dMu", MU, g.mu(), v -> density(X, v, f));
    GradCheck.check(
        "dLogSigma", LOG_SIGMA, g.toLogSigma(f, true), v -> density(X, MU, factors(v, LOWER)));
    GradCheck.check("dLower", LOWER, g.toLower(D), v -> density(X, MU, factors(LOG_SIGMA, v)));
  }

  /** A full factor, with numbers above the diagonal that must not matter. */
  private static double[] fullFactor(long seed, int rows) {
    double[] l = GradCheck.random(seed, rows * D * D, 0.7);
    for (int p = 0; p < rows * D; p++) {
      l[p * D + p % D] = 0.7 + Math.abs(l[p * D + p % D]);
    }
    return l;
  }

  private static void full() {
    double[] l = fullFactor(10, B);
    Factors f = Factors.full(l, D);
    double[] dX = new double[X.length];
    Gradients g = CovarianceReference.logDensityBackward(X, MU, f, TO_LOG_Q, K, dX);
    GradCheck.check("dX", X, dX, v -> density(v, MU, f));
    GradCheck.check("dFactor", l, g.toFull(f), v -> density(X, MU, Factors.full(v, D)));
  }

  private static void kl(int rows) {
    double[] l1 = fullFactor(11, B);
    double[] l2 = fullFactor(12, rows);
    double[] mu2 = GradCheck.random(13, rows * D, 1);
    Factors f1 = Factors.full(l1, D);
    Factors f2 = Factors.full(l2, D);
    Gradients[] g = CovarianceReference.klBackward(MU, f1, mu2, f2, TO_KL);
    ToDoubleFunction<double[]> weigh = kl -> GradCheck.dot(TO_KL, kl);
    GradCheck.check(
        "dMu1", MU, g[0].mu(), v -> weigh.applyAsDouble(CovarianceReference.kl(v, f1, mu2, f2)));
    GradCheck.check(
        "dFactor1",
        l1,
        g[0].toFull(f1),
        v -> weigh.applyAsDouble(CovarianceReference.kl(MU, Factors.full(v, D), mu2, f2)));
    GradCheck.check(
        "dMu2", mu2, g[1].mu(), v -> weigh.applyAsDouble(CovarianceReference.kl(MU, f1, v, f2)));
    GradCheck.check(
        "dFactor2",
        l2,
        g[1].toFull(f2),
        v -> weigh.applyAsDouble(CovarianceReference.kl(MU, f1, mu2, Factors.full(v, D))));
  }
}
