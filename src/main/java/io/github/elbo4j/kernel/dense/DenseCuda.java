package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.GemmProvider;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link DenseKernels} on a device: cuda/dense.cu, and its products a {@link GemmProvider}. */
public final class DenseCuda extends DenseKernels {
  private final Cuda cuda;
  private final GemmProvider gemm;
  private final ColumnSums columnSums;
  private final CudaKernel slope;
  private final CudaKernel slopeSums;
  private final CudaKernel mask;
  private final CudaKernel condition;

  public DenseCuda(Cuda cuda, GemmProvider gemm) {
    this.cuda = cuda;
    this.gemm = gemm;
    columnSums = new ColumnSums(cuda);
    slope = cuda.kernel("dense", "dense_slope");
    slopeSums = cuda.kernel("dense", "dense_slope_sums");
    mask = cuda.kernel("dense", "dense_mask");
    condition = cuda.kernel("dense", "dense_condition");
  }

  @Override
  protected void doForward(
      Tensor x, Tensor w, @Nullable Tensor bias, Activation f, @Nullable Tensor pre, Tensor y) {
    DeviceCall call = cuda.begin();
    gemm.layer(
        call,
        call.in(x),
        call.in(w),
        call.in(bias),
        f,
        call.out(pre),
        call.out(y),
        x.rows(),
        w.columns(),
        x.columns());
    call.end();
  }

  @Override
  protected void doBackward(
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      boolean accumulateX,
      @Nullable Tensor dX,
      boolean accumulateParameters,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    DeviceCall call = cuda.begin();
    long g = call.out(dPre);
    long bias = accumulateParameters ? call.inOut(dBias) : call.out(dBias);
    slopes(call, f, pre, y, dY, g, 1, accumulateParameters, bias);
    int rows = x.rows();
    int in = x.columns();
    int out = w.columns();
    if (dX != null) {
      long to = accumulateX ? call.inOut(dX) : call.out(dX);
      gemm.product(call, g, false, call.in(w), true, accumulateX, to, rows, in, out);
    }
    if (dW != null) {
      long to = accumulateParameters ? call.inOut(dW) : call.out(dW);
      gemm.product(call, call.in(x), true, g, false, accumulateParameters, to, in, out, rows);
    }
    call.end();
  }

  /** dPre at {@code g}, and its sums over the rows of each of {@code points}, unless 0. */
  private void slopes(
      DeviceCall call,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      long g,
      int points,
      boolean accumulate,
      long sums) {
    long given = f.needsPre() ? call.in(pre) : 0;
    long value = call.in(y);
    long slopeOfY = call.in(dY);
    if (sums == 0) {
      call.pass(f.code()).pass(given).pass(value).pass(slopeOfY).pass(g).pass(y.size());
      call.launchFlat(slope, (y.size() + 3L) / 4);
      return;
    }
    long k = points == 0 ? 0 : y.rows() / points;
    long n = (long) points * y.columns();
    long chunks = ColumnSums.chunks(k);
    long part = call.scratch(chunks * n * Float.BYTES);
    call.pass(f.code()).pass(given).pass(value).pass(slopeOfY).pass(g).pass(part);
    call.pass(points).pass(k).pass(y.columns()).pass(ColumnSums.rowsEach(k));
    call.launchFlat(slopeSums, chunks * n);
    columnSums.sum(call, part, chunks, n, accumulate, sums);
  }

  @Override
  protected void doGemm(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, boolean accumulate, Tensor c) {
    DeviceCall call = cuda.begin();
    long to = accumulate ? call.inOut(c) : call.out(c);
    int k = transposeA ? a.rows() : a.columns();
    gemm.product(
        call,
        call.in(a),
        transposeA,
        call.in(b),
        transposeB,
        accumulate,
        to,
        c.rows(),
        c.columns(),
        k);
    call.end();
  }

  @Override
  protected void doMask(Tensor maskOf, Tensor w) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(maskOf)).pass(call.inOut(w)).pass(w.size()).launchFlat(mask, w.size());
    call.end();
  }

  @Override
  protected void doCondition(Tensor x, Tensor c, Activation f, @Nullable Tensor pre, Tensor y) {
    int samples = c.rows() == 0 ? 1 : y.rows() / c.rows();
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(call.in(c)).pass(f.code()).pass(call.out(pre)).pass(call.out(y));
    call.pass(y.rows()).pass(samples).pass(y.columns());
    call.launchFlat(condition, y.rows() * ((y.columns() + 3L) / 4));
    call.end();
  }

  @Override
  protected void doConditionBackward(
      Activation f, @Nullable Tensor pre, Tensor y, Tensor dY, Tensor dPre, @Nullable Tensor dC) {
    DeviceCall call = cuda.begin();
    int points = dC == null ? 0 : dC.rows();
    slopes(call, f, pre, y, dY, call.out(dPre), points, true, call.inOut(dC));
    call.end();
  }
}
