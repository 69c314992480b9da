package io.github.elbo4j.kernel.cuda;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

/**
 * The second stage of gradients that sum over rows: a kernel writes partial sums [chunks,n], and
 * this adds them to the gradient in a fixed order.
 */
public final class ColumnSums {
  /** Most partial sums a column. */
  private static final int MOST_CHUNKS = 1024;

  private static final int FEWEST_ROWS = 16;

  private final CudaKernel add;
  private final CudaKernel addAll;

  public ColumnSums(Cuda cuda) {
    add = cuda.kernel("shared", "shared_add_columns");
    addAll = cuda.kernel("shared", "shared_add_all");
  }

  /** How many of {@code rows} a chunk has: of their number alone, so that the bits stay. */
  public static long rowsEach(long rows) {
    return Math.max(FEWEST_ROWS, (rows + MOST_CHUNKS - 1) / MOST_CHUNKS);
  }

  /** How many chunks {@code rows} make. */
  public static long chunks(long rows) {
    return (rows + rowsEach(rows) - 1) / rowsEach(rows);
  }

  /** {@code out[i] += Σ_chunks part[chunk,i]}, i &lt; n. */
  public void addTo(DeviceCall call, long part, long chunks, long n, long out) {
    sum(call, part, chunks, n, true, out);
  }

  /** {@code out[i] = Σ_chunks part[chunk,i]}, or {@code +=} where it accumulates, i &lt; n. */
  public void sum(DeviceCall call, long part, long chunks, long n, boolean accumulate, long out) {
    call.pass(part).pass(chunks).pass(n).pass(accumulate).pass(out);
    call.launch(add, (n + 31) / 32, THREADS, 0);
  }

  /** {@code out[0] += Σ_i part[i]}, i &lt; n. */
  public void addAllTo(DeviceCall call, long part, long n, long out) {
    call.pass(part).pass(n).pass(out).launch(addAll, 1, THREADS, 0);
  }
}
