package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * KL divergence of two Gaussians with full factors, and its gradients: a data point a lane. Slot 0
 * of the scratch holds the second factor, slot 1 M = L₂⁻¹·L₁ and slot 2 P = L₂⁻ᵀ·M by rows of
 * {@link DivergenceTile#pitch} vectors, slot 3 vectors.
 */
final class FactorDivergence extends KernelTask {
  private static final int L = SimdMath.L;

  /** Parts that the gradients to a shared second Gaussian are summed in: fixed. */
  private static final int PARTS = 8;

  private final FactorSource first = new FactorSource();
  private final FactorSource second = new FactorSource();
  private final DivergenceGradient gradient = new DivergenceGradient();
  private Tensor mu1 = Tensor.EMPTY;
  private Tensor factor1 = Tensor.EMPTY;
  private Tensor mu2 = Tensor.EMPTY;
  private Tensor kl = Tensor.EMPTY; // or its gradient
  private boolean backward;
  private boolean shared;
  private int points;
  private int d;
  private int blocksPerPart;

  void forward(Tensor mean1, Tensor l1, Tensor mean2, Tensor l2, Tensor divergence) {
    begin(mean1, l1, mean2, l2, divergence, false);
    fork(Math.ceilDiv(points, L), work());
  }

  void backward(
      Tensor mean1,
      Tensor l1,
      Tensor mean2,
      Tensor l2,
      Tensor gradKl,
      Tensor dMu1,
      Tensor dL1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dL2) {
    begin(mean1, l1, mean2, l2, gradKl, true);
    int blocks = Math.ceilDiv(points, L);
    boolean summed = shared && dMu2 != null;
    blocksPerPart = summed ? Math.max(1, Math.ceilDiv(blocks, PARTS)) : 1;
    int parts = Math.ceilDiv(blocks, blocksPerPart);
    gradient.set(dMu1, dL1, dMu2, dL2, shared, parts, d);
    try {
      fork(parts, 3 * work());
      gradient.addParts();
    } finally {
      gradient.forget();
    }
  }

  private long work() {
    return (long) points * d * (d * d / 6 + 20L);
  }

  private void begin(
      Tensor mean1, Tensor l1, Tensor mean2, Tensor l2, Tensor divergence, boolean isBackward) {
    mu1 = mean1;
    factor1 = l1;
    mu2 = mean2;
    kl = divergence;
    backward = isBackward;
    points = mu1.rows();
    d = mu1.columns();
    shared = mu2.rows() == 1;
    blocksPerPart = 1;
    first.set(null, l1, d);
    second.set(null, l2, d);
  }

  @Override
  protected void forget() {
    mu1 = Tensor.EMPTY;
    factor1 = Tensor.EMPTY;
    mu2 = Tensor.EMPTY;
    kl = Tensor.EMPTY;
    first.forget();
    second.forget();
  }

  @Override
  public void run(int part) {
    int from = part * blocksPerPart;
    int end = Math.min(Math.ceilDiv(points, L), from + blocksPerPart);
    for (int block = from; block < end; block++) {
      int point = block * L;
      int lanes = Math.min(L, points - point);
      whiten(point, lanes);
      if (backward) {
        gradients(part, point, lanes);
      } else {
        divergences(point, lanes);
      }
    }
  }

  private int vectors() {
    return d * L;
  }

  private int slot3() {
    return 4 * (d + 1) * L;
  }

  /** M and y = L₂⁻¹·(mu₂ − mu₁); slot 3 begins with y, then 1/L₂_ii, then free space. */
  private void whiten(int point, int lanes) {
    Scratch scratch = Scratch.get();
    float[] l2 = scratch.floats(0, FactorTile.wholeSize(d));
    float[] m = scratch.floats(1, DivergenceTile.size(d));
    float[] v = scratch.floats(3, slot3());
    float[] rows = scratch.floats(2, L * d);
    int inverse = vectors();
    int work = 2 * inverse;
    int point2 = shared ? 0 : point;
    second.panel(point2, lanes, shared, 0, d, l2);
    second.inverseDiagonal(point2, shared ? 1 : lanes, rows);
    int at2 = mu2.offset() + point2 * d;
    if (shared) {
      FactorTile.spread(rows, 0, d, v, inverse);
      FactorTile.spread(mu2.array(), at2, d, v, 0);
    } else {
      FactorTile.load(rows, 0, d, lanes, d, v, inverse);
      FactorTile.load(mu2.array(), at2, d, lanes, d, v, 0);
    }
    FactorTile.load(mu1.array(), mu1.offset() + point * d, d, lanes, d, v, work);
    FactorTile.centre(v, work, v, 0, vectors());
    FactorTile.substitute(l2, 0, d, v, inverse, v, 0);
    int at1 = factor1.offset() + point * d * d;
    for (int i = 0, row = 0; i < d; i++, row += DivergenceTile.pitch(d) * L) {
      int n = Math.min(d, DivergenceTile.strip(i + 1));
      FactorTile.load(factor1.array(), at1 + i * d, d * d, lanes, n, m, row);
      Arrays.fill(m, row + (i + 1) * L, row + DivergenceTile.pitch(d) * L, 0f);
    }
    DivergenceTile.substitute(l2, v, inverse, m, d);
  }

  /** Slot 2 takes log L₁_ii, slot 0 log L₂_ii: the second factor is done with. */
  private void divergences(int point, int lanes) {
    Scratch scratch = Scratch.get();
    float[] m = scratch.floats(1, DivergenceTile.size(d));
    float[] v = scratch.floats(3, slot3());
    int sums = 2 * vectors();
    DivergenceTile.rowSquares(m, v, 0, v, sums, d);
    float[] logs1 = scratch.floats(2, L * d);
    float[] logs2 = scratch.floats(0, L * d);
    first.logDiagonal(point, lanes, logs1);
    second.logDiagonal(shared ? 0 : point, shared ? 1 : lanes, logs2);
    float[] work = scratch.floats(1, L); // M is done with
    for (int p = 0; p < lanes; p++) {
      double squares = 0;
      for (int i = 0; i < d; i++) {
        squares += v[sums + i * L + p];
      }
      double ratio = Lanes.sum(logs2, shared ? 0 : p * d, d, work);
      ratio -= Lanes.sum(logs1, p * d, d, work);
      kl.array()[kl.offset() + point + p] = (float) (0.5 * (squares - d) + ratio);
    }
  }

  /** Slot 3 holds y, 1/L₂_ii, v = L₂⁻ᵀ·y and a row of P·Mᵀ + v·yᵀ. */
  private void gradients(int part, int point, int lanes) {
    Scratch scratch = Scratch.get();
    float[] l2 = scratch.floats(0, FactorTile.wholeSize(d));
    float[] m = scratch.floats(1, DivergenceTile.size(d));
    float[] p = scratch.floats(2, DivergenceTile.size(d));
    float[] v = scratch.floats(3, slot3());
    int inverse = vectors();
    int w = 2 * vectors();
    int row = 3 * vectors();
    DivergenceTile.substituteTransposed(l2, v, inverse, m, p, d);
    System.arraycopy(v, 0, v, w, vectors());
    FactorTile.substituteTransposed(l2, 0, d, v, inverse, v, w);
    gradient.addMeans(part, point, lanes, kl, v, w);
    for (int i = 0; i < d; i++) { // slot 0 is free from here on
      gradient.addFirst(point, lanes, kl, i, p, i * DivergenceTile.pitch(d) * L, factor1);
      if (gradient.second()) {
        DivergenceTile.productRow(p, m, v, w, 0, i, v, row, d);
        gradient.addSecond(part, point, lanes, kl, i, v, row, inverse + i * L);
      }
    }
  }
}
