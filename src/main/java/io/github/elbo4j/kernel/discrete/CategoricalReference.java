package io.github.elbo4j.kernel.discrete;

import static java.lang.Math.exp;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Sizes;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link CategoricalKernels} in double: the law. Arrays are dense, c categories a variable. */
public final class CategoricalReference extends CategoricalKernels {
  /** p·log p' with 0·log 0 = 0. */
  private static double times(double p, double logP) {
    return p == 0 && !Double.isNaN(logP) ? 0 : p * logP;
  }

  /** log p of each category; NaN for a variable whose logits are NaN, +∞ or all −∞. */
  static double[] logProbs(double[] logits, int c) {
    return ConcreteLaw.logSoftmax(logits, 1, c);
  }

  /** Σ_n Σ_c weights·log p of each row. */
  static double[] logProb(double[] logits, double[] weights, Sizes s, int rows) {
    double[] logP = logProbs(logits, s.c());
    double[] sums = new double[rows];
    for (int i = 0; i < weights.length; i++) {
      sums[i / s.columns()] += times(weights[i], logP[s.point(i)]);
    }
    return sums;
  }

  /** Accumulates the gradients of {@link #logProb}. */
  static void logProbBackward(
      double[] logits,
      double[] weights,
      double[] dLogProb,
      Sizes s,
      double[] dLogits,
      double[] dWeights) {
    double[] logP = logProbs(logits, s.c());
    for (int i = 0; i < weights.length; i++) {
      double g = dLogProb[i / s.columns()];
      int p = s.point(i);
      double total = 0;
      for (int j = i / s.c() * s.c(); j < i / s.c() * s.c() + s.c(); j++) {
        total += weights[j];
      }
      dLogits[p] += g * (weights[i] - exp(logP[p]) * total);
      dWeights[i] += g * logP[p];
    }
  }

  /** −Σ p·log p of each variable. */
  static double[] entropies(double[] logits, int c) {
    double[] logP = logProbs(logits, c);
    double[] h = new double[logits.length / c];
    for (int i = 0; i < logits.length; i++) {
      h[i / c] -= times(exp(logP[i]), logP[i]);
    }
    return h;
  }

  static void entropyBackward(
      double[] logits, double[] dEntropy, int columns, int c, double[] dLogits) {
    double[] logP = logProbs(logits, c);
    double[] h = entropies(logits, c);
    for (int i = 0; i < logits.length; i++) {
      dLogits[i] -= dEntropy[i / columns] * times(exp(logP[i]), logP[i] + h[i / c]);
    }
  }

  /** Σ p·(log p − log q) of each variable; null prior logits are uniform. */
  static double[] kls(double[] logits, double @Nullable [] prior, Sizes s) {
    double[] logP = logProbs(logits, s.c());
    double[] logQ = prior == null ? null : logProbs(prior, s.c());
    double[] kl = new double[logits.length / s.c()];
    for (int i = 0; i < logits.length; i++) {
      kl[i / s.c()] += times(exp(logP[i]), ratio(logP, logQ, i, s));
    }
    return kl;
  }

  /** log p − log q; 0 where both probabilities are 0. */
  private static double ratio(double[] logP, double @Nullable [] logQ, int i, Sizes s) {
    double q = logQ == null ? -Math.log(s.c()) : logQ[s.point(i)];
    return logP[i] == Double.NEGATIVE_INFINITY && logP[i] == q ? 0 : logP[i] - q;
  }

  static void klBackward(
      double[] logits,
      double @Nullable [] prior,
      double[] dKl,
      Sizes s,
      double[] dLogits,
      double @Nullable [] dPrior) {
    double[] logP = logProbs(logits, s.c());
    double[] logQ = prior == null ? null : logProbs(prior, s.c());
    double[] kl = kls(logits, prior, s);
    for (int i = 0; i < logits.length; i++) {
      double g = dKl[i / s.columns()];
      double p = exp(logP[i]);
      dLogits[i] += g * times(p, ratio(logP, logQ, i, s) - kl[i / s.c()]);
      if (logQ != null && dPrior != null) {
        dPrior[s.point(i)] += g * (exp(logQ[s.point(i)]) - p);
      }
    }
  }

  /** logPi + f. */
  static double[] terms(double[] logPi, double[] f, Sizes s) {
    double[] t = new double[f.length];
    for (int i = 0; i < t.length; i++) {
      t[i] = logPi[s.point(i)] + f[i];
    }
    return t;
  }

  /** logsumexp_c of each variable; NaN where a term is +∞. */
  static double[] logSums(double[] terms, int c) {
    double[] sums = new double[terms.length / c];
    for (int v = 0; v < sums.length; v++) {
      double sum = ReferenceMath.logSumExp(terms, v * c, c);
      sums[v] = sum == Double.POSITIVE_INFINITY ? Double.NaN : sum;
    }
    return sums;
  }

