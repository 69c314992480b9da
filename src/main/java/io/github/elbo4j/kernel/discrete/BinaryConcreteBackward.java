package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Gradients of a binary Concrete sample, and of the density of a given one. */
final class BinaryConcreteBackward extends VariablesTask {
  private Tensor logAlpha = Tensor.EMPTY;
  private float tau;
  private Tensor logit = Tensor.EMPTY;
  private boolean sampling;
  private @Nullable Tensor dLogit;
  private @Nullable Tensor dY;
  private @Nullable Tensor dLogDensity;
  private boolean stickTheLanding;
  private boolean ofY;
  private @Nullable Tensor dLogAlpha;
  private @Nullable Tensor dTau;

  BinaryConcreteBackward() {
    super(4, 4);
  }

  void sample(
      Tensor logits,
      float temperature,
      Tensor sample,
      @Nullable Tensor gradSample,
      @Nullable Tensor gradRelaxed,
      @Nullable Tensor gradLogQ,
      boolean stl,
      @Nullable Tensor gradLogits,
      @Nullable Tensor gradTau) {
    sizes(logits.rows(), sample.rows(), logits.columns(), 1);
    logAlpha = logits;
    tau = temperature;
    logit = sample;
    sampling = true;
    dLogit = gradSample;
    dY = gradRelaxed;
    dLogDensity = gradLogQ;
    stickTheLanding = stl;
    dLogAlpha = gradLogits;
    dTau = gradTau;
    start(gradLogits != null, gradTau);
  }

  void density(
      Tensor logits,
      float temperature,
      Tensor sample,
      boolean unit,
      Tensor upstream,
      @Nullable Tensor gradLogits,
      @Nullable Tensor gradSample,
      @Nullable Tensor gradTau) {
    sizes(logits.rows(), sample.rows(), logits.columns(), 1);
    logAlpha = logits;
    tau = temperature;
    logit = sample;
    sampling = false;
    ofY = unit;
    dLogDensity = upstream;
    dLogAlpha = gradLogits;
    dLogit = gradSample;
    dTau = gradTau;
    start(gradLogits != null, gradTau);
  }

  @Override
  protected void forget() {
    super.forget();
    logAlpha = Tensor.EMPTY;
    logit = Tensor.EMPTY;
    dLogit = null;
    dY = null;
    dLogDensity = null;
    dLogAlpha = null;
    dTau = null;
  }

  @Override
  void work(Chunk ch) {
    int up = ch.row(2);
    if (dLogDensity != null) {
      ch.spread(dLogDensity, up);
    }
    ch.load(logit, ch.area(0));
    if (sampling) {
      ofSample(ch, ch.area(0), up);
    } else {
      ofDensity(ch, ch.area(0), up);
    }
  }

  private void ofSample(Chunk ch, int l, int up) {
    float[] w = ch.w;
    int s = ch.stride;
    int g = ch.area(1);
    Arrays.fill(w, g, g + s, 0f);
    if (dLogit != null) {
      ch.load(dLogit, g);
    }
    if (dY != null) {
      ch.load(dY, ch.area(2));
      SimdMath.sigmoid(w, l, w, ch.area(3), s);
      BinaryColumns.throughSigmoid(w, g, ch.area(2), ch.area(3), s);
    }
    if (dLogDensity != null && stickTheLanding) {
      slopes(ch, l, up, ch.area(2));
      Columns.subtractScaled(w, g, tau, ch.area(2), s);
    }
    ConcreteColumns.scale(w, g, 1 / tau, s);
    if (dLogAlpha != null) {
      ch.stage(g);
      ch.addPoints(dLogAlpha);
    }
    if (dTau != null) {
      BinaryColumns.product(w, g, l, s, ch.row(1));
      ConcreteColumns.scale(w, ch.row(1), -1, s);
      if (dLogDensity != null && !stickTheLanding) {
        ConcreteColumns.lessTimes(w, ch.row(1), -1 / tau, up, s, ch.row(1));
      }
    }
  }

  /** h = dLogDensity·( 1 − 2·sigmoid( logAlpha − τ·logit ) ). */
  private void slopes(Chunk ch, int l, int up, int h) {
    ch.loadPoints(logAlpha, h);
    Columns.subtractScaled(ch.w, h, tau, l, ch.stride);
    SimdMath.sigmoid(ch.w, h, ch.w, h, ch.stride);
    BinaryColumns.slope(ch.w, h, up, ch.stride);
  }

  private void ofDensity(Chunk ch, int l, int up) {
    float[] w = ch.w;
    int s = ch.stride;
    int h = ch.area(2);
    slopes(ch, l, up, h);
    if (dLogAlpha != null) {
      ch.stage(h);
      ch.addPoints(dLogAlpha);
    }
    if (dTau != null) {
      BinaryColumns.product(w, h, l, s, ch.row(1));
      ConcreteColumns.scale(w, ch.row(1), -1, s);
      ConcreteColumns.lessTimes(w, ch.row(1), -1 / tau, up, s, ch.row(1));
    }
    if (dLogit != null) {
      ConcreteColumns.scale(w, h, -tau, s);
      if (ofY) {
        SimdMath.sigmoid(w, l, w, l, s);
        BinaryColumns.slope(w, l, up, s);
        Columns.subtractScaled(w, h, 1, l, s);
      }
      ch.stage(h);
      ch.add(1, dLogit);
    }
  }
}
