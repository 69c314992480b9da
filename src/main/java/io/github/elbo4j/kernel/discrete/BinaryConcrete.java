package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Binary Concrete samples, and the log density of given ones: variables of one category, so areas
 * are rows.
 */
final class BinaryConcrete extends VariablesTask {
  private Tensor logAlpha = Tensor.EMPTY;
  private float tau;
  private NoiseKey noise = new NoiseKey(0, 0);
  private Tensor logit = Tensor.EMPTY;
  private boolean sampling;
  private @Nullable Tensor y;
  private @Nullable Tensor hard;
  private boolean density;
  private boolean ofY;

  BinaryConcrete() {
    super(4, 1);
  }

  void sample(
      Tensor logits,
      float temperature,
      NoiseKey drawn,
      Tensor sample,
      @Nullable Tensor relaxed,
      @Nullable Tensor rounded,
      @Nullable Tensor logPosterior) {
    sizes(logits.rows(), sample.rows(), logits.columns(), 1);
    logAlpha = logits;
    tau = temperature;
    noise = drawn;
    logit = sample;
    sampling = true;
    y = relaxed;
    hard = rounded;
    density = logPosterior != null;
    sumRowsInto(logPosterior, Math.log(temperature));
    start(false);
  }

  void density(Tensor logits, float temperature, Tensor sample, boolean unit, Tensor out) {
    sizes(logits.rows(), sample.rows(), logits.columns(), 1);
    logAlpha = logits;
    tau = temperature;
    logit = sample;
    sampling = false;
    ofY = unit;
    sumRowsInto(out, Math.log(temperature));
    start(false);
  }

  @Override
  protected void forget() {
    super.forget();
    logAlpha = Tensor.EMPTY;
    logit = Tensor.EMPTY;
    y = null;
    hard = null;
  }

  @Override
  void work(Chunk ch) {
    if (sampling) {
      draw(ch);
    } else {
      density(ch);
    }
  }

  private void draw(Chunk ch) {
    float[] w = ch.w;
    int s = ch.stride;
    int a = ch.area(0);
    int u = ch.area(1);
    int v = ch.area(2);
    ch.loadPoints(logAlpha, a);
    ch.draw(noise, u);
    BinaryColumns.complement(w, u, v, s);
    SimdMath.log(w, u, w, u, s);
    SimdMath.log(w, v, w, v, s);
    if (density) {
      BinaryColumns.logistic(w, u, v, a, s, ch.row(0));
    }
    BinaryColumns.logit(w, a, u, v, 1 / tau, s);
    ch.store(a, logit);
    if (hard != null) {
      BinaryColumns.hard(w, a, s, v);
      ch.store(v, hard);
    }
    if (y != null) {
      SimdMath.sigmoid(w, a, w, a, s);
      ch.store(a, y);
    }
  }

  /** q = −|d| − 2·softplus(−|d|); ofY: plus |l| + 2·softplus(−|l|). */
  private void density(Chunk ch) {
    float[] w = ch.w;
    int s = ch.stride;
    int d = ch.area(0);
    int l = ch.area(1);
    ch.loadPoints(logAlpha, d);
    ch.load(logit, l);
    Columns.subtractScaled(w, d, tau, l, s);
    BinaryColumns.negatedSize(w, d, s);
    SimdMath.softplus(w, d, w, ch.area(2), s);
    ConcreteColumns.lessTimes(w, d, 2, ch.area(2), s, ch.row(0));
    if (ofY) {
      BinaryColumns.negatedSize(w, l, s);
      SimdMath.softplus(w, l, w, ch.area(2), s);
      ConcreteColumns.lessTimes(w, l, 2, ch.area(2), s, l);
      ConcreteColumns.lessTimes(w, ch.row(0), 1, l, s, ch.row(0));
    }
  }
}
