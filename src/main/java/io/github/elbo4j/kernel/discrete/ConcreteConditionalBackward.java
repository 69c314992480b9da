package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Pathwise gradients, see {@link ConcreteKernels#conditionalBackward}. */
final class ConcreteConditionalBackward extends VariablesTask {
  private Tensor logAlpha = Tensor.EMPTY;
  private float inverseTau;
  private Tensor z = Tensor.EMPTY;
  private @Nullable Tensor logY;
  private @Nullable Tensor dz;
  private @Nullable Tensor dLogY;
  private @Nullable Tensor dLogAlpha;
  private @Nullable Tensor dTau;

  ConcreteConditionalBackward() {
    super(3, 5);
  }

  void run(
      Tensor logits,
      int c,
      float tau,
      Tensor perturbed,
      @Nullable Tensor relaxed,
      @Nullable Tensor gradPerturbed,
      @Nullable Tensor gradRelaxed,
      @Nullable Tensor gradLogits,
      @Nullable Tensor gradTau) {
    sizes(logits.rows(), perturbed.rows(), logits.columns(), c);
    logAlpha = logits;
    inverseTau = 1 / tau;
    z = perturbed;
    logY = relaxed;
    dz = gradPerturbed;
    dLogY = gradRelaxed;
    dLogAlpha = gradLogits;
    dTau = gradTau;
    if (dz != null || dLogY != null) {
      start(gradLogits != null, gradTau);
    } else {
      forget();
    }
  }

  @Override
  protected void forget() {
    super.forget();
    logAlpha = Tensor.EMPTY;
    z = Tensor.EMPTY;
    logY = null;
    dz = null;
    dLogY = null;
    dLogAlpha = null;
    dTau = null;
  }

  @Override
  void work(Chunk ch) {
    float[] w = ch.w;
    int g = ch.area(0);
    int tauRow = ch.row(1);
    Arrays.fill(w, tauRow, tauRow + ch.stride, 0f);
    if (dLogY != null && logY != null) {
      throughRelaxed(ch, g, tauRow, logY, dLogY);
    }
    if (dz != null && dLogY != null) {
      ch.load(dz, ch.area(1));
      Columns.subtractScaled(w, g, -1, ch.area(1), ch.size());
    } else if (dz != null) {
      ch.load(dz, g);
    }
    if (dLogAlpha != null) {
      throughTruncation(ch, g);
      ch.stage(g);
      ch.addPoints(dLogAlpha);
    }
  }

  /** g = ( dLogY − y·Σ_c dLogY )/τ. */
  private void throughRelaxed(Chunk ch, int g, int tauRow, Tensor relaxed, Tensor upstream) {
    float[] w = ch.w;
    int y = ch.area(1);
    int sample = ch.area(2);
    ch.load(upstream, g);
    ch.load(relaxed, sample);
    SimdMath.exp(w, sample, w, y, ch.size());
    Columns.sum(w, g, ch.c, ch.stride, ch.row(0));
    Columns.throughSoftmax(w, g, y, ch.row(0), inverseTau, ch.c, ch.stride);
    if (dTau != null) {
      Columns.dot(w, g, sample, ch.c, ch.stride, tauRow);
      ConcreteColumns.scale(w, tauRow, -1, ch.stride);
    }
  }

  /** g = g·(1 − v) + softmax(logAlpha)·Σ_c g·v. */
  private void throughTruncation(Chunk ch, int g) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int v = ch.area(1);
    int p = ch.area(2);
    ch.load(z, v);
    Columns.max(w, v, c, s, ch.row(0));
    Columns.subtract(w, v, ch.row(0), c, s);
    SimdMath.exp(w, v, w, v, ch.size());
    ConcreteColumns.split(w, g, v, ch.size());
    Columns.sum(w, v, c, s, ch.row(0));
    ch.loadPoints(logAlpha, p);
    Columns.softmax(w, p, p, c, s, ch.row(2), ch.row(3), ch.row(4));
    Columns.divide(w, p, ch.row(3), c, s);
    ConcreteColumns.addRowTimes(w, g, p, ch.row(0), c, s);
  }
}
