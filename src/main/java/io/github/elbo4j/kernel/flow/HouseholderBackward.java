package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Gradients of Householder reflections, which walk back on copies of a tile. */
final class HouseholderBackward extends FlowTask {
  private Tensor zOut = Tensor.EMPTY;
  private Tensor v = Tensor.EMPTY;
  private Tensor dzOut = Tensor.EMPTY;
  private @Nullable Tensor dz;
  private @Nullable Tensor dv;
  private int h;

  void run(
      Tensor left,
      Tensor vectors,
      Tensor gradOut,
      @Nullable Tensor grad,
      @Nullable Tensor gradVectors) {
    zOut = left;
    v = vectors;
    dzOut = gradOut;
    dz = grad;
    dv = gradVectors;
    h = v.columns() / Math.max(1, zOut.columns());
    start(zOut, v, gradVectors == null ? 0 : v.columns(), 10 * h);
  }

  @Override
  protected void forget() {
    zOut = Tensor.EMPTY;
    v = Tensor.EMPTY;
    dzOut = Tensor.EMPTY;
    dz = null;
    dv = null;
  }

  @Override
  int preparedSize() {
    return h;
  }

  @Override
  void prepare(int point, int points, float[] prepared) {
    float[] lanes = Scratch.get().floats(2, LaneSums.size(points * h));
    Reflections.prepare(v, point * h, points * h, d, prepared, 0, lanes);
  }

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {
    int n = end - first;
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, 2 * FlowRows.padded(n));
    float[] lanes = scratch.floats(2, Math.max(LaneSums.size(n), 2 * d));
    float[] tiles = scratch.floats(3, 2 * n * d);
    gradients(zOut, first, n, tiles, 0);
    gradients(dzOut, first, n, tiles, n * d);
    Reflections.backward(
        this,
        tiles,
        0,
        tiles,
        n * d,
        first,
        end,
        v,
        h,
        false,
        point,
        points,
        prepared,
        0,
        dv != null,
        0,
        work,
        lanes,
        sums,
        at);
    if (dz != null) {
      Lanes.add(tiles, n * d, dz.array(), dz.offset() + first * d, n * d);
    }
  }

  @Override
  void finish(int point, int points, float[] prepared, int totals) {
    if (dv != null) {
      int to = dv.offset() + point * h * d;
      Reflections.finish(prepared, totals, prepared, 0, points * h, d, dv.array(), to);
    }
  }
}
