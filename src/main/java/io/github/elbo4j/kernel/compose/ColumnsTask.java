package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Columns of [B,C1] onto columns of [R,C2], and the gradient of that. A block is some data points
 * with all of their samples.
 */
final class ColumnsTask extends KernelTask {
  private static final int BLOCK = 16384;

  /** Samples that are added up in float32 before their sum is added to the gradient. */
  private static final int CHUNK = 64;

  private static final ThreadLocal<ColumnsTask> LOCAL = ThreadLocal.withInitial(ColumnsTask::new);

  private boolean backward;
  private Tensor points = Tensor.EMPTY;
  private int pointColumn;
  private Tensor rows = Tensor.EMPTY;
  private int rowColumn;
  private int count;
  private int samples;
  private int perBlock;

  private ColumnsTask() {}

  static void forward(Tensor from, int fromColumn, Tensor to, int toColumn, int count) {
    LOCAL.get().run(false, from, fromColumn, to, toColumn, count);
  }

  static void backward(Tensor dTo, int toColumn, Tensor dFrom, int fromColumn, int count) {
    LOCAL.get().run(true, dFrom, fromColumn, dTo, toColumn, count);
  }

  private void run(boolean back, Tensor b, int bColumn, Tensor r, int rColumn, int columns) {
    if (r.rows() == 0 || columns == 0) {
      return;
    }
    backward = back;
    points = b;
    pointColumn = bColumn;
    rows = r;
    rowColumn = rColumn;
    count = columns;
    samples = r.rows() / b.rows();
    perBlock = (int) Math.max(1, BLOCK / ((long) samples * columns));
    fork(Math.ceilDiv(b.rows(), perBlock), (long) r.rows() * columns);
  }

  @Override
  protected void forget() {
    points = Tensor.EMPTY;
    rows = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int end = Math.min(points.rows(), (block + 1) * perBlock);
    for (int b = block * perBlock; b < end; b++) {
      int at = points.offset() + b * points.columns() + pointColumn;
      int first = rows.offset() + b * samples * rows.columns() + rowColumn;
      if (backward) {
        gather(first, at);
      } else {
        for (int k = 0; k < samples; k++) {
          Lanes.add(points.array(), at, rows.array(), first + k * rows.columns(), count);
        }
      }
    }
  }

  /** Adds all samples' gradients, from {@code first} on, to their point's. */
  private void gather(int first, int at) {
    if (samples == 1) {
      Lanes.add(rows.array(), first, points.array(), at, count);
      return;
    }
    float[] sums = Scratch.get().floats(0, count);
    for (int k = 0; k < samples; k += CHUNK) {
      Arrays.fill(sums, 0, count, 0f);
      for (int s = k; s < Math.min(samples, k + CHUNK); s++) {
        Lanes.add(rows.array(), first + s * rows.columns(), sums, 0, count);
      }
      Lanes.add(sums, 0, points.array(), at, count);
    }
  }
}
