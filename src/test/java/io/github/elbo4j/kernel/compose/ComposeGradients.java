package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The gradients of {@link ComposeReference} against differences of its outputs. */
final class ComposeGradients {
  private static final int N = 9;

  private ComposeGradients() {}

  static List<GradCase> all() {
    return List.of(
        new GradCase("compose.addColumnsBackward", "samples", ComposeGradients::columns),
        new GradCase("compose.addRowSumsBackward", "rows", ComposeGradients::rowSums),
        new GradCase("compose.mergeGaussiansBackward", "both", () -> merge(true, true)),
        new GradCase("compose.mergeGaussiansBackward", "mu", () -> merge(true, false)),
        new GradCase("compose.mergeGaussiansBackward", "logVar", () -> merge(false, true)),
        new GradCase("compose.covariancePenaltyBackward", "both", ComposeGradients::penalty));
  }

  private static void columns() {
    int points = 3;
    int k = 4;
    double[] from = GradCheck.random(1, points * 5, 1);
    double[] dTo = GradCheck.random(2, points * k * 7, 1);
    GradCheck.check(
        "dFrom",
        from,
        ComposeReference.columnsGradient(dTo, 5, 1, k, 7, 3, 3),
        x -> GradCheck.dot(dTo, ComposeReference.columns(x, 5, 1, k, 7, 3, 3)));
  }

  private static void rowSums() {
    double[] dy = GradCheck.random(3, 4, 1);
    GradCheck.check(
        "dx",
        GradCheck.random(4, 4 * 5, 1),
        ComposeReference.rowSumsGradient(dy, 5),
        x -> GradCheck.dot(dy, ComposeReference.rowSums(x, 4)));
  }

  /** The four parameters as one vector. */
  private static void merge(boolean withMu, boolean withLogVar) {
    double @Nullable [] dMu = withMu ? GradCheck.random(5, N, 1) : null;
    double @Nullable [] dLogVar = withLogVar ? GradCheck.random(6, N, 1) : null;
    double[] x = GradCheck.random(7, 4 * N, 1.5);
    Function<Integer, double[]> part = i -> Arrays.copyOfRange(x, i * N, (i + 1) * N);
    ComposeReference.Pair g =
        ComposeReference.mergeGradient(
            part.apply(0), part.apply(1), part.apply(2), part.apply(3), dMu, dLogVar);
    double[] gradient = new double[4 * N];
    System.arraycopy(g.first().mu(), 0, gradient, 0, N);
    System.arraycopy(g.first().logVar(), 0, gradient, N, N);
    System.arraycopy(g.second().mu(), 0, gradient, 2 * N, N);
    System.arraycopy(g.second().logVar(), 0, gradient, 3 * N, N);
    GradCheck.check("merged", x, gradient, all -> objective(all, dMu, dLogVar));
  }

  private static double objective(
      double[] x, double @Nullable [] dMu, double @Nullable [] dLogVar) {
    ComposeReference.Gaussian merged =
        ComposeReference.merge(
            Arrays.copyOfRange(x, 0, N),
            Arrays.copyOfRange(x, N, 2 * N),
            Arrays.copyOfRange(x, 2 * N, 3 * N),
            Arrays.copyOfRange(x, 3 * N, 4 * N));
    return (dMu == null ? 0 : GradCheck.dot(dMu, merged.mu()))
        + (dLogVar == null ? 0 : GradCheck.dot(dLogVar, merged.logVar()));
  }

  private static void penalty() {
    double[] mu = GradCheck.random(8, 6 * 4, 1);
    GradCheck.check(
        "dMu",
        mu,
        ComposeReference.penaltyGradient(mu, 6, 4, 0.7, 1.3, -0.6),
        x -> -0.6 * ComposeReference.penalty(x, 6, 4, 0.7, 1.3));
  }
}
