package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.discrete.ConcreteCases.Sizes;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Cases of {@link CategoricalKernels}. */
public final class CategoricalCases implements FamilyCases {
  private static final float INF = Float.POSITIVE_INFINITY;

  /** Bound on |log p|: logits are normal numbers, at most START each, and log C. */
  private static double logs(Sizes s) {
    return 2 * ConcreteCases.START + Math.log(s.c());
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : ConcreteCases.sizes()) {
      boolean hot = (s.n() == 97 && s.c() == 3) || (s.n() == 20 && s.b() == 64);
      for (boolean flag : new boolean[] {false, true}) {
        List<KernelCase> of = new ArrayList<>();
        of.add(logProb(s, flag));
        of.add(logProbBackward(s, flag));
        of.add(kl(s, flag));
        of.add(klBackward(s, flag));
        of.add(marginalize(s, flag));
        of.add(marginalizeBackward(s, flag));
        if (flag) {
          of.add(entropy(s));
          of.add(entropyBackward(s));
        }
        of.forEach(c -> cases.add(hot && flag ? c.asHot() : c));
      }
    }
    cases.add(edgesOfLogits());
    cases.add(edgesOfSums());
    return cases;
  }

  private static double[] each(int n, double terms) {
    double[] all = new double[n];
    Arrays.fill(all, terms);
    return all;
  }

  private static Tolerance gradient(int n, double terms) {
    return Tolerance.sum(each(n, ConcreteCases.START + terms));
  }

  private static KernelCase logProb(Sizes s, boolean soft) {
    return KernelCase.of(
        "categorical.logProb",
        s + (soft ? " of weights" : " of categories"),
        f -> {
          Tensor logits = f.input("logits", s.b(), s.columns());
          Tensor index = ConcreteCases.index(f, s);
          Tensor weights = f.input("weights", s.rows(), s.columns());
          double terms = s.n() * logs(s) * (soft ? s.c() : 1);
          Tensor out = f.output("logProb", Tolerance.sum(each(s.rows(), terms)), s.rows());
          return k -> {
            if (soft) {
              k.categorical().logProbOfWeights(logits, s.c(), weights, out);
            } else {
              k.categorical().logProb(logits, s.c(), index, out);
            }
          };
        });
  }

  private static KernelCase logProbBackward(Sizes s, boolean soft) {
    return KernelCase.of(
        "categorical.logProbBackward",
        s + (soft ? " of weights" : " of categories"),
        f -> {
          Tensor logits = f.input("logits", s.b(), s.columns());
          Tensor index = ConcreteCases.index(f, s);
          Tensor weights = f.input("weights", s.rows(), s.columns());
          Tensor up = f.input("dLogProb", s.rows());
          double terms = s.k() * ConcreteCases.START * (soft ? 2 + 2 * s.c() : 2);
          Tensor dLogits =
              f.accumulated("dLogits", gradient(logits.size(), terms), s.b(), s.columns());
          Tolerance logP = gradient(weights.size(), ConcreteCases.START * logs(s));
          Tensor dWeights = f.accumulated("dWeights", logP, s.rows(), s.columns());
          return k -> {
            if (soft) {
              k.categorical()
                  .logProbOfWeightsBackward(logits, s.c(), weights, up, dLogits, dWeights);
            } else {
              k.categorical().logProbBackward(logits, s.c(), index, up, dLogits);
            }
          };
        });
  }

  private static KernelCase entropy(Sizes s) {
    return KernelCase.of(
        "categorical.entropy",
        s.toString(),
        f -> {
          Tensor logits = f.input("logits", s.rows(), s.columns());
          Tolerance sum = Tolerance.sum(each(s.rows(), s.n() * 2 * logs(s)));
          Tensor out = f.output("entropy", sum, s.rows());
          return k -> k.categorical().entropy(logits, s.c(), out);
        });
  }

  private static KernelCase entropyBackward(Sizes s) {
    return KernelCase.of(
        "categorical.entropyBackward",
        s.toString(),
        f -> {
          Tensor logits = f.input("logits", s.rows(), s.columns());
          Tensor up = f.input("dEntropy", s.rows());
          Tolerance sum = gradient(logits.size(), ConcreteCases.START * 2 * logs(s));
          Tensor dLogits = f.accumulated("dLogits", sum, s.rows(), s.columns());
          return k -> k.categorical().entropyBackward(logits, s.c(), up, dLogits);
        });
  }

  private static KernelCase kl(Sizes s, boolean toPrior) {
    return KernelCase.of(
        "categorical.kl",
        s + (toPrior ? " to another" : " to uniform"),
        f -> {
          Tensor logits = f.input("logits", s.rows(), s.columns());
          Tensor prior = f.input("prior", s.b(), s.columns());
          Tolerance sum = Tolerance.sum(each(s.rows(), s.n() * 3 * logs(s)));
          Tensor out = f.output("kl", sum, s.rows());
          return k -> {
            if (toPrior) {
              k.categorical().kl(logits, s.c(), prior, out);
            } else {
              k.categorical().klToUniform(logits, s.c(), out);
            }
          };
        });
  }

  private static KernelCase klBackward(Sizes s, boolean toPrior) {
    return KernelCase.of(
        "categorical.klBackward",
        s + (toPrior ? " to another" : " to uniform"),
        f -> {
          Tensor logits = f.input("logits", s.rows(), s.columns());
          Tensor prior = f.input("prior", s.b(), s.columns());
          Tensor up = f.input("dKl", s.rows());
          Tolerance sum = gradient(logits.size(), ConcreteCases.START * 3 * logs(s));
          Tensor dLogits = f.accumulated("dLogits", sum, s.rows(), s.columns());
          Tolerance toQ = gradient(prior.size(), s.k() * ConcreteCases.START * 2);
          Tensor dPrior = f.accumulated("dPrior", toQ, s.b(), s.columns());
          return k -> {
            if (toPrior) {
              k.categorical().klBackward(logits, s.c(), prior, up, dLogits, dPrior);
            } else {
              k.categorical().klToUniformBackward(logits, s.c(), up, dLogits);
            }
          };
        });
  }

  private static KernelCase marginalize(Sizes s, boolean all) {
    return KernelCase.of(
        "categorical.marginalize",
        s + (all ? " with responsibilities" : ""),
        f -> {
          Tensor logPi = f.input("logPi", s.b(), s.columns());
          Tensor likelihood = f.input("f", s.rows(), s.columns());
          Tolerance sum = Tolerance.sum(each(s.rows() * s.n(), 2 * logs(s)));
          Tensor out = f.output("logSum", sum, s.rows(), s.n());
          Tolerance each = Tolerance.sum(each(likelihood.size(), 4 * logs(s)));
          Tensor r = all ? f.output("responsibilities", each, s.rows(), s.columns()) : null;
          return k -> k.categorical().marginalize(logPi, s.c(), likelihood, out, r);
        });
  }

  private static KernelCase marginalizeBackward(Sizes s, boolean all) {
    return KernelCase.of(
        "categorical.marginalizeBackward",
        s + (all ? " both" : " dF"),
        f -> {
          Tensor r = f.uniform("responsibilities", 0, 1, s.rows(), s.columns());
          Tensor up = f.input("dLogSum", s.rows(), s.n());
          Tolerance sum = gradient(s.b() * s.columns(), s.k() * ConcreteCases.START);
          Tensor dLogPi = all ? f.accumulated("dLogPi", sum, s.b(), s.columns()) : null;
          Tolerance each = gradient(r.size(), ConcreteCases.START);
          Tensor dF = f.accumulated("dF", each, s.rows(), s.columns());
          return k -> k.categorical().marginalizeBackward(r, s.c(), up, dLogPi, dF);
        });
  }

  /** Probability 0 here, there and in both; certainty; NaN, +∞ and −∞ alone. */
  private static KernelCase edgesOfLogits() {
    float[] p = {
      0, -INF, 1, 0, 1, 2, -INF, 0, 1, 1e4f, -1e4f, 0, 0, Float.NaN, 1, INF, 0, 0, -INF, -INF, -INF
    };
    float[] q = {0, -INF, 2, 0, 1, -INF, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    return KernelCase.of(
        "categorical.kl",
        "infinite, huge and NaN logits",
        f -> {
          int rows = p.length / 3;
          Tensor logits = f.input("logits", rows, 3);
          Tensor prior = f.input("prior", rows, 3);
          System.arraycopy(p, 0, logits.array(), logits.offset(), p.length);
          System.arraycopy(q, 0, prior.array(), prior.offset(), q.length);
          Tensor first = Tensor.zeros(rows, 1);
          Tensor hot = Tensor.zeros(rows, 3);
          for (int i = 0; i < rows; i++) {
            hot.array()[3 * i] = 1;
          }
          Tensor entropy = f.output("entropy", Tolerance.ELEMENT, rows);
          Tensor uniform = f.output("uniform", Tolerance.ELEMENT, rows);
          Tensor kl = f.output("kl", Tolerance.ELEMENT, rows);
          Tensor logProb = f.output("logProb", Tolerance.ELEMENT, rows);
          Tensor weighted = f.output("weighted", Tolerance.ELEMENT, rows);
          Tensor dLogits = f.accumulated("dLogits", Tolerance.GRADIENT, rows, 3);
          Tensor ones = Tensor.zeros(rows);
          ones.fill(1);
          return k -> {
            k.categorical().entropy(logits, 3, entropy);
            k.categorical().klToUniform(logits, 3, uniform);
            k.categorical().kl(logits, 3, prior, kl);
            k.categorical().logProb(logits, 3, first, logProb);
            k.categorical().logProbOfWeights(logits, 3, hot, weighted);
            k.categorical().logProbBackward(logits, 3, first, ones, dLogits);
            k.categorical().entropyBackward(logits, 3, ones, dLogits);
            k.categorical().klToUniformBackward(logits, 3, ones, dLogits);
          };
        });
  }

  private static KernelCase edgesOfSums() {
    float[] terms = {0, -INF, -INF, -INF, 1e4f, -1e4f, 1, Float.NaN, INF, 0, Float.NaN, -INF};
    return KernelCase.of(
        "categorical.marginalize",
        "infinite, huge and NaN terms",
        f -> {
          Tensor logPi = Tensor.zeros(1, 2);
          Tensor likelihood = f.input("f", 6, 2);
          System.arraycopy(terms, 0, likelihood.array(), likelihood.offset(), terms.length);
          Tensor out = f.output("logSum", Tolerance.ELEMENT, 6);
          Tensor r = f.output("responsibilities", Tolerance.ELEMENT, 6, 2);
          return k -> k.categorical().marginalize(logPi, 2, likelihood, out, r);
        });
  }

  private static final int B = 2;
  private static final int K = 3;
  private static final int N = 2;
  private static final int C = 4;
  private static final ConcreteLaw.Sizes S = new ConcreteLaw.Sizes(K, N * C, C);
  private static final double[] LOGITS = GradCheck.random(1, B * N * C, 1);
  private static final double[] SAMPLES = GradCheck.random(2, B * K * N * C, 1);
  private static final double[] TO_ROW = GradCheck.random(3, B * K, 1);
  private static final double[] TO_VARIABLE = GradCheck.random(4, B * K * N, 1);

  @Override
  public List<GradCase> gradients() {
    return List.of(
        new GradCase("categorical.logProbBackward", "of weights", CategoricalCases::logProbs),
        new GradCase("categorical.entropyBackward", "", CategoricalCases::entropies),
        new GradCase("categorical.klBackward", "to another", () -> kls(LOGITS)),
        new GradCase("categorical.klBackward", "to uniform", () -> kls(null)),
        new GradCase("categorical.marginalizeBackward", "", CategoricalCases::sums));
  }

  private static void logProbs() {
    double[] dLogits = new double[LOGITS.length];
    double[] dWeights = new double[SAMPLES.length];
    CategoricalReference.logProbBackward(LOGITS, SAMPLES, TO_ROW, S, dLogits, dWeights);
    GradCheck.check("dLogits", LOGITS, dLogits, x -> weighed(x, SAMPLES));
    GradCheck.check("dWeights", SAMPLES, dWeights, x -> weighed(LOGITS, x));
  }

  private static double weighed(double[] logits, double[] weights) {
    return GradCheck.dot(TO_ROW, CategoricalReference.logProb(logits, weights, S, B * K));
  }

  private static double perVariable(double[] values) {
    double sum = 0;
    for (int v = 0; v < values.length; v++) {
      sum += TO_ROW[v / N] * values[v];
    }
    return sum;
  }

  private static void entropies() {
    double[] dLogits = new double[SAMPLES.length];
    CategoricalReference.entropyBackward(SAMPLES, TO_ROW, N * C, C, dLogits);
    GradCheck.check(
        "dLogits", SAMPLES, dLogits, x -> perVariable(CategoricalReference.entropies(x, C)));
  }

  private static void kls(double @Nullable [] prior) {
    double[] dLogits = new double[SAMPLES.length];
    double[] dPrior = new double[LOGITS.length];
    CategoricalReference.klBackward(SAMPLES, prior, TO_ROW, S, dLogits, dPrior);
    GradCheck.check(
        "dLogits", SAMPLES, dLogits, x -> perVariable(CategoricalReference.kls(x, prior, S)));
    if (prior != null) {
      GradCheck.check(
          "dPrior", prior, dPrior, x -> perVariable(CategoricalReference.kls(SAMPLES, x, S)));
    }
  }

  private static void sums() {
    double[] terms = CategoricalReference.terms(LOGITS, SAMPLES, S);
    double[] logSums = CategoricalReference.logSums(terms, C);
    double[] dF = CategoricalReference.responsibilities(terms, logSums, C);
    double[] dLogPi = new double[LOGITS.length];
    for (int i = 0; i < dF.length; i++) {
      dF[i] *= TO_VARIABLE[i / C];
      dLogPi[S.point(i)] += dF[i];
    }
    ToDoubleFunction<double[]> ofTerms =
        t -> GradCheck.dot(TO_VARIABLE, CategoricalReference.logSums(t, C));
    GradCheck.check(
        "dF", SAMPLES, dF, x -> ofTerms.applyAsDouble(CategoricalReference.terms(LOGITS, x, S)));
    GradCheck.check(
        "dLogPi",
        LOGITS,
        dLogPi,
        x -> ofTerms.applyAsDouble(CategoricalReference.terms(x, SAMPLES, S)));
  }
}
