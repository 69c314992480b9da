package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Entropy and KL divergences, and their gradients. With a and b the logits less their maxima, e =
 * exp(a) and S = Σ e: {@code KL = Σ e·(a − b)/S − log S + log S_b}; an entropy has no b.
 */
final class CategoricalDivergence extends VariablesTask {
  private Tensor logits = Tensor.EMPTY;
  private @Nullable Tensor prior;
  private boolean entropy;
  private @Nullable Tensor upstream;
  private @Nullable Tensor dLogits;
  private @Nullable Tensor dPrior;

  CategoricalDivergence() {
    super(4, 8);
  }

  void entropy(Tensor scores, int c, Tensor out) {
    take(scores, c, null, true);
    sumRowsInto(out, 0);
    start(false);
  }

  void entropyBackward(Tensor scores, int c, Tensor dOut, Tensor gradScores) {
    take(scores, c, null, true);
    upstream = dOut;
    dLogits = gradScores;
    start(false);
  }

  void kl(Tensor scores, int c, @Nullable Tensor priorScores, Tensor out) {
    take(scores, c, priorScores, false);
    sumRowsInto(out, priorScores == null ? Math.log(c) : 0);
    start(false);
  }

  void klBackward(
      Tensor scores,
      int c,
      @Nullable Tensor priorScores,
      Tensor dOut,
      @Nullable Tensor gradScores,
      @Nullable Tensor gradPrior) {
    take(scores, c, priorScores, false);
    upstream = dOut;
    dLogits = gradScores;
    dPrior = gradPrior;
    start(gradPrior != null);
  }

  private void take(Tensor scores, int c, @Nullable Tensor priorScores, boolean ofEntropy) {
    int points = priorScores == null ? scores.rows() : priorScores.rows();
    sizes(points, scores.rows(), scores.columns(), c);
    logits = scores;
    prior = priorScores;
    entropy = ofEntropy;
  }

  @Override
  protected void forget() {
    super.forget();
    logits = Tensor.EMPTY;
    prior = null;
    upstream = null;
    dLogits = null;
    dPrior = null;
  }

  @Override
  void work(Chunk ch) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int a = ch.area(0);
    int e = ch.area(1);
    int sum = ch.row(1);
    int log = ch.row(2);
    ch.load(logits, a);
    Columns.softmax(w, a, e, c, s, ch.row(3), sum, log);
    int terms = a;
    if (prior != null) {
      terms = ch.area(2);
      ch.loadPoints(prior, terms);
      Columns.softmax(w, terms, ch.area(3), c, s, ch.row(3), ch.row(4), ch.row(5));
      CategoricalColumns.ratio(w, a, terms, ch.size());
    }
    CategoricalColumns.expectation(w, e, terms, c, s, ch.row(6));
    if (upstream == null) {
      CategoricalColumns.mean(w, ch.row(6), sum, log, entropy ? -1 : 1, s, ch.row(0));
      if (prior != null) {
        CategoricalColumns.addRows(w, ch.row(0), ch.row(5), s, ch.row(0));
      }
    } else {
      slopes(ch, e, terms, upstream);
    }
  }

  private void slopes(Chunk ch, int e, int terms, Tensor given) {
    float[] w = ch.w;
    int up = ch.row(7);
    int sum = ch.row(1);
    ch.spread(given, up);
    if (dLogits != null) {
      CategoricalColumns.slopes(w, e, terms, sum, ch.row(6), up, ch.c, ch.stride);
      ch.stage(terms);
      ch.add(entropy ? -1 : 1, dLogits);
    }
    if (dPrior != null) {
      int b = ch.area(3);
      CategoricalColumns.difference(w, b, ch.row(4), e, sum, up, ch.c, ch.stride);
      ch.stage(b);
      ch.addPoints(dPrior);
    }
  }
}
