package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A Sylvester step. */
final class SylvesterForward extends SylvesterSteps {
  private Tensor z = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private @Nullable Tensor logDet;

  void run(
      Tensor from,
      Tensor vectors,
      Tensor first,
      Tensor second,
      Tensor biases,
      Tensor to,
      @Nullable Tensor logDeterminants) {
    z = from;
    out = to;
    logDet = logDeterminants;
    parameters(z, vectors, first, second, biases, true);
    start(z, v, 0, z.columns() / 4 + 20);
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    out = Tensor.EMPTY;
    logDet = null;
    forgetParameters();
  }

  @Override
  int workSize() {
    return 2 * tileRows * d;
  }

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {
    int n = end - first;
    int size = n * d;
    float[] work = work(prepared);
    int y = workAt(points);
    int t = y + size;
    int zAt = z.offset() + first * d;
    if (folded) {
      tanh(z.array(), zAt, first, end, point, prepared, work, t);
    } else {
      System.arraycopy(z.array(), zAt, work, y, size);
      reflect(work, y, first, end, false, point, prepared);
      tanh(work, y, first, end, point, prepared, work, t);
    }
    second(work, t, first, end, point, prepared, work, y);
    if (!folded) {
      reflect(work, y, first, end, true, point, prepared);
    }
    if (logDet != null) {
      addLogDet(logDet, first, end, point, prepared, work, t);
    }
    int to = out.offset() + first * d;
    System.arraycopy(z.array(), zAt, out.array(), to, size);
    Lanes.add(work, y, out.array(), to, size);
  }

  /** Σ log det of each row; t is overwritten. */
  private void addLogDet(
      Tensor to, int first, int end, int point, float[] prepared, float[] t, int tAt) {
    for (int r = first; r < end; r++) {
      int row = tAt + (r - first) * d;
      SylvesterRows.determinants(t, row, prepared, q(r / k - point), t, row, d);
    }
    SimdMath.log(t, tAt, t, tAt, (end - first) * d);
    float[] lanes = Scratch.get().floats(2, SimdMath.L);
    for (int r = first; r < end; r++) {
      to.array()[to.offset() + r] += (float) Lanes.sum(t, tAt + (r - first) * d, d, lanes);
    }
  }
}
