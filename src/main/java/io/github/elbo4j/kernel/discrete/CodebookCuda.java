package io.github.elbo4j.kernel.discrete;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;
import static io.github.elbo4j.kernel.cuda.CudaKernel.WARP;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link CodebookKernels} on a device: cuda/codebook.cu. Indices are the host's: {@link #nearest}
 * waits for them.
 */
public final class CodebookCuda extends CodebookKernels {
  /** Rows of a block of the search. */
  private static final int TILE = 64;

  private final Cuda cuda;
  private final CudaKernel nearest;
  private final RowKernel lookup;
  private final CudaKernel scatter;
  private final CudaKernel averageCounts;
  private final CudaKernel movingAverage;

  public CodebookCuda(Cuda cuda) {
    this.cuda = cuda;
    nearest = cuda.kernel("codebook", "codebook_nearest");
    lookup = cuda.rows("codebook", "codebook_lookup");
    scatter = cuda.kernel("codebook", "codebook_scatter");
    averageCounts = cuda.kernel("codebook", "codebook_average_counts");
    movingAverage = cuda.kernel("codebook", "codebook_moving_average");
  }

  @Override
  protected void doNearest(Tensor z, Tensor codebook, int[] index, @Nullable Tensor distance) {
    int rows = z.rows();
    DeviceCall call = cuda.begin();
    long found = call.scratch((long) Integer.BYTES * rows);
    call.pass(call.in(z)).pass(call.in(codebook)).pass(found).pass(call.out(distance));
    call.pass(rows).pass(codebook.rows()).pass(z.columns());
    call.launch(nearest, Math.ceilDiv(rows, TILE), THREADS, 0);
    call.fetch(found, index, 0, rows);
    call.end();
  }

  @Override
  protected void doLookup(Tensor codebook, int[] index, Tensor out) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(codebook)).pass(call.in(index, 0, index.length)).pass(call.out(out));
    call.pass(out.rows()).pass(out.columns()).launchRows(lookup, out.rows(), out.columns());
    call.end();
  }

  @Override
  protected void doLookupBackward(int[] index, Tensor dOut, Tensor dCodebook) {
    DeviceCall call = cuda.begin();
    scatter(call, index, dOut, true, 0, call.inOut(dCodebook), dCodebook.rows());
    call.end();
  }

  @Override
  protected void doUsage(int[] index, Tensor z, Tensor counts, Tensor sums) {
    DeviceCall call = cuda.begin();
    scatter(call, index, z, false, call.out(counts), call.out(sums), sums.rows());
    call.end();
  }

  private void scatter(
      DeviceCall call, int[] index, Tensor a, boolean add, long counts, long sums, int entries) {
    call.pass(call.in(index, 0, index.length)).pass(call.in(a)).pass(add).pass(counts).pass(sums);
    call.pass(a.rows()).pass(a.columns());
    // one column of blocks even for no dimension: it counts
    int columns = Math.max(1, Math.ceilDiv(a.columns(), WARP));
    call.launch(scatter, entries, columns, THREADS, 0);
  }

  @Override
  protected void doMovingAverage(
      Tensor counts,
      Tensor sums,
      float decay,
      float smoothing,
      Tensor averages,
      Tensor averageSums,
      Tensor codebook) {
    int entries = averages.size();
    DeviceCall call = cuda.begin();
    long n = call.inOut(averages);
    long total = call.scratch(Double.BYTES);
    call.pass(call.in(counts)).pass(decay).pass(n).pass(total).pass(entries);
    call.launch(averageCounts, 1, THREADS, 0);
    call.pass(call.in(sums)).pass(decay).pass(smoothing).pass(n).pass(total);
    call.pass(call.inOut(averageSums)).pass(call.inOut(codebook));
    call.pass(entries).pass(codebook.columns()).launchFlat(movingAverage, codebook.size());
    call.end();
  }
}
