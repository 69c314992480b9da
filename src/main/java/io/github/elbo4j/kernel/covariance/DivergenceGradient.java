package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the gradients of a {@link FactorDivergence} go: from lanes, which are data points, to rows.
 * A second Gaussian that is shared is summed in double, first over the blocks of a part, then over
 * the parts: always in the same order.
 */
final class DivergenceGradient {
  private static final int L = SimdMath.L;

  private Tensor dMu1 = Tensor.EMPTY;
  private Tensor dL1 = Tensor.EMPTY;
  private @Nullable Tensor dMu2;
  private @Nullable Tensor dL2;
  private boolean shared;
  private int parts;
  private int d;

  /** [parts][d + d²], the sums of mu first. */
  private double[] sums = {};

  void set(
      Tensor toMu1,
      Tensor toL1,
      @Nullable Tensor toMu2,
      @Nullable Tensor toL2,
      boolean sharedSecond,
      int numberOfParts,
      int dimensions) {
    dMu1 = toMu1;
    dL1 = toL1;
    dMu2 = toMu2;
    dL2 = toL2;
    shared = sharedSecond;
    parts = numberOfParts;
    d = dimensions;
    if (shared && dMu2 != null) {
      int n = parts * d * (d + 1);
      sums = Scratch.get().doubles(Scratch.HELD, n);
      Arrays.fill(sums, 0, n, 0);
    }
  }

  void forget() {
    dMu1 = Tensor.EMPTY;
    dL1 = Tensor.EMPTY;
    dMu2 = null;
    dL2 = null;
  }

  boolean second() {
    return dL2 != null;
  }

  /** The gradients to the means, ∓dkl·v. */
  void addMeans(int part, int point, int lanes, Tensor g, float[] v, int at) {
    float[] rows = Scratch.get().floats(0, L * d);
    FactorTile.store(v, at, lanes, d, rows, 0, d);
    for (int p = 0; p < lanes; p++) {
      float scale = value(g, point + p);
      int to = (point + p) * d;
      FactorOuter.addScaled(-scale, rows, p * d, dMu1.array(), dMu1.offset() + to, d);
      if (dMu2 != null && !shared) {
        FactorOuter.addScaled(scale, rows, p * d, dMu2.array(), dMu2.offset() + to, d);
      }
    }
    if (dMu2 != null && shared) {
      sum(point, lanes, g, 1, v, at, d, part * d * (d + 1));
    }
  }

  /** Row i of the gradient to the first factor: dkl·P_ij, less dkl/L_ii on the diagonal. */
  void addFirst(int point, int lanes, Tensor g, int i, float[] p, int at, Tensor factor) {
    int row = addRows(point, lanes, g, 1, i, p, at, dL1);
    int from = factor.offset() + point * d * d + i * (d + 1);
    for (int l = 0; l < lanes; l++) {
      float inverse = 1 / factor.array()[from + l * d * d];
      dL1.array()[row + l * d * d + i] -= value(g, point + l) * inverse;
    }
  }

  /** Row i of the gradient to the second: −dkl·S_ij, and dkl/L_ii on the diagonal. */
  void addSecond(int part, int point, int lanes, Tensor g, int i, float[] s, int at, int inverse) {
    if (dL2 == null) {
      return;
    }
    if (shared) {
      int to = part * d * (d + 1) + d + i * d;
      sum(point, lanes, g, -1, s, at, i + 1, to);
      sum(point, lanes, g, 1, s, inverse, 1, to + i);
      return;
    }
    int row = addRows(point, lanes, g, -1, i, s, at, dL2);
    for (int l = 0; l < lanes; l++) {
      dL2.array()[row + l * d * d + i] += value(g, point + l) * s[inverse + l];
    }
  }

  /** to[point + l, i, j ≤ i] += sign·dkl·tile[j][l]; returns where row i of the first point is. */
  private int addRows(
      int point, int lanes, Tensor g, int sign, int i, float[] tile, int at, Tensor to) {
    float[] rows = Scratch.get().floats(0, L * d);
    FactorTile.store(tile, at, lanes, i + 1, rows, 0, d);
    int row = to.offset() + point * d * d + i * d;
    for (int l = 0; l < lanes; l++) {
      float scale = sign * value(g, point + l);
      FactorOuter.addScaled(scale, rows, l * d, to.array(), row + l * d * d, i + 1);
    }
    return row;
  }

  /** sums[to + j] += sign·Σ_l dkl·tile[j][l]. */
  private void sum(int point, int lanes, Tensor g, int sign, float[] tile, int at, int n, int to) {
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int l = 0; l < lanes; l++) {
        sum += (double) value(g, point + l) * tile[at + j * L + l];
      }
      sums[to + j] += sign * sum;
    }
  }

  /** Adds the sums of all parts to the gradients of a shared second Gaussian. */
  void addParts() {
    if (dMu2 == null || dL2 == null || !shared) {
      return;
    }
    for (int n = 0; n < d * (d + 1); n++) {
      double sum = 0;
      for (int part = 0; part < parts; part++) {
        sum += sums[part * d * (d + 1) + n];
      }
      if (n < d) {
        dMu2.array()[dMu2.offset() + n] += (float) sum;
      } else if ((n - d) % d <= (n - d) / d) { // nothing above the diagonal, not even a zero
        dL2.array()[dL2.offset() + n - d] += (float) sum;
      }
    }
  }

  private static float value(Tensor t, int i) {
    return t.array()[t.offset() + i];
  }
}
