package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Gradient checks of the family's reference. */
final class GaussianGradients {
  private GaussianGradients() {}

  private static final int B = 3;
  private static final int K = 4;
  private static final int D = 5;

  private static final double[] MU = GradCheck.random(1, B * D, 1);
  private static final double[] LOG_VAR = GradCheck.random(2, B * D, 0.7);
  private static final double[] EPS = GradCheck.random(3, B * K * D, 1);
  private static final double[] TO_Z = GradCheck.random(4, B * K * D, 1);
  private static final double[] TO_KL = GradCheck.random(5, B, 1);
  private static final double[] TO_PER_DIM = GradCheck.random(6, B * D, 1);
  private static final double[] TO_LOG_Q = GradCheck.random(7, B * K, 1);
  private static final double[] TO_LOG_P = GradCheck.random(8, B * K, 1);

  static List<GradCase> all() {
    return List.of(
        new GradCase(
            "gaussian.reparameterizeBackward", "pathwise", () -> reparameterizeGradient(false)),
        new GradCase("gaussian.reparameterizeBackward", "stl", () -> reparameterizeGradient(true)),
        new GradCase("gaussian.klToPriorBackward", "per point", () -> priorGradient(B)),
        new GradCase("gaussian.klToPriorBackward", "shared", () -> priorGradient(1)),
        new GradCase(
            "gaussian.clampLogVarBackward", "both bounds", GaussianGradients::clampGradient));
  }

  /**
   * Weighted sum of all outputs; under stl the density keeps the parameters of the point it is
   * taken at.
   */
  private static double objective(double[] mu, double[] logVar, boolean stl) {
    double[] z = GaussianReference.sample(mu, logVar, EPS, K, D);
    double[] perDim = GaussianReference.klPerDim(mu, logVar);
    double[] kl = new double[B];
    GaussianReference.rowSums(perDim, D, kl);
    double[] logQ = new double[B * K];
    for (int i = 0; i < z.length; i++) {
      int p = i / D / K * D + i % D;
      double m = stl ? MU[p] : mu[p];
      double lv = stl ? LOG_VAR[p] : logVar[p];
      double e = (z[i] - m) * Math.exp(-0.5 * lv);
      logQ[i / D] -= 0.5 * (e * e + Math.log(2 * Math.PI) + lv);
    }
    return GradCheck.dot(TO_Z, z)
        + GradCheck.dot(TO_KL, kl)
        + GradCheck.dot(TO_PER_DIM, perDim)
        + GradCheck.dot(TO_LOG_Q, logQ)
        + GradCheck.dot(TO_LOG_P, GaussianReference.logP(z, D));
  }

  private static void reparameterizeGradient(boolean stl) {
    double[] dMu = new double[B * D];
    double[] dLogVar = new double[B * D];
    var up = new GaussianReference.Upstream(TO_Z, TO_KL, TO_PER_DIM, TO_LOG_Q, TO_LOG_P);
    double[] z = GaussianReference.sample(MU, LOG_VAR, EPS, K, D);
    GaussianReference.backward(MU, LOG_VAR, z, up, stl, K, D, dMu, dLogVar);
    GradCheck.check("dMu", MU, dMu, x -> objective(x, LOG_VAR, stl));
    GradCheck.check("dLogVar", LOG_VAR, dLogVar, x -> objective(MU, x, stl));
  }

  private static void priorGradient(int rows) {
    double[] priorMu = GradCheck.random(9, rows * D, 1);
    double[] priorLogVar = GradCheck.random(10, rows * D, 0.5);
    double[] dMu = new double[B * D];
    double[] dLogVar = new double[B * D];
    double[] dPriorMu = new double[rows * D];
    double[] dPriorLogVar = new double[rows * D];
    var up = new GaussianReference.Upstream(null, TO_KL, TO_PER_DIM, null, null);
    GaussianReference.klToPriorBackward(
        MU, LOG_VAR, priorMu, priorLogVar, up, D, dMu, dLogVar, dPriorMu, dPriorLogVar);
    ToDoubleFunction<double[]> weigh =
        perDim -> {
          double[] kl = new double[B];
          GaussianReference.rowSums(perDim, D, kl);
          return GradCheck.dot(TO_KL, kl) + GradCheck.dot(TO_PER_DIM, perDim);
        };
    GradCheck.check("dMu", MU, dMu, x -> weigh.applyAsDouble(kl(x, LOG_VAR, priorMu, priorLogVar)));
    GradCheck.check(
        "dLogVar", LOG_VAR, dLogVar, x -> weigh.applyAsDouble(kl(MU, x, priorMu, priorLogVar)));
    GradCheck.check(
        "dPriorMu", priorMu, dPriorMu, x -> weigh.applyAsDouble(kl(MU, LOG_VAR, x, priorLogVar)));
    GradCheck.check(
        "dPriorLogVar",
        priorLogVar,
        dPriorLogVar,
        x -> weigh.applyAsDouble(kl(MU, LOG_VAR, priorMu, x)));
  }

  private static double[] kl(double[] mu, double[] logVar, double[] priorMu, double[] priorLogVar) {
    return GaussianReference.klToPriorPerDim(mu, logVar, priorMu, priorLogVar);
  }

  private static void clampGradient() {
    double[] raw = {-3, -0.9, 0.2, 0.99, 2};
    double[] slopes = new double[raw.length];
    for (int i = 0; i < raw.length; i++) {
      slopes[i] = GaussianReference.clampSlope(raw[i], -1, 1);
    }
    GradCheck.check(
        "dRaw",
        raw,
        slopes,
        x -> {
          double sum = 0;
          for (double v : x) {
            sum += GaussianReference.clamp(v, -1, 1);
          }
          return sum;
        });
  }
}
