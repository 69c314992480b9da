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

/** Cases of the continuous Bernoulli. */
final class ContinuousBernoulliCases {
  private ContinuousBernoulliCases() {}

  static List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (LikelihoodSizes s : LikelihoodSizes.all()) {
      for (boolean pixels : new boolean[] {false, true}) {
        for (KernelCase c : List.of(forward(s, pixels), backward(s, pixels))) {
          cases.add(s.hot() && s.n() == 97 ? c.asHot() : c);
        }
      }
    }
    return cases;
  }

  /** Some next to 0, where the normaliser is a series. */
  private static Tensor logits(Fixture f, LikelihoodSizes s) {
    Tensor l = f.uniform("logits", -12, 12, s.rows(), s.n());
    for (int i = 0; i < l.size(); i += 3) {
      l.array()[l.offset() + i] *= i % 2 == 0 ? 0.1f : 1e-6f;
    }
    return l;
  }

  private static KernelCase forward(LikelihoodSizes s, boolean pixels) {
    return KernelCase.of(
        pixels ? "likelihood.continuousBernoulliBytes" : "likelihood.continuousBernoulli",
        s.toString(),
        f -> {
          Tensor logits = logits(f, s);
          Tensor x = f.uniform("x", 0, 1, s.b(), s.n());
          ByteTensor bytes = f.bytes("bytes", s.b(), s.n());
          double[] terms = new double[s.rows()];
          for (int i = 0; i < logits.size(); i++) {
            terms[i / s.n()] += Math.abs(logits.get(i)) + 3;
          }
          Tensor logLik = f.output("logLik", Tolerance.sum(terms), s.rows());
          return k -> {
            if (pixels) {
              k.likelihood().continuousBernoulli(logits, bytes, logLik);
            } else {
              k.likelihood().continuousBernoulli(logits, x, logLik);
            }
          };
        });
  }

  private static KernelCase backward(LikelihoodSizes s, boolean pixels) {
    return KernelCase.of(
        pixels
            ? "likelihood.continuousBernoulliBytesBackward"
            : "likelihood.continuousBernoulliBackward",
        s.toString(),
        f -> {
          Tensor logits = logits(f, s);
          Tensor x = f.uniform("x", 0, 1, s.b(), s.n());
          ByteTensor bytes = f.bytes("bytes", s.b(), s.n());
          Tensor g = f.input("g", s.rows());
          Tensor dLogits = f.accumulated("dLogits", Tolerance.ELEMENT, s.rows(), s.n());
          return k -> {
            if (pixels) {
              k.likelihood().continuousBernoulliBackward(logits, bytes, g, dLogits);
            } else {
              k.likelihood().continuousBernoulliBackward(logits, x, g, dLogits);
            }
          };
        });
  }

  private static final int B = 3;
  private static final int K = 4;
  private static final int N = 5;

  static List<GradCase> gradients() {
    return List.of(
        new GradCase("likelihood.continuousBernoulliBackward", "wide", () -> check(3)),
        new GradCase("likelihood.continuousBernoulliBytesBackward", "near 0", () -> check(0.3)));
  }

  private static void check(double spread) {
    double[] logits = GradCheck.random(1, B * K * N, spread);
    double[] x = GradCheck.random(2, B * N, 1);
    for (int i = 0; i < x.length; i++) {
      x[i] = 1 / (1 + Math.exp(-x[i]));
    }
    double[] g = GradCheck.random(3, B * K, 1);
    GradCheck.check(
        "dLogits",
        logits,
        LikelihoodReference.continuousBernoulliBackward(logits, x, g, K, N),
        l -> GradCheck.dot(g, LikelihoodReference.continuousBernoulli(l, x, B * K, K, N)));
  }
}
