package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.kernel.ReferenceMath.sigmoid;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of planar steps. A tile goes through the steps again, keeping what entered each, and
 * then back. A unit sums dû [d], the direct part of dw [d], dc and db.
 */
final class PlanarBackward extends PlanarSteps {
  /** Rows of numbers a step keeps: t, h, p. */
  private static final int KEPT = 3;

  private Tensor z = Tensor.EMPTY;
  private @Nullable Tensor dzOut;
  private @Nullable Tensor dLogDet;
  private @Nullable Tensor dz;
  private @Nullable Tensor du;
  private @Nullable Tensor dw;
  private @Nullable Tensor db;

  void run(
      Tensor entered,
      Tensor directions,
      Tensor weights,
      Tensor biases,
      @Nullable Tensor gradOut,
      @Nullable Tensor gradLogDet,
      @Nullable Tensor grad,
      @Nullable Tensor gradU,
      @Nullable Tensor gradW,
      @Nullable Tensor gradB) {
    z = entered;
    dzOut = gradOut;
    dLogDet = gradLogDet;
    dz = grad;
    du = gradU;
    dw = gradW;
    db = gradB;
    parameters(directions, weights, biases);
    start(z, u, gradU == null ? 0 : steps * unitSums(z.columns()), 8 * steps);
  }

  private static int unitSums(int d) {
    return 2 * d + 2;
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    dzOut = null;
    dLogDet = null;
    dz = null;
    du = null;
    dw = null;
    db = null;
    forgetParameters();
  }

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {
    int n = end - first;
    Scratch scratch = Scratch.get();
    float[] kept = scratch.floats(1, (KEPT * steps + 3) * n);
    float[] lanes = scratch.floats(2, Math.max(FlowRows.lanes(n), 2 * d));
    // what entered each step but the first, then the gradients; one tile even where there is none
    float[] tiles = scratch.floats(3, Math.max(1, steps) * n * d);
    again(first, end, point, points, prepared, kept, tiles, lanes);
    int last = Math.max(0, steps - 1) * n * d;
    float[] g = tiles;
    int gAt = last;
    if (steps == 1 && dzOut != null) { // nothing is changed on the way
      g = dzOut.array();
      gAt = dzOut.offset() + first * d;
    } else {
      gradients(dzOut, first, n, tiles, last);
    }
    int work = KEPT * steps * n;
    scalars(dLogDet, first, n, kept, work + 2 * n);
    for (int s = steps - 1; s >= 0; s--) {
      float[] source = s == 0 ? z.array() : tiles;
      int from = s == 0 ? z.offset() + first * d : (s - 1) * n * d;
      back(first, end, s, point, source, from, prepared, kept, g, gAt, lanes, sums, at);
    }
    if (steps == 0 && dz != null) {
      FlowRows.add(g, gAt, dz.array(), dz.offset() + first * d, n * d);
    }
  }

  /** The forward pass: tanh, its slope and p of each step, and what entered all but the first. */
  private void again(
      int first,
      int end,
      int point,
      int points,
      float[] prepared,
      float[] kept,
      float[] tiles,
      float[] lanes) {
    int n = end - first;
    float[] source = z.array();
    int from = z.offset() + first * d;
    int x = KEPT * steps * n;
    for (int s = 0; s < steps; s++) {
      int t = KEPT * s * n;
      arguments(
          source, from, first, end, s, point, points, prepared, kept, x, kept, t + 2 * n, lanes);
      SimdMath.tanh(kept, x, kept, t, n);
      slopes(kept, x, kept, t + n, n);
      for (int r = first; s < steps - 1 && r < end; ) {
        int stop = runEnd(r, end);
        int i = r - first;
        int unit = (r / k - point) * steps + s;
        int to = (s * n + i) * d;
        FlowRows.addMultiples(
            source, from + i * d, kept, t + i, prepared, unit * d, tiles, to, stop - r, d);
        r = stop;
      }
      source = tiles;
      from = s * n * d;
    }
  }

