package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The bounds of a stream: its totals, with the samples that wait, on a copy. */
final class StreamFinish extends KernelTask {
  private static final int SEGMENT = BoundStream.SEGMENT;
  private static final int POINTS = Segments.rows(SEGMENT);

  private @Nullable BoundStream stream;
  private Tensor bound = Tensor.EMPTY;
  private @Nullable Tensor ess;

  void run(BoundStream of, Tensor result, @Nullable Tensor size) {
    stream = of;
    bound = result;
    ess = size;
    fork(Math.ceilDiv(of.points(), POINTS), 15L * of.points() * of.waiting());
  }

  @Override
  protected void forget() {
    stream = null;
    bound = Tensor.EMPTY;
    ess = null;
  }

  @Override
  public void run(int block) {
    if (stream != null) {
      int first = block * POINTS;
      finish(stream, first, Math.min(stream.points() - first, POINTS), Scratch.get());
    }
  }

  private void finish(BoundStream s, int first, int rows, Scratch scratch) {
    int size = rows * BoundTotals.SIZE;
    float beta = 1 - s.alpha;
    int n = s.waiting();
    double[] totals = scratch.doubles(Segments.TOTALS, size);
    System.arraycopy(s.totals, first * BoundTotals.SIZE, totals, 0, size);
    if (n > 0) {
      long before = s.count() - n;
      int from = first * SEGMENT;
      Segments.add(s.pending, from, SEGMENT, rows, n, beta, before, totals, 0, scratch);
    }
    for (int r = 0; ess != null && r < rows; r++) {
      float value = Segments.ess(totals, r * BoundTotals.SIZE, beta, s.count());
      ess.array()[ess.offset() + first + r] = value;
    }
    Segments.bounds(totals, rows, beta, s.count(), bound.array(), bound.offset() + first, scratch);
  }
}
