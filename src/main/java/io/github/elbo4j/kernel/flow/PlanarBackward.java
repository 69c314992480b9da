package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
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
    int m = FlowRows.padded(n);
    float[] kept = scratch.floats(1, (KEPT * steps + 2) * m);
    float[] lanes = scratch.floats(2, Math.max(LaneSums.size(n), unitSums(d)));
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
    for (int s = steps - 1; s >= 0; s--) {
      float[] source = s == 0 ? z.array() : tiles;
      int from = s == 0 ? z.offset() + first * d : (s - 1) * n * d;
      back(first, end, s, point, points, source, from, prepared, kept, g, gAt, lanes, sums, at);
    }
    if (steps == 0 && dz != null) {
      Lanes.add(g, gAt, dz.array(), dz.offset() + first * d, n * d);
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
    int m = FlowRows.padded(n);
    int x = KEPT * steps * m;
    for (int s = 0; s < steps; s++) {
      int t = KEPT * s * m;
      arguments(source, from, first, end, s, point, points, prepared, kept, x, t + 2 * m, lanes);
      SimdMath.tanh(kept, x, kept, t, m);
      PlanarRows.slopes(kept, x, t, t + 2 * m, t + m, m);
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
      int points,
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
    int m = FlowRows.padded(n);
    int t = KEPT * s * m;
    int toX = KEPT * steps * m;
    int toC = toX + m;
    if (k == 1) {
      int unit = (first - point) * steps + s;
      RowPairs.laneDots(g, gAt, d, prepared, unit * d, steps * d, n, d, lanes, 0);
    }
    for (int r = first; k > 1 && r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      int unit = (r / k - point) * steps + s;
      FlowRows.laneDots(g, gAt + i * d, stop - r, d, prepared, unit * d, lanes, i);
      r = stop;
    }
    LaneSums.sum(lanes, n);
    System.arraycopy(lanes, 0, kept, toX, n);
    scalars(dLogDet, first, n, kept, toC);
    PlanarRows.gradients(kept, t, t + m, t + 2 * m, toX, toC, m);
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = r - first;
      int rows = stop - r;
      if (du != null) {
        int width = unitSums(d);
        int to = depositAt(r / k - point, s * width, points);
        float[] unit = to < 0 ? lanes : prepared;
        int u0 = Math.max(0, to);
        FlowRows.weightedSums(
            g, gAt + i * d, kept, t + i, source, from + i * d, toX + i, unit, u0, rows, d);
        unit[u0 + 2 * d] = FlowRows.sum(kept, toC + i, rows);
        unit[u0 + 2 * d + 1] = FlowRows.sum(kept, toX + i, rows);
        if (to < 0) {
          deposit(lanes, 0, width, r / k - point, s * width, points, prepared, sums, at);
        }
      }
      move(s, r, rows, g, gAt + i * d, kept, toX + i);
      r = stop;
    }
  }

  /** The gradients of n rows of a unit, in place, or added to dz. */
  private void move(int s, int r, int n, float[] g, int gAt, float[] kept, int toX) {
    int wAt = w.offset() + (r / k * steps + s) * d;
    if (s > 0) {
      FlowRows.addMultiples(g, gAt, kept, toX, w.array(), wAt, g, gAt, n, d);
    } else if (dz != null) {
      int to = dz.offset() + r * d;
      FlowRows.accumulateMultiples(g, gAt, kept, toX, w.array(), wAt, dz.array(), to, n, d);
    }
  }

  /** From û and c = wᵀû to u and w. */
  @Override
  void finish(int point, int points, float[] prepared, int totals) {
    if (du == null || dw == null || db == null) {
      return;
    }
    int units = points * steps;
    int first = point * steps;
    int width = unitSums(d);
    Scratch scratch = Scratch.get();
    float[] lanes = scratch.floats(2, LaneSums.size(units));
    int wAt = w.offset() + first * d;
    RowPairs.laneDots(prepared, totals, width, w.array(), wAt, d, units, d, lanes, 0);
    LaneSums.sum(lanes, units); // de
    float[] slope = scratch.floats(1, units);
    SimdMath.sigmoid(prepared, aAt(points, 0), slope, 0, units);
    for (int q = 0; q < units; q++) {
      int sums = totals + q * width;
      float n = prepared[nAt(points, q)];
      float e = prepared[eAt(points, q)];
      float toE = n == 0 ? 0 : lanes[q] / n; // n = 0: û = u, c = 0
      float toA = n == 0 ? 0 : slope[q] * prepared[sums + 2 * d] - (1 - slope[q]) * toE;
      int at = (first + q) * d;
      add(at, e, toA, -2 * toE * e, prepared, sums);
      db.array()[db.offset() + first + q] += prepared[sums + 2 * d + 1];
    }
  }

  /** {@code du += dû + da·w}, {@code dw += direct + e·dû + da·u + dn·w}. */
  private void add(int at, float e, float toA, float toN, float[] totals, int sums) {
    if (du != null && dw != null) {
      float[] us = u.array();
      float[] ws = w.array();
      int wAt = w.offset() + at;
      int to = dw.offset() + at;
      FlowRows.addThree(totals, sums, toA, ws, wAt, 0, ws, wAt, du.array(), du.offset() + at, d);
      FlowRows.addThree(
          totals, sums + d, e, totals, sums, toA, us, u.offset() + at, dw.array(), to, d);
      FlowRows.addMultiple(toN, ws, wAt, dw.array(), to, d);
    }
  }
}
