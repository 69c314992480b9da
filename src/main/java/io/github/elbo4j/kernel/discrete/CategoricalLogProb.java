package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Log-probabilities and their gradients; a category is a one-hot weight. */
final class CategoricalLogProb extends VariablesTask {
  private Tensor logits = Tensor.EMPTY;
  private @Nullable Tensor index;
  private @Nullable Tensor weights;
  private @Nullable Tensor dLogProb;
  private @Nullable Tensor dLogits;
  private @Nullable Tensor dWeights;

  CategoricalLogProb() {
    super(3, 6);
  }

  void forward(
      Tensor scores, int c, @Nullable Tensor chosen, @Nullable Tensor soft, Tensor logProb) {
    sizes(scores.rows(), logProb.size(), scores.columns(), c);
    logits = scores;
    index = chosen;
    weights = soft;
    sumRowsInto(logProb, 0);
    start(false);
  }

  void backward(
      Tensor scores,
      int c,
      @Nullable Tensor chosen,
      @Nullable Tensor soft,
      Tensor upstream,
      @Nullable Tensor gradScores,
      @Nullable Tensor gradSoft) {
    sizes(scores.rows(), upstream.size(), scores.columns(), c);
    logits = scores;
    index = chosen;
    weights = soft;
    dLogProb = upstream;
    dLogits = gradScores;
    dWeights = gradSoft;
    start(gradScores != null);
  }

  @Override
  protected void forget() {
    super.forget();
    logits = Tensor.EMPTY;
    index = null;
    weights = null;
    dLogProb = null;
    dLogits = null;
    dWeights = null;
  }

  @Override
  void work(Chunk ch) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int a = ch.area(0);
    int e = ch.area(1);
    int x = ch.area(2);
    int sum = ch.row(1);
    int log = ch.row(2);
    ch.loadPoints(logits, a);
    Columns.softmax(w, a, e, c, s, ch.row(3), sum, log);
    if (weights != null) {
      ch.load(weights, x);
    } else if (index != null) {
      ch.loadRow(index, ch.row(4));
      Columns.oneHot(w, ch.row(4), x, c, s);
    }
    if (dLogProb == null || dWeights != null) {
      Columns.subtract(w, a, log, c, s);
    }
    if (dLogProb == null) {
      CategoricalColumns.expectation(w, x, a, c, s, ch.row(0));
      ConcreteColumns.spoil(w, ch.row(0), log, s);
    } else {
      slopes(ch, a, e, x, dLogProb);
    }
  }

  private void slopes(Chunk ch, int a, int e, int x, Tensor upstream) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int up = ch.row(4);
    ch.spread(upstream, up);
    if (dWeights != null) {
      CategoricalColumns.multiply(w, a, up, c, s);
      ch.stage(a);
      ch.add(1, dWeights);
    }
    if (dLogits != null) {
      Columns.divide(w, e, ch.row(1), c, s);
      Columns.sum(w, x, c, s, ch.row(5));
      Columns.throughSoftmax(w, x, e, ch.row(5), 1, c, s);
      CategoricalColumns.multiply(w, x, up, c, s);
      ch.stage(x);
      ch.addPoints(dLogits);
    }
  }
}
