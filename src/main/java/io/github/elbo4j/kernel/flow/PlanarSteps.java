package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * What the passes over planar steps share. Step s of a row of parameters is a unit: its û, then (in
 * rows of one number a unit) p = 1 + wᵀû, a = wᵀu, n = ‖w‖² and e, where û = u + e·w.
 */
abstract class PlanarSteps extends FlowTask {
  private static final int SCALARS = 4;

  Tensor u = Tensor.EMPTY;
  Tensor w = Tensor.EMPTY;
  Tensor b = Tensor.EMPTY;
  int steps;

  final void parameters(Tensor directions, Tensor weights, Tensor biases) {
    u = directions;
    w = weights;
    b = biases;
    steps = b.size() / u.rows();
  }

  final void forgetParameters() {
    u = Tensor.EMPTY;
    w = Tensor.EMPTY;
    b = Tensor.EMPTY;
  }

  @Override
  final int preparedSize() {
    return steps * (d + SCALARS);
  }

  @Override
  final void prepare(int point, int points, float[] prepared) {
    int units = points * steps;
    int from = point * steps * d;
    int p = pAt(points, 0);
    int a = p + units;
    int n = a + units;
    int e = n + units;
    float[] lanes = Scratch.get().floats(2, LaneSums.size(2 * units));
    int uAt = u.offset() + from;
    int wAt = w.offset() + from;
    RowPairs.laneDots(u.array(), uAt, d, w.array(), wAt, d, units, d, lanes, 0);
    RowPairs.laneDots(w.array(), wAt, d, w.array(), wAt, d, units, d, lanes, units);
    LaneSums.sum(lanes, 2 * units);
    System.arraycopy(lanes, 0, prepared, a, 2 * units); // n is behind a
    for (int q = 0; q < units; q++) {
      prepared[e + q] = -prepared[a + q];
    }
    SimdMath.softplus(prepared, a, prepared, p, units);
    SimdMath.softplus(prepared, e, prepared, e, units);
    for (int q = 0; q < units; q++) {
      bound(prepared, p + q, n + q, e + q);
    }
    RowPairs.addMultiples(u.array(), uAt, prepared, e, w.array(), wAt, d, prepared, 0, units, d);
  }

  /** The edges of p, n and e; e comes as softplus(−a). */
  private static void bound(float[] x, int p, int n, int e) {
    float square = x[n];
    x[p] = x[p] < FlowKernels.SMALLEST_SOFTPLUS ? FlowKernels.SMALLEST_SOFTPLUS : x[p];
    x[e] = (x[e] - 1) / square;
    if (square < FlowKernels.SMALLEST_SQUARE) {
      x[n] = 0;
      x[p] = 1;
      x[e] = 0;
    } else if (!(square <= Float.MAX_VALUE)) {
      x[p] = Float.NaN;
      x[e] = Float.NaN;
    }
  }

  /** Where p of a unit lies; {@code points} were prepared together. */
  final int pAt(int points, int unit) {
    return points * steps * d + unit;
  }

  final int aAt(int points, int unit) {
    return pAt(points, unit) + points * steps;
  }

  final int nAt(int points, int unit) {
    return aAt(points, unit) + points * steps;
  }

  final int eAt(int points, int unit) {
    return nAt(points, unit) + points * steps;
  }

  /**
   * {@code x = wᵀz + b} of step s and {@code p} of rows [first, end), of which source has the first
   * at {@code at}.
   */
  final void arguments(
      float[] source,
      int at,
      int first,
      int end,
      int s,
      int point,
      int points,
      float[] prepared,
      float[] work,
      int x,
      int p,
      float[] lanes) {
    int n = end - first;
    if (k == 1) {
      int wAt = w.offset() + (first * steps + s) * d;
      RowPairs.laneDots(source, at, d, w.array(), wAt, steps * d, n, d, lanes, 0);
      int unit = first * steps + s;
      for (int i = 0; i < n; i++, unit += steps) {
        work[x + i] = b.array()[b.offset() + unit];
        work[p + i] = prepared[pAt(points, unit - point * steps)];
      }
    }
    for (int r = first; k > 1 && r < end; ) {
      int stop = runEnd(r, end);
      int unit = r / k * steps + s;
      int i = r - first;
      int wAt = w.offset() + unit * d;
      FlowRows.laneDots(source, at + i * d, stop - r, d, w.array(), wAt, lanes, i);
      float bias = b.array()[b.offset() + unit];
      float softplus = prepared[pAt(points, unit - point * steps)];
      Arrays.fill(work, x + i, x + i + stop - r, bias);
      Arrays.fill(work, p + i, p + i + stop - r, softplus);
      r = stop;
    }
    Arrays.fill(work, p + n, p + FlowRows.padded(n), 0f); // what is behind must not count as large
    LaneSums.sum(lanes, n);
    Lanes.add(lanes, 0, work, x, n);
  }
}
