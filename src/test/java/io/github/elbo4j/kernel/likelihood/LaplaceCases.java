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
import org.jspecify.annotations.Nullable;

/** Cases of the Laplace log-likelihood, in every form of the scale. */
final class LaplaceCases {
  private enum Form {
    SCALAR,
    SHARED,
    PER_ROW
  }

  private LaplaceCases() {}

  static List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (LikelihoodSizes s : LikelihoodSizes.all()) {
      for (Form form : Form.values()) {
        for (boolean pixels : new boolean[] {false, true}) {
          add(cases, s, forward(s, form, pixels));
          add(cases, s, backward(s, form, pixels, true, true));
          add(cases, s, backward(s, form, pixels, true, false));
        }
      }
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, LikelihoodSizes s, KernelCase c) {
    boolean hot = s.hot() && s.n() == 97 && c.label().endsWith("SHARED dMean dLogScale");
    hot |= s.hot() && s.n() == 97 && c.label().endsWith("PER_ROW");
    cases.add(hot ? c.asHot() : c);
  }

  private static Tensor logScale(Fixture f, LikelihoodSizes s, Form form) {
    return switch (form) {
      case SCALAR -> f.uniform("logScale", -1, 1, 1);
      case SHARED -> f.uniform("logScale", -2, 2, s.n());
      case PER_ROW -> f.uniform("logScale", -2, 2, s.rows(), s.n());
    };
  }

  private static double logScaleAt(Tensor logScale, int i) {
    return logScale.get(i % logScale.size());
  }

  /** The distance, at most: the data is within ±6, or in [0,1]. */
  private static double distance(Tensor mean, int i) {
    return Math.abs(mean.get(i)) + 6;
  }

  private static KernelCase forward(LikelihoodSizes s, Form form, boolean pixels) {
    return KernelCase.of(
        pixels ? "likelihood.laplaceBytes" : "likelihood.laplace",
        s + " " + form,
        f -> {
          Tensor mean = f.input("mean", s.rows(), s.n());
          Tensor x = f.input("x", s.b(), s.n());
          ByteTensor bytes = f.bytes("bytes", s.b(), s.n());
          Tensor logScale = logScale(f, s, form);
          double[] terms = new double[s.rows()];
          for (int i = 0; i < mean.size(); i++) {
            double ls = logScaleAt(logScale, i);
            double d = distance(mean, i);
            terms[i / s.n()] += d * Math.exp(-ls) + Math.abs(ls) + 1;
          }
          Tensor logLik = f.output("logLik", Tolerance.sum(terms), s.rows());
          return k -> {
            if (pixels) {
              k.likelihood().laplace(mean, bytes, logScale, logLik);
            } else {
              k.likelihood().laplace(mean, x, logScale, logLik);
            }
          };
        });
  }

  private static KernelCase backward(
      LikelihoodSizes s, Form form, boolean pixels, boolean toMean, boolean toLogScale) {
    return KernelCase.of(
        pixels ? "likelihood.laplaceBytesBackward" : "likelihood.laplaceBackward",
        s + " " + form + (toMean ? " dMean" : "") + (toLogScale ? " dLogScale" : ""),
        f -> {
          Tensor mean = f.input("mean", s.rows(), s.n());
          Tensor x = f.input("x", s.b(), s.n());
          ByteTensor bytes = f.bytes("bytes", s.b(), s.n());
          Tensor logScale = logScale(f, s, form);
          Tensor g = f.input("g", s.rows());
          Tensor dMean =
              toMean ? f.accumulated("dMean", Tolerance.GRADIENT, s.rows(), s.n()) : null;
          Tensor dLogScale = toLogScale ? dLogScale(f, s, form, mean, logScale, g) : null;
          return k -> {
            if (pixels) {
              k.likelihood().laplaceBackward(mean, bytes, logScale, g, dMean, dLogScale);
            } else {
              k.likelihood().laplaceBackward(mean, x, logScale, g, dMean, dLogScale);
            }
          };
        });
  }

  /** The terms of a gradient to a shared scale may cancel, so its bound is of their sum. */
  private static @Nullable Tensor dLogScale(
      Fixture f, LikelihoodSizes s, Form form, Tensor mean, Tensor logScale, Tensor g) {
    double[] terms = new double[logScale.size()];
    java.util.Arrays.fill(terms, 10); // what is accumulated to
    for (int i = 0; i < mean.size(); i++) {
      double d = distance(mean, i);
      double ls = logScaleAt(logScale, i);
      terms[i % terms.length] += Math.abs(g.get(i / s.n())) * (d * Math.exp(-ls) + 1);
    }
    Tolerance sum = Tolerance.sum(terms);
    return switch (form) {
      case SCALAR -> f.accumulated("dLogScale", sum, 1);
      case SHARED -> f.accumulated("dLogScale", sum, s.n());
      case PER_ROW -> f.accumulated("dLogScale", sum, s.rows(), s.n());
    };
  }

  // ---- gradient checks of the reference ----

  private static final int B = 3;
  private static final int K = 4;
  private static final int N = 5;

  static List<GradCase> gradients() {
    return List.of(
        new GradCase("likelihood.laplaceBackward", "scalar", () -> check(1)),
        new GradCase("likelihood.laplaceBackward", "shared", () -> check(N)),
        new GradCase("likelihood.laplaceBytesBackward", "per row", () -> check(B * K * N)));
  }

  private static void check(int logScales) {
    double[] mean = GradCheck.random(1, B * K * N, 1);
    double[] x = GradCheck.random(2, B * N, 1);
    double[] logScale = GradCheck.random(3, logScales, 0.7);
    double[] g = GradCheck.random(4, B * K, 1);
    GradCheck.check(
        "dMean",
        mean,
        LikelihoodReference.laplaceToMean(mean, x, logScale, g, K, N),
        m -> GradCheck.dot(g, LikelihoodReference.laplace(m, x, logScale, B * K, K, N)));
    GradCheck.check(
        "dLogScale",
        logScale,
        LikelihoodReference.laplaceToLogScale(mean, x, logScale, g, K, N),
        v -> GradCheck.dot(g, LikelihoodReference.laplace(mean, x, v, B * K, K, N)));
  }
}