  /** One step, from the gradients of what left it to those of what entered it. */
  private void back(
      int first,
      int end,
      int s,
      int point,
      float[] source,
      int from,
      float[] prepared,
      float[] kept,
      float[] g,
      int gAt,
      float[] lanes,
      double[] sums,
      int at) {
    int n = end - first;
    int t = KEPT * s * n;
    int toX = KEPT * steps * n;
    int toC = toX + n;
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      int unit = (r / k - point) * steps + s;
      FlowRows.dots(g, gAt + i * d, stop - r, d, prepared, unit * d, kept, toX + i, lanes);
      r = stop;
    }
    rowGradients(kept, t, toX, n);
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      int unit = r / k * steps + s;
      if (du != null) {
        int to = at + (unit - point * steps) * unitSums(d);
        addSums(g, gAt + i * d, source, from + i * d, kept, t + i, toX + i, toC + i, stop - r, lanes, sums, to);
      }
      int wAt = w.offset() + unit * d;
      if (s > 0) {
        FlowRows.addMultiples(
            g, gAt + i * d, kept, toX + i, w.array(), wAt, g, gAt + i * d, stop - r, d);
      } else if (dz != null) {
        FlowRows.accumulateMultiples(
            g,
            gAt + i * d,
            kept,
            toX + i,
            w.array(),
            wAt,
            dz.array(),
            dz.offset() + r * d,
            stop - r,
            d);
      }
      r = stop;
    }
  }

  /** From ûᵀdz' at {@code x} to dx; to the right of it dc, and dlogDet, which stays. */
  private static void rowGradients(float[] kept, int t, int x, int n) {
    for (int i = 0; i < n; i++) {
      float tanh = kept[t + i];
      float h = kept[t + n + i];
      float p = kept[t + 2 * n + i];
      float det = Math.fma(h, p, tanh * tanh);
      float toC = kept[x + 2 * n + i] * h / det;
      kept[x + n + i] = toC;
      kept[x + i] = Math.fma(h, kept[x + i], -2 * tanh * (p - 1) * toC);
    }
  }

  private void addSums(
      float[] g,
      int gAt,
      float[] source,
      int from,
      float[] kept,
      int t,
      int toX,
      int toC,
      int n,
      float[] lanes,
      double[] sums,
      int at) {
    float[] tileSums = lanes; // no longer needed
    FlowRows.weightedSums(g, gAt, kept, t, source, from, kept, toX, tileSums, n, d);
    FlowRows.addTo(sums, at, tileSums, 2 * d);
    double c = 0;
    double x = 0;
    for (int i = 0; i < n; i++) {
      c += kept[toC + i];
      x += kept[toX + i];
    }
    sums[at + 2 * d] += c;
    sums[at + 2 * d + 1] += x;
  }

  @Override
  void finish(int point, float[] prepared, int index, int points, double[] sums, int at) {
    for (int s = 0; s < steps; s++) {
      int unit = index * steps + s;
      double n = prepared[nAt(points, unit)];
      double a = prepared[aAt(points, unit)];
      throughUHat(
          point * steps + s, n, a, prepared[eAt(points, unit)], sums, at + s * unitSums(d));
    }
  }

  /** From û and c = wᵀû to u and w. */
  private void throughUHat(int unit, double n, double a, double e, double[] sums, int at) {
    if (du == null || dw == null || db == null) {
      return;
    }
    db.array()[db.offset() + unit] += (float) sums[at + 2 * d + 1];
    float[] us = u.array();
    float[] ws = w.array();
    int uAt = u.offset() + unit * d;
    int wAt = w.offset() + unit * d;
    double toE = 0;
    for (int i = 0; n != 0 && i < d; i++) {
      toE += sums[at + i] * ws[wAt + i];
    }
    // n = 0: û = u, c = 0
    double toA = n == 0 ? 0 : sigmoid(a) * sums[at + 2 * d] - sigmoid(-a) * toE / n;
    double toN = n == 0 ? 0 : -2 * toE * e / n;
    float[] uGrad = du.array();
    float[] wGrad = dw.array();
    int uTo = du.offset() + unit * d;
    int wTo = dw.offset() + unit * d;
    for (int i = 0; i < d; i++) {
      double toUHat = sums[at + i];
      uGrad[uTo + i] = (float) (uGrad[uTo + i] + (toUHat + toA * ws[wAt + i]));
      double more = e * toUHat + toA * us[uAt + i] + toN * ws[wAt + i];
      wGrad[wTo + i] = (float) (wGrad[wTo + i] + (sums[at + d + i] + more));
    }
  }
}
