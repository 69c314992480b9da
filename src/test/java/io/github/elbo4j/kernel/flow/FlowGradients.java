package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.testkit.GradCheck.dot;
import static io.github.elbo4j.testkit.GradCheck.random;

import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import java.util.List;

/** Gradient checks of the family's reference. */
final class FlowGradients {
  private FlowGradients() {}

  private static final int D = 5;
  private static final int R = 6;
  private static final int S = 3;

  private static final double[] Z = random(1, R * D, 1);
  private static final double[] TO_Z = random(2, R * D, 1);
  private static final double[] TO_LOG_DET = random(3, R, 1);

  static List<GradCase> all() {
    return List.of(
        new GradCase("flow.planarBackward", "shared", () -> planar(R)),
        new GradCase("flow.planarBackward", "amortised", () -> planar(2)),
        new GradCase("flow.radialBackward", "shared", () -> radial(R)),
        new GradCase("flow.radialBackward", "amortised", () -> radial(2)),
        new GradCase("flow.householderBackward", "shared", () -> householder(R, false)),
        new GradCase("flow.householderBackward", "amortised", () -> householder(2, true)));
  }

  private static double planar(double[] z, double[] u, double[] w, double[] b, int k) {
    double[] logDet = new double[R];
    double[][] path = PlanarReference.forward(z, u, w, b, S, k, D, logDet);
    return dot(TO_Z, path[S]) + dot(TO_LOG_DET, logDet);
  }

  private static void planar(int k) {
    int units = R / k * S;
    double[] u = random(4, units * D, 0.8);
    double[] w = random(5, units * D, 0.8);
    double[] b = random(6, units, 0.8);
    double[] du = new double[units * D];
    double[] dw = new double[units * D];
    double[] db = new double[units];
    double[] dz = PlanarReference.backward(Z, u, w, b, S, k, D, TO_Z, TO_LOG_DET, du, dw, db);
    GradCheck.check("dz", Z, dz, x -> planar(x, u, w, b, k));
    GradCheck.check("du", u, du, x -> planar(Z, x, w, b, k));
    GradCheck.check("dw", w, dw, x -> planar(Z, u, x, b, k));
    GradCheck.check("db", b, db, x -> planar(Z, u, w, x, k));
  }

  private static double radial(double[] z, double[] z0, double[] alpha, double[] beta, int k) {
    double[] logDet = new double[R];
    double[] out = RadialReference.forward(z, z0, alpha, beta, k, D, logDet);
    return dot(TO_Z, out) + dot(TO_LOG_DET, logDet);
  }

  private static void radial(int k) {
    int points = R / k;
    double[] z0 = random(7, points * D, 1);
    double[] alpha = random(8, points, 1);
    double[] beta = random(9, points, 1);
    double[] dz = new double[R * D];
    double[] dz0 = new double[points * D];
    double[] dAlpha = new double[points];
    double[] dBeta = new double[points];
    RadialReference.backward(Z, z0, alpha, beta, k, D, TO_Z, TO_LOG_DET, dz, dz0, dAlpha, dBeta);
    GradCheck.check("dz", Z, dz, x -> radial(x, z0, alpha, beta, k));
    GradCheck.check("dz0", z0, dz0, x -> radial(Z, x, alpha, beta, k));
    GradCheck.check("dAlphaHat", alpha, dAlpha, x -> radial(Z, z0, x, beta, k));
    GradCheck.check("dBetaHat", beta, dBeta, x -> radial(Z, z0, alpha, x, k));
  }

  private static double[] reflected(double[] z, double[] v, int k, boolean lastFirst) {
    double[] x = z.clone();
    HouseholderReference.reflect(x, v, S, k, D, lastFirst);
    return x;
  }

  private static void householder(int k, boolean lastFirst) {
    double[] v = random(10, R / k * S * D, 1);
    double[] dv = new double[v.length];
    double[] dz = TO_Z.clone();
    HouseholderReference.backward(reflected(Z, v, k, lastFirst), v, S, k, D, lastFirst, dz, dv);
    GradCheck.check("dz", Z, dz, x -> dot(TO_Z, reflected(x, v, k, lastFirst)));
    GradCheck.check("dv", v, dv, x -> dot(TO_Z, reflected(Z, x, k, lastFirst)));
  }
}
