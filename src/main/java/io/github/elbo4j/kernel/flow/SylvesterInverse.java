package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The inverse of a Sylvester step, row by row, in double. */
final class SylvesterInverse extends SylvesterSteps {
  private Tensor zOut = Tensor.EMPTY;
  private Tensor z = Tensor.EMPTY;
  private @Nullable Tensor logDet;

  void run(
      Tensor from,
      Tensor vectors,
      Tensor first,
      Tensor second,
      Tensor biases,
      Tensor to,
      @Nullable Tensor logDeterminants) {
    zOut = from;
    z = to;
    logDet = logDeterminants;
    parameters(zOut, vectors, first, second, biases, false);
    start(zOut, v, 0, z.columns() + 100);
  }

  @Override
  protected void forget() {
    zOut = Tensor.EMPTY;
    z = Tensor.EMPTY;
    logDet = null;
    forgetParameters();
  }

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {
    int to = z.offset() + first * d;
    System.arraycopy(zOut.array(), zOut.offset() + first * d, z.array(), to, (end - first) * d);
    reflect(z.array(), to, first, end, false, point, prepared);
    for (int r = first; r < end; r++) {
      double log = solve(z.array(), z.offset() + r * d, prepared, r / k - point, r / k);
      if (logDet != null) {
        logDet.array()[logDet.offset() + r] -= (float) log;
      }
    }
    reflect(z.array(), to, first, end, true, point, prepared);
  }

  /** From y' = y + R1·tanh(R2·y + b) to y, in place; returns Σ log det. */
  private double solve(float[] y, int at, float[] prepared, int index, int point) {
    double[] t = Scratch.get().doubles(0, d);
    double[] solved = Scratch.get().doubles(1, d);
    double log = 0;
    for (int i = d - 1; i >= 0; i--) {
      double rest = y[at + i];
      double pre = b.array()[b.offset() + point * d + i];
      int a1 = a1(index) + i * d;
      int a2 = a2(index) + i * d;
      for (int j = i + 1; j < d; j++) {
        rest -= prepared[a1 + j] * t[j];
        pre += prepared[a2 + j] * solved[j];
      }
      double q = prepared[q(index) + i];
      t[i] = Math.tanh(TanhRoot.of(q, prepared[a2 + i] * rest + pre));
      solved[i] = rest - prepared[a1 + i] * t[i];
      log += Math.log(t[i] * t[i] + (1 - t[i]) * (1 + t[i]) * q);
    }
    for (int i = 0; i < d; i++) {
      y[at + i] = (float) solved[i];
    }
    return log;
  }
}
