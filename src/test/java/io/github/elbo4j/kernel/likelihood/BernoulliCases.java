package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** Cases of the Bernoulli log-likelihood. */
final class BernoulliCases {
  private BernoulliCases() {}

  static List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (LikelihoodSizes s : LikelihoodSizes.all()) {
      add(cases, s, floats(s));
      add(cases, s, floatsBackward(s));
      for (boolean drawn : new boolean[] {false, true}) {
        add(cases, s, bytes(s, drawn));
        add(cases, s, bytesBackward(s, drawn));
      }
      for (int bad : new int[] {-1, 0, s.n() - 1, s.b() * s.n() - 1}) {
        if (bad < s.b() * s.n()) {
          KernelCase c = outside(s, bad);
          cases.add(s.hot() && bad == -1 ? c.asHot() : c);
        }
      }
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, LikelihoodSizes s, KernelCase c) {
    cases.add(s.hot() ? c.asHot() : c);
  }

  static NoiseKey noise() {
    return new NoiseKey(12, 9).at(3);
  }

  static Tensor logits(Fixture f, LikelihoodSizes s) {
    return f.uniform("logits", -12, 12, s.rows(), s.n());
  }

  /**
   * Σ_n ( |l| + 1 ), which bounds |x·l − softplus(l)|, and leaves room for the two roundings of a
   * factor in a lane's product: they move its logarithm by 2ε.
   */
  static Tolerance sums(Tensor logits) {
    double[] terms = new double[logits.rows()];
    for (int i = 0; i < logits.size(); i++) {
      terms[i / logits.columns()] += Math.abs(logits.get(i)) + 1;
    }
    return Tolerance.sum(terms);
  }

  private static KernelCase floats(LikelihoodSizes s) {
    return KernelCase.of(
        "likelihood.bernoulli",
        s.toString(),
        f -> {
          Tensor logits = logits(f, s);
          Tensor x = f.uniform("x", 0, 1, s.b(), s.n());
          Tensor logLik = f.output("logLik", sums(logits), s.rows());
          return k -> k.likelihood().bernoulli(logits, x, logLik);
        });
  }

  private static KernelCase floatsBackward(LikelihoodSizes s) {
    return KernelCase.of(
        "likelihood.bernoulliBackward",
        s.toString(),
        f -> {
          Tensor logits = logits(f, s);
          Tensor x = f.uniform("x", 0, 1, s.b(), s.n());
          Tensor g = f.input("g", s.rows());
          Tensor dLogits = f.accumulated("dLogits", Tolerance.ELEMENT, s.rows(), s.n());
          return k -> k.likelihood().bernoulliBackward(logits, x, g, dLogits);
        });
  }

  private static KernelCase bytes(LikelihoodSizes s, boolean drawn) {
    return KernelCase.of(
        "likelihood.bernoulliBytes",
        s + (drawn ? " drawn" : ""),
        f -> {
          Tensor logits = logits(f, s);
          ByteTensor x = f.bytes("x", s.b(), s.n());
          Tensor logLik = f.output("logLik", sums(logits), s.rows());
          NoiseKey key = noise();
          return k -> {
            if (drawn) {
              k.likelihood().bernoulli(logits, x, key, logLik);
            } else {
              k.likelihood().bernoulli(logits, x, logLik);
            }
          };
        });
  }

  private static KernelCase bytesBackward(LikelihoodSizes s, boolean drawn) {
    return KernelCase.of(
        "likelihood.bernoulliBytesBackward",
        s + (drawn ? " drawn" : ""),
        f -> {
          Tensor logits = logits(f, s);
          ByteTensor x = f.bytes("x", s.b(), s.n());
          Tensor g = f.input("g", s.rows());
          Tensor dLogits = f.accumulated("dLogits", Tolerance.ELEMENT, s.rows(), s.n());
          NoiseKey key = noise();
          return k -> {
            if (drawn) {
              k.likelihood().bernoulliBackward(logits, x, key, g, dLogits);
            } else {
              k.likelihood().bernoulliBackward(logits, x, g, dLogits);
            }
          };
        });
  }

  /** The index of a bad element among good ones; for −1 there is none, but a NaN. */
  private static KernelCase outside(LikelihoodSizes s, int bad) {
    return KernelCase.of(
        "likelihood.firstOutsideUnit",
        s + " at " + bad,
        f -> {
          Tensor x = f.uniform("x", 0, 1, s.b(), s.n());
          Tensor index = f.integers("index", 1);
          if (bad < 0 && x.size() > 2) {
            x.array()[x.offset() + x.size() / 2] = Float.NaN;
          }
          if (bad >= 0) {
            x.array()[x.offset() + bad] = bad % 2 == 0 ? 1.0001f : -1e-10f;
          }
          return k -> index.array()[index.offset()] = k.likelihood().doFirstOutsideUnit(x);
        });
  }

  // ---- gradient checks of the reference ----

  private static final int B = 3;
  private static final int K = 4;
  private static final int N = 5;

  static List<GradCase> gradients() {
    return List.of(
        new GradCase("likelihood.bernoulliBackward", "x in (0,1)", () -> check(false)),
        new GradCase("likelihood.bernoulliBytesBackward", "binary x", () -> check(true)));
  }

  private static void check(boolean binary) {
    double[] logits = GradCheck.random(1, B * K * N, 3);
    double[] x = GradCheck.random(2, B * N, 1);
    for (int i = 0; i < x.length; i++) {
      double p = 1 / (1 + Math.exp(-x[i]));
      x[i] = binary ? Math.round(p) : p;
    }
    double[] g = GradCheck.random(3, B * K, 1);
    GradCheck.check(
        "dLogits",
        logits,
        LikelihoodReference.bernoulliBackward(logits, x, g, K, N),
        l -> GradCheck.dot(g, LikelihoodReference.bernoulli(l, x, B * K, K, N)));
  }
}
