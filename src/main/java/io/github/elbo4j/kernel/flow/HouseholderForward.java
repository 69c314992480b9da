package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;

/** Householder reflections, one after the other on a tile of rows. */
final class HouseholderForward extends FlowTask {
  private Tensor z = Tensor.EMPTY;
  private Tensor v = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private boolean lastFirst;
  private int h;

  void run(Tensor from, Tensor vectors, boolean backwards, Tensor to) {
    z = from;
    v = vectors;
    out = to;
    lastFirst = backwards;
    h = v.columns() / Math.max(1, z.columns());
    start(z, v, 0, 4 * h);
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    v = Tensor.EMPTY;
    out = Tensor.EMPTY;
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
    int to = out.offset() + first * d;
    System.arraycopy(z.array(), z.offset() + first * d, out.array(), to, n * d);
    Scratch scratch = Scratch.get();
    float[] work = scratch.floats(1, FlowRows.padded(n));
    float[] lanes = scratch.floats(2, LaneSums.size(n));
    Reflections.apply(
        this, out.array(), to, first, end, v, h, lastFirst, point, prepared, 0, work, lanes);
  }
}
