package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A chunk of samples into a stream: they wait until they fill a segment. */
final class StreamPush extends KernelTask {
  private static final int SEGMENT = BoundStream.SEGMENT;
  private static final int POINTS = Segments.rows(SEGMENT);

  private @Nullable BoundStream stream;
  private Tensor logW = Tensor.EMPTY;
  private int k;

  void run(BoundStream into, Tensor chunk) {
    stream = into;
    logW = chunk;
    k = chunk.size() / into.points();
    fork(Math.ceilDiv(into.points(), POINTS), 15L * chunk.size());
    into.add(k);
  }

  @Override
  protected void forget() {
    stream = null;
    logW = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    if (stream != null) {
      int first = block * POINTS;
      push(stream, first, Math.min(stream.points() - first, POINTS), Scratch.get());
    }
  }

  private void push(BoundStream s, int first, int rows, Scratch scratch) {
    int waiting = s.waiting();
    long segmented = s.count() - waiting;
    for (int done = 0; done < k; ) {
      int n = Math.min(SEGMENT - waiting, k - done);
      for (int b = first; b < first + rows; b++) {
        int from = logW.offset() + b * k + done;
        System.arraycopy(logW.array(), from, s.pending, b * SEGMENT + waiting, n);
      }
      done += n;
      waiting += n;
      if (waiting == SEGMENT) {
        Segments.add(
            s.pending,
            first * SEGMENT,
            SEGMENT,
            rows,
            SEGMENT,
            1 - s.alpha,
            segmented,
            s.totals,
            first * BoundTotals.SIZE,
            scratch);
        segmented += SEGMENT;
        waiting = 0;
      }
    }
  }
}
