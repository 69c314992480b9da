package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The Concrete log density of given samples, and its gradients. */
final class ConcreteDensity extends VariablesTask {
  private Tensor logAlpha = Tensor.EMPTY;
  private Tensor logY = Tensor.EMPTY;
  private float tau;
  private boolean ofY;
  private @Nullable Tensor dLogDensity;
  private @Nullable Tensor dLogAlpha;
  private @Nullable Tensor dLogY;
  private @Nullable Tensor dTau;

  ConcreteDensity() {
    super(2, 6);
  }

  private void take(Tensor logits, int c, float temperature, Tensor logSample, boolean simplex) {
    sizes(logits.rows(), logSample.rows(), logits.columns(), c);
    logAlpha = logits;
    tau = temperature;
    logY = logSample;
    ofY = simplex;
  }

  void forward(
      Tensor logits, int c, float temperature, Tensor logSample, boolean simplex, Tensor out) {
    take(logits, c, temperature, logSample, simplex);
    sumRowsInto(out, ReferenceMath.lgamma(c) + (c - 1) * Math.log(temperature));
    start(false);
  }

  void backward(
      Tensor logits,
      int c,
      float temperature,
      Tensor logSample,
      boolean simplex,
      Tensor upstream,
      @Nullable Tensor gradLogits,
      @Nullable Tensor gradLogSample,
      @Nullable Tensor gradTau) {
    take(logits, c, temperature, logSample, simplex);
    dLogDensity = upstream;
    dLogAlpha = gradLogits;
    dLogY = gradLogSample;
    dTau = gradTau;
    start(gradLogits != null, gradTau);
  }

  @Override
  protected void forget() {
    super.forget();
    logAlpha = Tensor.EMPTY;
    logY = Tensor.EMPTY;
    dLogDensity = null;
    dLogAlpha = null;
    dLogY = null;
    dTau = null;
  }

  @Override
  void work(Chunk ch) {
    float[] w = ch.w;
    int d = ch.area(0);
    int sample = ch.area(1);
    ch.loadPoints(logAlpha, d);
    ch.load(logY, sample);
    Columns.difference(w, d, tau, sample, ch.c, ch.stride, ch.row(2));
    if (dLogDensity == null) {
      density(ch, d, sample);
    } else {
      slopes(ch, d, sample, dLogDensity);
    }
  }

  private void density(Chunk ch, int d, int sample) {
    float[] w = ch.w;
    int s = ch.stride;
    int q = ch.row(0);
    Columns.subtractAndSum(w, d, ch.row(2), ch.c, s, q);
    Columns.normalizer(w, d, d, ch.c, s, ch.row(3), ch.row(4));
    ConcreteColumns.lessTimes(w, q, ch.c, ch.row(4), s, q);
    if (ofY) {
      Columns.sum(w, sample, ch.c, s, ch.row(5));
      ConcreteColumns.lessTimes(w, q, 1, ch.row(5), s, q);
    }
  }

  private void slopes(Chunk ch, int d, int sample, Tensor upstream) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int up = ch.row(5);
    ch.spread(upstream, up);
    Columns.subtract(w, d, ch.row(2), c, s);
    Columns.normalizer(w, d, d, c, s, ch.row(3), ch.row(4));
    ConcreteColumns.slopes(w, d, ch.row(3), up, c, s);
    ch.stage(d);
    if (dLogAlpha != null) {
      ch.addPoints(dLogAlpha);
    }
    if (dTau != null) {
      Columns.dot(w, d, sample, c, s, ch.row(1));
      ConcreteColumns.scale(w, ch.row(1), -1, s);
      ConcreteColumns.lessTimes(w, ch.row(1), -(c - 1) / tau, up, s, ch.row(1));
    }
    if (dLogY != null) {
      toSample(ch, d, up, dLogY);
    }
  }

  /** dLogY −= τ·h, ofY: and dLogDensity. */
  private void toSample(Chunk ch, int d, int up, Tensor out) {
    if (!ofY) {
      ch.add(-tau, out);
    } else {
      ConcreteColumns.scale(ch.w, d, -tau, ch.size());
      Columns.subtract(ch.w, d, up, ch.c, ch.stride);
      ch.stage(d);
      ch.add(1, out);
    }
  }
}
