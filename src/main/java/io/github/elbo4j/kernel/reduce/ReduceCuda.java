package io.github.elbo4j.kernel.reduce;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.Totals;
import io.github.elbo4j.tensor.Tensor;

/** {@link ReduceKernels} on a device: cuda/reduce.cu. */
public final class ReduceCuda extends ReduceKernels {
  private final Cuda cuda;
  private final CudaKernel addSum;
  private final CudaKernel addSumBackward;
  private final CudaKernel columnSums;
  private final CudaKernel freeBits;
  private final CudaKernel freeBitsSlope;
  private final CudaKernel freeBitsBackward;

  public ReduceCuda(Cuda cuda) {
    this.cuda = cuda;
    addSum = cuda.kernel("reduce", "reduce_add_sum");
    addSumBackward = cuda.kernel("reduce", "reduce_add_sum_backward");
    columnSums = cuda.kernel("reduce", "reduce_column_sums");
    freeBits = cuda.kernel("reduce", "reduce_free_bits");
    freeBitsSlope = cuda.kernel("reduce", "reduce_free_bits_slope");
    freeBitsBackward = cuda.kernel("reduce", "reduce_free_bits_backward");
  }

  @Override
  protected void doAddSum(Tensor x, float weight, Tensor out) {
    DeviceCall call = cuda.begin();
    long from = call.in(x);
    long to = call.inOut(out);
    long blocks = Totals.blocks(x.size());
    long part = call.scratch(blocks * Float.BYTES);
    call.pass(from).pass(x.size()).pass(weight).pass(part).pass(to);
    call.launch(addSum, blocks, THREADS, 0);
    if (blocks > 1) {
      call.pass(part).pass(blocks).pass(weight).pass(0L).pass(to);
      call.launch(addSum, 1, THREADS, 0);
    }
    call.end();
  }

  @Override
  protected void doAddSumBackward(Tensor dOut, float weight, Tensor dx) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(dOut)).pass(weight).pass(call.inOut(dx)).pass(dx.size());
    call.launchFlat(addSumBackward, (dx.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doFreeBits(Tensor klPerDim, float lambda, float weight, Tensor out) {
    DeviceCall call = cuda.begin();
    long part = sumColumns(call, klPerDim);
    long to = call.inOut(out);
    passSums(call, part, klPerDim).pass(lambda).pass(weight).pass(to);
    call.launch(freeBits, 1, THREADS, 0);
    call.end();
  }

  @Override
  protected void doFreeBitsBackward(
      Tensor klPerDim, float lambda, float weight, Tensor dOut, Tensor dKlPerDim) {
    int d = klPerDim.columns();
    DeviceCall call = cuda.begin();
    long part = sumColumns(call, klPerDim);
    long slope = call.scratch((long) d * Float.BYTES);
    long given = call.in(dOut);
    passSums(call, part, klPerDim).pass(lambda).pass(weight).pass(given).pass(slope);
    call.launchFlat(freeBitsSlope, d);
    call.pass(slope).pass(d).pass(call.inOut(dKlPerDim)).pass(klPerDim.size());
    call.launchFlat(freeBitsBackward, klPerDim.size());
    call.end();
  }

  /** Address of the sums of the columns of each chunk of rows, in double. */
  private long sumColumns(DeviceCall call, Tensor x) {
    long sums = ColumnSums.chunks(x.rows()) * x.columns();
    long part = call.scratch(sums * Double.BYTES);
    call.pass(call.in(x)).pass(part).pass(x.rows()).pass(x.columns());
    call.pass(ColumnSums.rowsEach(x.rows())).launchFlat(columnSums, sums);
    return part;
  }

  private static DeviceCall passSums(DeviceCall call, long part, Tensor x) {
    return call.pass(part).pass(ColumnSums.chunks(x.rows())).pass(x.rows()).pass(x.columns());
  }
}
