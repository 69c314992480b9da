package io.github.elbo4j.kernel.divergence;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;
import static io.github.elbo4j.kernel.cuda.CudaKernel.WARP;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ProcessKernels} on a device: cuda/process.cu. */
public final class ProcessCuda extends ProcessKernels {
  /** Points of each set that a block of the kernel matrix has. */
  private static final int TILE = 32;

  /** Rows and columns that a block of a matrix product has. */
  private static final int SQUARE = 64;

  private final Cuda cuda;
  private final CudaKernel ard;
  private final CudaKernel ardWeights;
  private final RowKernel ardRows;
  private final CudaKernel conditionalVariance;
  private final CudaKernel conditionalVarianceBackward;
  private final CudaKernel logVarianceBackward;
  private final CudaKernel conditionalCovariance;
  private final CudaKernel conditionalCovarianceBackward;
  private final CudaKernel add;
  private final ColumnSums columnSums;

  public ProcessCuda(Cuda cuda) {
    this.cuda = cuda;
    ard = kernel("ard");
    ardWeights = kernel("ard_weights");
    ardRows = cuda.rows("process", "process_ard_rows");
    conditionalVariance = kernel("conditional_variance");
    conditionalVarianceBackward = kernel("conditional_variance_backward");
    logVarianceBackward = kernel("log_variance_backward");
    conditionalCovariance = kernel("conditional_covariance");
    conditionalCovarianceBackward = kernel("conditional_covariance_backward");
    add = kernel("add");
    columnSums = new ColumnSums(cuda);
  }

  private CudaKernel kernel(String name) {
    return cuda.kernel("process", "process_" + name);
  }

  /** Tiles of that size that cover a matrix. */
  private static long tiles(long rows, long columns, int size) {
    return (rows + size - 1) / size * ((columns + size - 1) / size);
  }

  @Override
  protected void doArd(
      Tensor x, @Nullable Tensor y, Tensor logWeight, Tensor logVariance, float jitter, Tensor k) {
    DeviceCall call = cuda.begin();
    long points = call.in(x);
    call.pass(points).pass(y == null ? points : call.in(y));
    call.pass(call.in(logWeight)).pass(call.in(logVariance)).pass(jitter).pass(y == null);
    call.pass(call.out(k)).pass(k.rows()).pass(k.columns()).pass(x.columns());
    call.launch(ard, tiles(k.rows(), k.columns(), TILE), THREADS, 0);
    call.end();
  }

  @Override
  protected void doArdBackward(
      Tensor x,
      @Nullable Tensor y,
      Tensor logWeight,
      Tensor logVariance,
      Tensor dK,
      @Nullable Tensor dX,
      @Nullable Tensor dY,
      @Nullable Tensor dLogWeight,
      @Nullable Tensor dLogVariance) {
    DeviceCall call = cuda.begin();
    long n = x.rows();
    long m = dK.columns();
    int c = x.columns();
    long points = call.in(x);
    long others = y == null ? points : call.in(y);
    long weight = call.in(logWeight);
    long toX = call.inOut(dX);
    long toOthers = y == null ? toX : call.inOut(dY);
    boolean byRows = dX != null || dLogWeight != null || dLogVariance != null;
    long g = byRows ? call.scratch(n * m * Float.BYTES) : 0;
    long transposed = toOthers != 0 ? call.scratch(n * m * Float.BYTES) : 0;
    call.pass(points).pass(others).pass(weight).pass(call.in(logVariance)).pass(call.in(dK));
    call.pass(g).pass(transposed).pass(n).pass(m).pass(c);
    call.launch(ardWeights, tiles(n, m, TILE), THREADS, 0);
    if (byRows) {
      long partWeight = dLogWeight == null ? 0 : call.scratch(n * c * Float.BYTES);
      long partVariance = dLogVariance == null ? 0 : call.scratch(n * Float.BYTES);
      rows(call, points, others, weight, g, toX, partWeight, partVariance, n, m, c);
      addRows(call, partWeight, n, c, dLogWeight);
      addRows(call, partVariance, n, 1, dLogVariance);
    }
    if (toOthers != 0) {
      rows(call, others, points, weight, transposed, toOthers, 0, 0, m, n, c);
    }
    call.end();
  }

  private void rows(
      DeviceCall call,
      long points,
      long others,
      long weight,
      long g,
      long toPoints,
      long partWeight,
      long partVariance,
      long n,
      long m,
      int c) {
    call.pass(points).pass(others).pass(weight).pass(g).pass(toPoints).pass(partWeight);
    call.pass(partVariance).pass(n).pass(m).pass(c).launchRows(ardRows, n, m);
  }

  private void addRows(DeviceCall call, long part, long rows, int n, @Nullable Tensor to) {
    if (to != null) {
      columnSums.addTo(call, part, rows, n, call.inOut(to));
    }
  }

  @Override
  protected void doConditionalVariance(Tensor v, Tensor logVariance, Tensor variance) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(v)).pass(call.in(logVariance)).pass(call.out(variance));
    call.pass(v.rows()).pass(v.columns());
    call.launch(conditionalVariance, (v.columns() + WARP - 1) / WARP, THREADS, 0);
    call.end();
  }

  @Override
  protected void doConditionalVarianceBackward(
      Tensor v,
      Tensor logVariance,
      Tensor variance,
      Tensor dVariance,
      @Nullable Tensor dV,
      @Nullable Tensor dLogVariance) {
    DeviceCall call = cuda.begin();
    long left = call.in(variance);
    long g = call.in(dVariance);
    if (dV != null) {
      call.pass(call.in(v)).pass(left).pass(g).pass(call.inOut(dV));
      call.pass(v.rows()).pass(v.columns()).launchFlat(conditionalVarianceBackward, v.size());
    }
    if (dLogVariance != null) {
      call.pass(call.in(logVariance)).pass(left).pass(g).pass(call.inOut(dLogVariance));
      call.pass(v.columns()).launch(logVarianceBackward, 1, THREADS, 0);
    }
    call.end();
  }

  @Override
  protected void doConditionalCovariance(Tensor k, Tensor v, Tensor covariance) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(k)).pass(call.in(v)).pass(call.out(covariance));
    call.pass(v.rows()).pass(v.columns());
    call.launch(conditionalCovariance, tiles(v.columns(), v.columns(), SQUARE), THREADS, 0);
    call.end();
  }

  @Override
  protected void doConditionalCovarianceBackward(
      Tensor v, Tensor dCovariance, @Nullable Tensor dK, @Nullable Tensor dV) {
    DeviceCall call = cuda.begin();
    long g = call.in(dCovariance);
    if (dK != null) {
      call.pass(g).pass(call.inOut(dK)).pass(dK.size()).launchFlat(add, dK.size());
    }
    if (dV != null) {
      call.pass(call.in(v)).pass(g).pass(call.inOut(dV)).pass(v.rows()).pass(v.columns());
      call.launch(conditionalCovarianceBackward, tiles(v.rows(), v.columns(), SQUARE), THREADS, 0);
    }
    call.end();
  }
}
