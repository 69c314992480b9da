package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;

/** Softmax and its logarithm, forward and backward, over blocks of rows that stay in L1. */
final class Softmax extends KernelTask {
  private static final int BLOCK = 4096;

  private Tensor in = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private Tensor gradient = Tensor.EMPTY;
  private boolean log;
  private boolean backward;
  private int columns;
  private int rowsPerBlock;

  void forward(Tensor x, boolean logarithm, Tensor y) {
    backward = false;
    run(x, logarithm, y, y);
  }

  /** {@code dX +=} the gradient, from the forward pass's y. */
  void backward(Tensor y, boolean logarithm, Tensor dY, Tensor dX) {
    backward = true;
    run(y, logarithm, dX, dY);
  }

  private void run(Tensor from, boolean logarithm, Tensor to, Tensor dY) {
    in = from;
    out = to;
    gradient = dY;
    log = logarithm;
    columns = from.columns();
    rowsPerBlock = Math.max(1, BLOCK / Math.max(1, columns));
    fork(Math.ceilDiv(from.rows(), rowsPerBlock), (backward && !log ? 4L : 12L) * from.size());
  }

  @Override
  protected void forget() {
    in = Tensor.EMPTY;
    out = Tensor.EMPTY;
    gradient = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int rows = Math.min(rowsPerBlock, in.rows() - first);
    int at = first * columns;
    if (backward) {
      backwardRows(at, rows);
    } else if (log) {
      logRows(at, rows);
    } else {
      rows(at, rows);
    }
  }

  private void rows(int at, int rows) {
    float[] y = out.array();
    int to = out.offset() + at;
    shifted(at, rows, y, to);
    SimdMath.exp(y, to, y, to, rows * columns);
    float[] lanes = Scratch.get().floats(1, SimdMath.L);
    for (int r = 0; r < rows; r++, to += columns) {
      double sum = Lanes.sum(y, to, columns, lanes);
      NormRows.scale(y, to, (float) (1 / sum), columns);
    }
  }

  private void logRows(int at, int rows) {
    float[] y = out.array();
    int to = out.offset() + at;
    float[] p = Scratch.get().floats(0, rows * columns);
    shifted(at, rows, y, to);
    SimdMath.exp(y, to, p, 0, rows * columns);
    float[] lanes = Scratch.get().floats(1, SimdMath.L);
    float[] logs = Scratch.get().floats(2, rows);
    for (int r = 0; r < rows; r++) {
      logs[r] = (float) Lanes.sum(p, r * columns, columns, lanes);
    }
    SimdMath.log(logs, 0, logs, 0, rows);
    for (int r = 0; r < rows; r++, to += columns) {
      NormRows.subtract(y, to, logs[r], y, to, columns);
    }
  }

  /** Each row less its maximum. */
  private void shifted(int at, int rows, float[] y, int to) {
    int from = in.offset() + at;
    for (int r = 0; r < rows; r++, from += columns, to += columns) {
      float most = NormRows.max(in.array(), from, columns);
      NormRows.subtract(in.array(), from, most, y, to, columns);
    }
  }

  private void backwardRows(int at, int rows) {
    float[] y = in.array();
    int from = in.offset() + at;
    float[] p = y;
    int pAt = from;
    if (log) {
      p = Scratch.get().floats(0, rows * columns);
      pAt = 0;
      SimdMath.exp(y, from, p, 0, rows * columns);
    }
    float[] dY = gradient.array();
    float[] dX = out.array();
    float[] lanes = Scratch.get().floats(1, SimdMath.L);
    for (int r = 0; r < rows; r++) {
      int row = r * columns;
      int g = gradient.offset() + at + row;
      int to = out.offset() + at + row;
      if (log) {
        float sum = (float) Lanes.sum(dY, g, columns, lanes);
        NormRows.logSoftmaxGradient(p, pAt + row, dY, g, sum, dX, to, columns);
      } else {
        float dot = (float) NormRows.dot(dY, g, p, pAt + row, columns, lanes);
        NormRows.softmaxGradient(p, pAt + row, dY, g, dot, dX, to, columns);
      }
    }
  }
}
