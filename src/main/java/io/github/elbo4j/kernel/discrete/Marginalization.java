package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Sums over all categories, responsibilities and gradients. */
final class Marginalization extends VariablesTask {
  private Tensor logPi = Tensor.EMPTY;
  private Tensor f = Tensor.EMPTY;
  private Tensor logSum = Tensor.EMPTY;
  private @Nullable Tensor responsibilities;
  private @Nullable Tensor dLogSum;
  private @Nullable Tensor dLogPi;
  private @Nullable Tensor dF;

  Marginalization() {
    super(2, 3);
  }

  void forward(
      Tensor logPrior, int c, Tensor logLikelihood, Tensor out, @Nullable Tensor posterior) {
    sizes(logPrior.rows(), logLikelihood.rows(), logPrior.columns(), c);
    logPi = logPrior;
    f = logLikelihood;
    logSum = out;
    responsibilities = posterior;
    start(false);
  }

  void backward(
      Tensor posterior, int c, Tensor dOut, @Nullable Tensor gradPrior, @Nullable Tensor gradF) {
    int points = gradPrior == null ? posterior.rows() : gradPrior.rows();
    sizes(points, posterior.rows(), posterior.columns(), c);
    responsibilities = posterior;
    dLogSum = dOut;
    dLogPi = gradPrior;
    dF = gradF;
    start(gradPrior != null);
  }

  @Override
  protected void forget() {
    super.forget();
    logPi = Tensor.EMPTY;
    f = Tensor.EMPTY;
    logSum = Tensor.EMPTY;
    responsibilities = null;
    dLogSum = null;
    dLogPi = null;
    dF = null;
  }

  @Override
  void work(Chunk ch) {
    if (dLogSum == null) {
      sums(ch);
    } else if (responsibilities != null) {
      slopes(ch, responsibilities, dLogSum);
    }
  }

  private void sums(Chunk ch) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int a = ch.area(0);
    int e = ch.area(1);
    int top = ch.row(0);
    int sum = ch.row(1);
    int log = ch.row(2);
    ch.loadPoints(logPi, a);
    ch.load(f, e);
    CategoricalColumns.add(w, a, e, c, s, top);
    Columns.subtract(w, a, top, c, s);
    Columns.normalizer(w, a, e, c, s, sum, log);
    CategoricalColumns.addRows(w, top, log, s, top);
    ch.storeRow(top, logSum);
    if (responsibilities != null) {
      CategoricalColumns.oneForZero(w, sum, s);
      Columns.divide(w, e, sum, c, s);
      ch.store(e, responsibilities);
    }
  }

  private void slopes(Chunk ch, Tensor posterior, Tensor upstream) {
    int g = ch.area(0);
    int up = ch.row(0);
    ch.load(posterior, g);
    ch.loadRow(upstream, up);
    CategoricalColumns.multiply(ch.w, g, up, ch.c, ch.stride);
    ch.stage(g);
    if (dLogPi != null) {
      ch.addPoints(dLogPi);
    }
    if (dF != null) {
      ch.add(1, dF);
    }
  }
}