  static double[] responsibilities(double[] terms, double[] logSums, int c) {
    double[] r = new double[terms.length];
    for (int i = 0; i < r.length; i++) {
      double sum = logSums[i / c];
      r[i] = sum == Double.NEGATIVE_INFINITY ? 0 : exp(terms[i] - sum);
    }
    return r;
  }

  private static Sizes sizes(Tensor parameters, Tensor samples, int categories) {
    int k = parameters.rows() == 0 ? 1 : samples.rows() / parameters.rows();
    return new Sizes(k, parameters.columns(), categories);
  }

  private static double[] rowSums(double[] perVariable, Tensor out) {
    double[] sums = new double[out.size()];
    for (int v = 0; v < perVariable.length; v++) {
      sums[v / (perVariable.length / sums.length)] += perVariable[v];
    }
    return sums;
  }

  private static double[] weights(
      int categories, @Nullable Tensor index, @Nullable Tensor weights) {
    return index != null
        ? ConcreteLaw.oneHot(Doubles.read(index), categories)
        : weights != null ? Doubles.read(weights) : new double[0];
  }

  @Override
  protected void doLogProb(
      Tensor logits,
      int categories,
      @Nullable Tensor index,
      @Nullable Tensor weights,
      Tensor logProb) {
    double[] w = weights(categories, index, weights);
    int k = logits.rows() == 0 ? 1 : logProb.size() / logits.rows();
    Sizes s = new Sizes(k, logits.columns(), categories);
    Doubles.write(logProb(Doubles.read(logits), w, s, logProb.size()), logProb);
  }

  @Override
  protected void doLogProbBackward(
      Tensor logits,
      int categories,
      @Nullable Tensor index,
      @Nullable Tensor weights,
      Tensor dLogProb,
      @Nullable Tensor dLogits,
      @Nullable Tensor dWeights) {
    double[] w = weights(categories, index, weights);
    int k = logits.rows() == 0 ? 1 : dLogProb.size() / logits.rows();
    Sizes s = new Sizes(k, logits.columns(), categories);
    double[] toLogits = new double[logits.size()];
    double[] toWeights = new double[w.length];
    logProbBackward(Doubles.read(logits), w, Doubles.read(dLogProb), s, toLogits, toWeights);
    Doubles.accumulate(toLogits, dLogits);
    Doubles.accumulate(toWeights, dWeights);
  }

  @Override
  protected void doEntropy(Tensor logits, int categories, Tensor entropy) {
    Doubles.write(rowSums(entropies(Doubles.read(logits), categories), entropy), entropy);
  }

  @Override
  protected void doEntropyBackward(Tensor logits, int categories, Tensor dEntropy, Tensor dLogits) {
    double[] g = new double[logits.size()];
    entropyBackward(Doubles.read(logits), Doubles.read(dEntropy), logits.columns(), categories, g);
    Doubles.accumulate(g, dLogits);
  }

  @Override
  protected void doKl(Tensor logits, int categories, @Nullable Tensor priorLogits, Tensor kl) {
    Sizes s = sizes(priorLogits == null ? logits : priorLogits, logits, categories);
    double[] prior = Doubles.readOptional(priorLogits);
    Doubles.write(rowSums(kls(Doubles.read(logits), prior, s), kl), kl);
  }

  @Override
  protected void doKlBackward(
      Tensor logits,
      int categories,
      @Nullable Tensor priorLogits,
      Tensor dKl,
      @Nullable Tensor dLogits,
      @Nullable Tensor dPriorLogits) {
    double[] g = new double[logits.size()];
    double[] toPrior = Doubles.like(dPriorLogits);
    klBackward(
        Doubles.read(logits),
        Doubles.readOptional(priorLogits),
        Doubles.read(dKl),
        sizes(priorLogits == null ? logits : priorLogits, logits, categories),
        g,
        toPrior);
    Doubles.accumulate(g, dLogits);
    Doubles.accumulate(toPrior, dPriorLogits);
  }

  @Override
  protected void doMarginalize(
      Tensor logPi, int categories, Tensor f, Tensor logSum, @Nullable Tensor responsibilities) {
    double[] terms = terms(Doubles.read(logPi), Doubles.read(f), sizes(logPi, f, categories));
    double[] sums = logSums(terms, categories);
    Doubles.write(sums, logSum);
    Doubles.write(responsibilities(terms, sums, categories), responsibilities);
  }

  @Override
  protected void doMarginalizeBackward(
      Tensor responsibilities,
      int categories,
      Tensor dLogSum,
      @Nullable Tensor dLogPi,
      @Nullable Tensor dF) {
    double[] g = Doubles.read(responsibilities);
    for (int i = 0; i < g.length; i++) {
      g[i] *= dLogSum.get(i / categories);
    }
    Doubles.accumulate(g, dF);
    if (dLogPi != null) {
      Sizes s = sizes(dLogPi, responsibilities, categories);
      double[] sums = new double[dLogPi.size()];
      for (int i = 0; i < g.length; i++) {
        sums[s.point(i)] += g[i];
      }
      Doubles.accumulate(sums, dLogPi);
    }
  }
}
