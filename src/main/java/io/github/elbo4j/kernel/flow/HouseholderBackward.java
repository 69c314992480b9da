package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Gradients of Householder reflections, which walk back on copies of a tile. */
final class HouseholderBackward extends FlowTask {
  private static final double[] NONE = {};

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
    float[] lanes = Scratch.get().floats(2, FlowRows.lanes(1));
    Reflections.prepare(v, point * h, points * h, d, prepared, 0, lanes);
  }

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {
    int n = end - first;
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, 2 * n);
    float[] lanes = scratch.floats(2, Math.max(FlowRows.lanes(n), 2 * d));
    float[] tiles = scratch.floats(3, 2 * n * d);
    gradients(zOut, first, n, tiles, 0);
    gradients(dzOut, first, n, tiles, n * d);
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int row = (r - first) * d;
      int index = r / k - point;
      Reflections.backward(
          tiles,
          row,
          tiles,
          n * d + row,
          stop - r,
          d,
          v.array(),
          v.offset() + r / k * h * d,
          prepared,
          index * h,
          h,
          false,
          work,
          lanes,
          dv == null ? NONE : sums,
          at + index * h * d);
      r = stop;
    }
    if (dz != null) {
      FlowRows.add(tiles, n * d, dz.array(), dz.offset() + first * d, n * d);
    }
  }

  @Override
  void finish(int point, float[] prepared, int index, int points, double[] sums, int at) {
    if (dv != null) {
      int to = dv.offset() + point * h * d;
      Reflections.finish(sums, at, prepared, index * h, h, d, dv.array(), to);
    }
  }
}
