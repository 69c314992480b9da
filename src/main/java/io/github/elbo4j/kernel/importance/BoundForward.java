package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Bounds, normalised weights and effective sample sizes over blocks of data points. */
final class BoundForward extends KernelTask {
  private Tensor logW = Tensor.EMPTY;
  private Tensor bound = Tensor.EMPTY;
  private @Nullable Tensor weights;
  private @Nullable Tensor ess;
  private float beta;
  private int k;
  private int segments;
  private int rowsPerBlock;

  void run(
      Tensor logWeights,
      float alpha,
      Tensor result,
      @Nullable Tensor normalised,
      @Nullable Tensor size) {
    int points = result.size();
    if (points == 0) {
      return;
    }
    logW = logWeights;
    bound = result;
    weights = normalised;
    ess = size;
    beta = 1 - alpha;
    k = logW.size() / points;
    segments = Math.ceilDiv(k, BoundStream.SEGMENT);
    rowsPerBlock = Segments.rows(k);
    fork(Math.ceilDiv(points, rowsPerBlock), 15L * logW.size());
  }

  @Override
  protected void forget() {
    logW = Tensor.EMPTY;
    bound = Tensor.EMPTY;
    weights = null;
    ess = null;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int rows = Math.min(bound.size() - first, rowsPerBlock);
    Scratch scratch = Scratch.get();
    double[] totals = scratch.doubles(Segments.TOTALS, rows * BoundTotals.SIZE);
    float[] kept = scratch.floats(3, rows * segments);
    float[] x = logW.array();
    for (int s = 0; s < segments; s++) {
      int at = s * BoundStream.SEGMENT;
      int n = Math.min(BoundStream.SEGMENT, k - at);
      int from = first * k + at;
      Segments.add(x, logW.offset() + from, k, rows, n, beta, at, totals, 0, scratch);
      System.arraycopy(Segments.extremes(scratch), 0, kept, s * rows, rows);
      if (weights != null && segments > 1 && beta != 0) {
        keep(weights, from, rows, n, scratch);
      }
    }
    if (weights != null) {
      normalise(weights, first, rows, totals, kept, scratch);
    }
    if (ess != null) {
      for (int r = 0; r < rows; r++) {
        float size = Segments.ess(totals, r * BoundTotals.SIZE, beta, k);
        ess.array()[ess.offset() + first + r] = size;
      }
    }
    Segments.bounds(totals, rows, beta, k, bound.array(), bound.offset() + first, scratch);
  }

  /** The exponentials of a segment, until the whole row's sum is known. */
  private void keep(Tensor weights, int from, int rows, int n, Scratch scratch) {
    float[] e = Segments.exponentials(scratch, rows * n);
    for (int r = 0; r < rows; r++) {
      System.arraycopy(e, r * n, weights.array(), weights.offset() + from + r * k, n);
    }
  }

  private void normalise(
      Tensor weights, int first, int rows, double[] totals, float[] kept, Scratch scratch) {
    for (int s = 0; s < segments; s++) {
      for (int r = 0; r < rows; r++) { // an extreme is not needed again: its factor takes its place
        int at = s * rows + r;
        kept[at] = Segments.weight(totals, r * BoundTotals.SIZE, beta, kept[at], k);
      }
    }
    float[] out = weights.array();
    int row = weights.offset() + first * k;
    if (segments == 1 && beta != 0) {
      float[] e = Segments.exponentials(scratch, rows * k);
      WeightRows.scale(e, rows, k, kept, out, row, k);
      return;
    }
    for (int r = 0; r < rows; r++, row += k) {
      for (int s = 0; s < segments; s++) {
        int to = row + s * BoundStream.SEGMENT;
        int n = Math.min(BoundStream.SEGMENT, row + k - to);
        if (beta == 0) {
          Arrays.fill(out, to, to + n, kept[s * rows + r]);
        } else {
          WeightRows.scale(out, to, kept[s * rows + r], out, to, n);
        }
      }
    }
  }
}
