package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Gumbel-max and Concrete samples. With e = −log u = exp(−G) the density of a sample is {@code Σ_c
 * log e − C·log Σ_c e} and constants: it costs one logarithm a variable.
 */
final class ConcreteSample extends VariablesTask {
  private Tensor logAlpha = Tensor.EMPTY;
  private NoiseKey noise = new NoiseKey(0, 0);
  private float inverseTau;
  private @Nullable Tensor logY;
  private @Nullable Tensor y;
  private @Nullable Tensor oneHot;
  private @Nullable Tensor index;
  private boolean density;

  ConcreteSample() {
    super(2, 5);
  }

  void gumbelMax(
      Tensor logits, int c, NoiseKey drawn, @Nullable Tensor hot, @Nullable Tensor number) {
    int rows = hot != null ? hot.rows() : number != null ? number.rows() : 0;
    sizes(logits.rows(), rows, logits.columns(), c);
    logAlpha = logits;
    noise = drawn;
    inverseTau = 1;
    oneHot = hot;
    index = number;
    start(false);
  }

  void relaxed(
      Tensor logits,
      int c,
      float tau,
      NoiseKey drawn,
      Tensor logSample,
      @Nullable Tensor sample,
      @Nullable Tensor hot,
      @Nullable Tensor logPosterior) {
    sizes(logits.rows(), logSample.rows(), logits.columns(), c);
    logAlpha = logits;
    noise = drawn;
    inverseTau = 1 / tau;
    logY = logSample;
    y = sample;
    oneHot = hot;
    density = logPosterior != null;
    sumRowsInto(logPosterior, ReferenceMath.lgamma(c) + (c - 1) * Math.log(tau));
    start(false);
  }

  @Override
  protected void forget() {
    super.forget();
    logAlpha = Tensor.EMPTY;
    logY = null;
    y = null;
    oneHot = null;
    index = null;
    density = false;
  }

  @Override
  void work(Chunk ch) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int a = ch.area(0);
    int e = ch.area(1);
    int top = ch.row(1);
    int sum = ch.row(2);
    ch.loadPoints(logAlpha, a);
    ch.draw(noise, e);
    SimdMath.log(w, e, w, e, ch.size());
    Columns.negate(w, e, c, s, sum);
    SimdMath.log(w, e, w, e, ch.size());
    Columns.perturb(w, a, e, c, s, top);
    if (density) {
      density(ch, sum);
    }
    Columns.shift(w, a, top, inverseTau, c, s);
    if (index != null || oneHot != null) {
      Columns.firstZero(w, a, c, s, top);
      hard(ch, top, e);
    }
    if (logY != null) {
      Columns.normalizer(w, a, e, c, s, sum, top);
      Columns.subtract(w, a, top, c, s);
      ch.store(a, logY);
      if (y != null) {
        Columns.divide(w, e, sum, c, s);
        ch.store(e, y);
      }
    }
  }

  private void density(Chunk ch, int sum) {
    float[] w = ch.w;
    int q = ch.row(0);
    int logs = ch.row(3);
    int finite = ch.row(4);
    Columns.sum(w, ch.area(1), ch.c, ch.stride, q);
    Columns.sum(w, ch.area(0), ch.c, ch.stride, finite);
    SimdMath.log(w, sum, w, logs, ch.stride);
    ConcreteColumns.lessTimes(w, q, ch.c, logs, ch.stride, q);
    ConcreteColumns.spoil(w, q, finite, ch.stride);
  }

  private void hard(Chunk ch, int number, int e) {
    if (index != null) {
      ch.storeRow(number, index);
    }
    if (oneHot != null) {
      Columns.oneHot(ch.w, number, e, ch.c, ch.stride);
      ch.store(e, oneHot);
    }
  }
}
