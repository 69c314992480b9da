package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import java.util.ArrayList;
import java.util.List;

/** Gradient checks of the family's reference. */
final class CholeskyGradients {
  private CholeskyGradients() {}

  private static final int D = 6;
  private static final int M = 3;

  private static final double[] TO_L = GradCheck.random(1, D * D, 1);
  private static final double[] TO_X = GradCheck.random(2, D * M, 1);
  private static final double[] Y = GradCheck.random(3, D * M, 1);

  static List<GradCase> all() {
    List<GradCase> cases = new ArrayList<>();
    cases.add(new GradCase("cholesky.factorBackward", "symmetric", CholeskyGradients::factor));
    for (LinearSystem system : LinearSystem.values()) {
      cases.add(new GradCase("cholesky.solveBackward", system.name(), () -> solve(system)));
    }
    cases.add(new GradCase("cholesky.logDetBackward", "diagonal", CholeskyGradients::logDet));
    return cases;
  }

  private static double[] withDiagonal(double[] a, double added) {
    for (int i = 0; i < D; i++) {
      a[i * (D + 1)] = added + Math.abs(a[i * (D + 1)]);
    }
    return a;
  }

  /** The factor of ½(x + xᵀ). */
  private static double[] factorOf(double[] x) {
    double[] a = new double[D * D];
    for (int i = 0; i < D * D; i++) {
      a[i] = 0.5 * (x[i] + x[i % D * D + i / D]);
    }
    CholeskyReference.factor(a, D);
    return a;
  }

  /** A function of all of x through its symmetric part has the symmetric gradient. */
  private static void factor() {
    double[] x = withDiagonal(GradCheck.random(4, D * D, 1), 5);
    double[] dA = new double[D * D];
    CholeskyReference.factorBackward(factorOf(x), TO_L, D, dA);
    GradCheck.check("dA", x, dA, v -> GradCheck.dot(TO_L, factorOf(v)));
  }

  private static void solve(LinearSystem system) {
    double[] l = withDiagonal(GradCheck.random(5, D * D, 0.5), 1);
    double[] x = CholeskyReference.solve(system, l, Y, D, M);
    double[] dL = new double[D * D];
    double[] dY = new double[D * M];
    CholeskyReference.solveBackward(system, l, x, TO_X, D, M, dL, dY);
    GradCheck.check(
        "dL", l, dL, v -> GradCheck.dot(TO_X, CholeskyReference.solve(system, v, Y, D, M)));
    GradCheck.check(
        "dY", Y, dY, v -> GradCheck.dot(TO_X, CholeskyReference.solve(system, l, v, D, M)));
  }

  private static void logDet() {
    double[] l = withDiagonal(GradCheck.random(6, D * D, 1), 1);
    double[] dL = new double[D * D];
    CholeskyReference.logDetBackward(l, 1, D, dL);
    GradCheck.check("dL", l, dL, v -> CholeskyReference.logDet(v, D));
  }
}
