package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;

/**
 * Sums over the k rows of each of several points: a kernel sums chunks of them, a second one the
 * chunks, in a fixed order. {@link #begin} gives one hook's.
 */
final class RowSums {
  /** Most floats of all chunks together, unless one chunk a point has more. */
  private static final long MOST = 1L << 24;

  private final CudaKernel outer;
  private final CudaKernel fold;

  RowSums(Cuda cuda) {
    outer = cuda.kernel("flow", "flow_outer");
    fold = cuda.kernel("flow", "flow_fold");
  }

  /** {@code n} sums for each of {@code points}. */
  Sums begin(DeviceCall call, long points, long k, long n) {
    return new Sums(call, points, k, n);
  }

  /** The sums of one hook. */
  final class Sums {
    private final DeviceCall call;
    private final long points;
    private final long k;
    private final long n;
    private final long chunks;
    private final long per;
    private final long part;

    private Sums(DeviceCall call, long points, long k, long n) {
      this.call = call;
      this.points = points;
      this.k = k;
      this.n = n;
      long most = Math.max(1, MOST / Math.max(1, points * n));
      long wanted = Math.min(ColumnSums.chunks(k), most);
      per = (k + wanted - 1) / wanted;
      chunks = (k + per - 1) / per;
      part = call.scratch(points * chunks * n * Float.BYTES);
    }

    /**
     * {@code Σ a[r,i]·b[r,j]} of na and nb columns, from {@code offset} on; the address of a may be
     * 0, for ones, and that of b, for zeros.
     */
    Sums outer(long a, long aStride, long na, long b, long bStride, long nb, long offset) {
      call.pass(a).pass(aStride).pass(na).pass(b).pass(bStride).pass(nb);
      call.pass(part + offset * Float.BYTES).pass(n);
      passRows().launchFlat(outer, points * chunks * na * nb);
      return this;
    }

    /**
     * Sums of another kernel, which takes part, points, chunks, per and k, and then {@code last}.
     */
    Sums by(CudaKernel kernel, long last) {
      call.pass(part);
      passRows().pass(last).launchFlat(kernel, points * chunks * n);
      return this;
    }

    private DeviceCall passRows() {
      return call.pass(points).pass(chunks).pass(per).pass(k);
    }

    /** Address of the totals, [points,n]. */
    long totals() {
      if (chunks == 1) {
        return part;
      }
      long totals = call.scratch(points * n * Float.BYTES);
      call.pass(part).pass(chunks).pass(n).pass(totals);
      call.launch(fold, points * ((n + 31) / 32), THREADS, 0);
      return totals;
    }
  }
}
