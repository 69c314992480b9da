package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of a Concrete sample and of its density, see {@link ConcreteKernels#sampleBackward}.
 */
final class ConcreteSampleBackward extends VariablesTask {
  private Tensor logAlpha = Tensor.EMPTY;
  private Tensor logY = Tensor.EMPTY;
  private float tau;
  private @Nullable Tensor dLogY;
  private @Nullable Tensor dY;
  private @Nullable Tensor dLogQ;
  private boolean stickTheLanding;
  private @Nullable Tensor dLogAlpha;
  private @Nullable Tensor dTau;

  ConcreteSampleBackward() {
    super(4, 5);
  }

  void run(
      Tensor logits,
      int c,
      float temperature,
      Tensor logSample,
      @Nullable Tensor gradLogSample,
      @Nullable Tensor gradSample,
      @Nullable Tensor gradLogQ,
      boolean stl,
      @Nullable Tensor gradLogits,
      @Nullable Tensor gradTau) {
    sizes(logits.rows(), logSample.rows(), logits.columns(), c);
    logAlpha = logits;
    tau = temperature;
    logY = logSample;
    dLogY = gradLogSample;
    dY = gradSample;
    dLogQ = gradLogQ;
    stickTheLanding = stl;
    dLogAlpha = gradLogits;
    dTau = gradTau;
    start(gradLogits != null, gradTau);
  }

  @Override
  protected void forget() {
    super.forget();
    logAlpha = Tensor.EMPTY;
    logY = Tensor.EMPTY;
    dLogY = null;
    dY = null;
    dLogQ = null;
    dLogAlpha = null;
    dTau = null;
  }

  @Override
  void work(Chunk ch) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int sample = ch.area(0);
    int g = ch.area(1);
    int y = ch.area(2);
    int tauRow = ch.row(1);
    int up = ch.row(2);
    Arrays.fill(w, tauRow, tauRow + s, 0f);
    if (dLogQ != null) {
      ch.spread(dLogQ, up);
    }
    boolean throughDensity = stickTheLanding && dLogQ != null;
    if (dLogY != null || dY != null || throughDensity) {
      ch.load(logY, sample);
      SimdMath.exp(w, sample, w, y, ch.size());
      gather(ch, g, y);
      if (throughDensity) {
        throughDensity(ch, sample, g, up);
      }
      Columns.sum(w, g, c, s, ch.row(0));
      Columns.throughSoftmax(w, g, y, ch.row(0), 1 / tau, c, s);
      if (dLogAlpha != null) {
        ch.stage(g);
        ch.addPoints(dLogAlpha);
      }
      if (dTau != null) {
        Columns.dot(w, g, sample, c, s, tauRow);
        ConcreteColumns.scale(w, tauRow, -1, s);
      }
    }
    if (dTau != null && dLogQ != null && !stickTheLanding) {
      ConcreteColumns.lessTimes(w, tauRow, -(c - 1) / tau, up, s, tauRow);
    }
  }

  /** g = dLogY + dY·y. */
  private void gather(Chunk ch, int g, int y) {
    if (dLogY != null) {
      ch.load(dLogY, g);
    } else {
      Arrays.fill(ch.w, g, g + ch.size(), 0f);
    }
    if (dY != null) {
      ch.load(dY, ch.area(3));
      Columns.addProduct(ch.w, g, ch.area(3), y, ch.size());
    }
  }

  /** g −= dLogQ·τ·( 1 − C·softmax_c( logAlpha − τ·logY ) ). */
  private void throughDensity(Chunk ch, int sample, int g, int up) {
    float[] w = ch.w;
    int d = ch.area(3);
    ch.loadPoints(logAlpha, d);
    Columns.subtractScaled(w, d, tau, sample, ch.size());
    Columns.softmax(w, d, d, ch.c, ch.stride, ch.row(0), ch.row(3), ch.row(4));
    ConcreteColumns.slopes(w, d, ch.row(3), up, ch.c, ch.stride);
    Columns.subtractScaled(w, g, tau, d, ch.size());
  }
}
