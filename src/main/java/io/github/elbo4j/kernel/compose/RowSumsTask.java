package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/** Sums of rows, and their gradient: one number onto each element of a row. */
final class RowSumsTask extends KernelTask {
  private static final int BLOCK = 16384;
  private static final ThreadLocal<RowSumsTask> LOCAL = ThreadLocal.withInitial(RowSumsTask::new);

  private boolean backward;
  private Tensor x = Tensor.EMPTY;
  private Tensor y = Tensor.EMPTY;
  private int perBlock;

  private RowSumsTask() {}

  static void forward(Tensor x, Tensor y) {
    LOCAL.get().run(false, x, y);
  }

  static void backward(Tensor dy, Tensor dx) {
    LOCAL.get().run(true, dx, dy);
  }

  private void run(boolean back, Tensor matrix, Tensor sums) {
    if (matrix.size() == 0) {
      return;
    }
    backward = back;
    x = matrix;
    y = sums;
    perBlock = Math.max(1, BLOCK / x.columns());
    fork(Math.ceilDiv(x.rows(), perBlock), x.size());
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    y = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int n = x.columns();
    int first = block * perBlock;
    int rows = Math.min(x.rows() - first, perBlock);
    int at = x.offset() + first * n;
    int to = y.offset() + first;
    if (backward) {
      for (int r = 0; r < rows; r++) {
        ComposeRows.add(y.array()[to + r], x.array(), at + r * n, n);
      }
    } else {
      Scratch scratch = Scratch.get();
      float[] sums = scratch.floats(1, rows);
      float[] lanes = scratch.floats(0, Lanes.ROWS * SimdMath.L);
      Lanes.rowSums(x.array(), at, rows, n, lanes, sums, 0);
      Lanes.add(sums, 0, y.array(), to, rows);
    }
  }
}
