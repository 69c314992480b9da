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
    NormRows.shift(in.array(), in.offset() + at, y, to, rows, columns);
    SimdMath.exp(y, to, y, to, rows * columns);
    NormRows.divide(sums(y, to, rows), y, to, rows, columns);
  }

  private void logRows(int at, int rows) {
    float[] y = out.array();
    int to = out.offset() + at;
    float[] p = Scratch.get().floats(0, rows * columns);
    NormRows.shift(in.array(), in.offset() + at, y, to, rows, columns);
    SimdMath.exp(y, to, p, 0, rows * columns);
    float[] logs = sums(p, 0, rows);
    SimdMath.log(logs, 0, logs, 0, rows);
    NormRows.subtract(logs, y, to, rows, columns);
  }

  /** The sums of rows. */
  private float[] sums(float[] a, int from, int rows) {
    float[] lanes = Scratch.get().floats(1, Lanes.ROWS * SimdMath.L);
    float[] sums = Scratch.get().floats(2, rows);
    Lanes.rowSums(a, from, rows, columns, lanes, sums, 0);
    return sums;
  }

  private void backwardRows(int at, int rows) {
    float[] y = in.array();
    int from = in.offset() + at;
    float[] dY = gradient.array();
    int g = gradient.offset() + at;
    float[] dX = out.array();
    int to = out.offset() + at;
    if (log) {
      float[] p = Scratch.get().floats(0, rows * columns);
      SimdMath.exp(y, from, p, 0, rows * columns);
      NormRows.logSoftmaxGradient(p, 0, dY, g, sums(dY, g, rows), dX, to, rows, columns);
    } else {
      float[] dots = dots(dY, g, y, from, rows);
      NormRows.softmaxGradient(y, from, dY, g, dots, dX, to, rows, columns);
    }
  }

  /** Σ a·b of each row. */
  private float[] dots(float[] a, int from, float[] b, int bFrom, int rows) {
    float[] dots = Scratch.get().floats(2, rows);
    float[] lanes = Scratch.get().floats(1, Lanes.ROWS * SimdMath.L);
    for (int r = 0; r < rows; r += Lanes.ROWS) {
      int count = Math.min(Lanes.ROWS, rows - r);
      int at = r * columns;
      if (columns > Lanes.CHUNK) { // then few rows
        for (int k = r; k < r + count; k++) {
          int row = k * columns;
          dots[k] = (float) NormRows.dot(a, from + row, b, bFrom + row, columns, lanes);
        }
        continue;
      }
      NormRows.dots(a, from + at, b, bFrom + at, count, columns, lanes);
      for (int k = 0; k < count; k++) {
        dots[r + k] = Lanes.sum(lanes, k * SimdMath.L);
      }
    }
    return dots;
  }
}
