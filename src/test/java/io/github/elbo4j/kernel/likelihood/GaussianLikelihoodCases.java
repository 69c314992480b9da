package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** Cases of the Gaussian log-likelihood, in every form of the log-variance. */
final class GaussianLikelihoodCases {
  private enum Form {
    SCALAR,
    SHARED,
    PER_ROW
  }

  private GaussianLikelihoodCases() {}

  static List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (LikelihoodSizes s : LikelihoodSizes.all()) {
      for (Form form : Form.values()) {
        for (boolean pixels : new boolean[] {false, true}) {
          add(cases, s, forward(s, form, pixels));
          add(cases, s, backward(s, form, pixels, true, true));
          add(cases, s, backward(s, form, pixels, true, false));
        }
        add(cases, s, backward(s, form, false, false, true));
      }
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, LikelihoodSizes s, KernelCase c) {
    cases.add(s.hot() ? c.asHot() : c);
  }

  private static Tensor logVar(Fixture f, LikelihoodSizes s, Form form) {
    return switch (form) {
      case SCALAR -> f.uniform("logVar", -1, 1, 1);
      case SHARED -> f.uniform("logVar", -2, 2, s.n());
      case PER_ROW -> f.uniform("logVar", -3, 3, s.rows(), s.n());
    };
  }

  private static double logVarAt(Tensor logVar, int i) {
    return logVar.get(i % logVar.size());
  }

  /** Twice the square of the distance, at most: the data is within ±6, or in [0,1]. */
  private static double distance(Tensor mean, int i) {
    return Math.abs(mean.get(i)) + 6;
  }

  static Tensor ownLogVar(Fixture f, LikelihoodSizes s) {
    return logVar(f, s, Form.PER_ROW);
  }

  static Tensor ownGradient(Fixture f, LikelihoodSizes s, Tensor mean, Tensor logVar, Tensor g) {
    return dLogVar(f, s, Form.PER_ROW, mean, logVar, g);
  }

  /** Of logLik. */
  static Tolerance sums(LikelihoodSizes s, Tensor mean, Tensor logVar) {
    double[] terms = new double[s.rows()];
    for (int i = 0; i < mean.size(); i++) {
      double lv = logVarAt(logVar, i);
      double d = distance(mean, i);
      terms[i / s.n()] += 0.5 * (d * d * Math.exp(-lv) + Math.abs(lv) + 2);
    }
    return Tolerance.sum(terms);
  }

  private static KernelCase forward(LikelihoodSizes s, Form form, boolean pixels) {
    return KernelCase.of(
        pixels ? "likelihood.gaussianBytes" : "likelihood.gaussian",
        s + " " + form,
        f -> {
          Tensor mean = f.input("mean", s.rows(), s.n());
          Tensor x = f.input("x", s.b(), s.n());
          ByteTensor bytes = f.bytes("bytes", s.b(), s.n());
          Tensor logVar = logVar(f, s, form);
          Tensor logLik = f.output("logLik", sums(s, mean, logVar), s.rows());
          return k -> {
            if (pixels) {
              k.likelihood().gaussian(mean, bytes, logVar, logLik);
            } else {
              k.likelihood().gaussian(mean, x, logVar, logLik);
            }
          };
        });
  }

  private static KernelCase backward(
      LikelihoodSizes s, Form form, boolean pixels, boolean toMean, boolean toLogVar) {
    return KernelCase.of(
        pixels ? "likelihood.gaussianBytesBackward" : "likelihood.gaussianBackward",
        s + " " + form + (toMean ? " dMean" : "") + (toLogVar ? " dLogVar" : ""),
        f -> {
          Tensor mean = f.input("mean", s.rows(), s.n());
          Tensor x = f.input("x", s.b(), s.n());
          ByteTensor bytes = f.bytes("bytes", s.b(), s.n());
          Tensor logVar = logVar(f, s, form);
          Tensor g = f.input("g", s.rows());
          Tensor dMean =
              toMean ? f.accumulated("dMean", Tolerance.GRADIENT, s.rows(), s.n()) : null;
          Tensor dLogVar = toLogVar ? dLogVar(f, s, form, mean, logVar, g) : null;
          return k -> {
            if (pixels) {
              k.likelihood().gaussianBackward(mean, bytes, logVar, g, dMean, dLogVar);
            } else {
              k.likelihood().gaussianBackward(mean, x, logVar, g, dMean, dLogVar);
            }
          };
        });
  }

  /** The terms of a gradient to a shared log-variance may cancel, so its bound is of their sum. */
  private static Tensor dLogVar(
      Fixture f, LikelihoodSizes s, Form form, Tensor mean, Tensor logVar, Tensor g) {
    double[] terms = new double[logVar.size()];
    java.util.Arrays.fill(terms, 10); // what is accumulated to
    for (int i = 0; i < mean.size(); i++) {
      double d = distance(mean, i);
      double lv = logVarAt(logVar, i);
      terms[i % terms.length] += Math.abs(g.get(i / s.n())) * 0.5 * (d * d * Math.exp(-lv) + 1);
    }
    Tolerance sum = Tolerance.sum(terms);
    return switch (form) {
      case SCALAR -> f.accumulated("dLogVar", sum, 1);
      case SHARED -> f.accumulated("dLogVar", sum, s.n());
      case PER_ROW -> f.accumulated("dLogVar", sum, s.rows(), s.n());
    };
  }

  // ---- gradient checks of the reference ----

  private static final int B = 3;
  private static final int K = 4;
  private static final int N = 5;

  static List<GradCase> gradients() {
    return List.of(
        new GradCase("likelihood.gaussianBackward", "scalar", () -> check(1)),
        new GradCase("likelihood.gaussianBackward", "shared", () -> check(N)),
        new GradCase("likelihood.gaussianBytesBackward", "per row", () -> check(B * K * N)));
  }

  private static void check(int logVars) {
    double[] mean = GradCheck.random(1, B * K * N, 1);
    double[] x = GradCheck.random(2, B * N, 1);
    double[] logVar = GradCheck.random(3, logVars, 0.7);
    double[] g = GradCheck.random(4, B * K, 1);
    GradCheck.check(
        "dMean",
        mean,
        LikelihoodReference.gaussianToMean(mean, x, logVar, g, K, N),
        m -> GradCheck.dot(g, LikelihoodReference.gaussian(m, x, logVar, B * K, K, N)));
    GradCheck.check(
        "dLogVar",
        logVar,
        LikelihoodReference.gaussianToLogVar(mean, x, logVar, g, K, N),
        v -> GradCheck.dot(g, LikelihoodReference.gaussian(mean, x, v, B * K, K, N)));
  }
}
