package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.tensor.Tensor;

/** The gradients over blocks of samples: each row of the target times a number of its own. */
final class BoundBackward extends KernelTask {
  private static final int BLOCK = 8192;

  private Tensor weights = Tensor.EMPTY;
  private Tensor gradient = Tensor.EMPTY;
  private Tensor target = Tensor.EMPTY;
  private boolean doubly;
  private float alpha;
  private int width;
  private int rows;
  private int rowsPerBlock;

  /** {@code dLogW += dBound·w̃}. */
  void run(Tensor normalised, Tensor dBound, Tensor dLogW) {
    doubly = false;
    rows = dBound.size();
    start(normalised, dBound, dLogW);
  }

  /** {@code dz += (α + (1−α)·w̃)·dPath}. */
  void run(Tensor normalised, float ofBound, Tensor dPath, Tensor dz) {
    doubly = true;
    alpha = ofBound;
    rows = normalised.size();
    start(normalised, dPath, dz);
  }

  private void start(Tensor normalised, Tensor g, Tensor to) {
    if (rows == 0) {
      return;
    }
    weights = normalised;
    gradient = g;
    target = to;
    width = to.size() / rows;
    rowsPerBlock = Math.max(1, BLOCK / Math.max(1, width));
    fork(Math.ceilDiv(rows, rowsPerBlock), 3L * to.size());
  }

  @Override
  protected void forget() {
    weights = Tensor.EMPTY;
    gradient = Tensor.EMPTY;
    target = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(rows, first + rowsPerBlock);
    float[] w = weights.array();
    float[] g = gradient.array();
    float[] out = target.array();
    int wAt = weights.offset();
    int gAt = gradient.offset();
    int to = target.offset();
    if (!doubly) {
      for (int b = first; b < end; b++) {
        WeightRows.addScaled(w, wAt + b * width, g[gAt + b], out, to + b * width, width);
      }
    } else if (width == 1 && Float.isFinite(alpha)) {
      WeightRows.addDoublyReparameterized(
          w, wAt + first, alpha, g, gAt + first, out, to + first, end - first);
    } else {
      for (int r = first; r < end; r++) {
        float factor = Float.isInfinite(alpha) ? 1 : Math.fma(w[wAt + r], 1 - alpha, alpha);
        WeightRows.addScaled(g, gAt + r * width, factor, out, to + r * width, width);
      }
    }
  }
}
