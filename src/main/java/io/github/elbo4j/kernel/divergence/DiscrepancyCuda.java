package io.github.elbo4j.kernel.divergence;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link DiscrepancyKernels} on a device: cuda/discrepancy.cu. */
public final class DiscrepancyCuda extends DiscrepancyKernels {
  /** Scales of one launch; what they give is added up. */
  private static final int SCALES = 8;

  private final Cuda cuda;
  private final CudaKernel rows;
  private final CudaKernel sum;
  private final CudaKernel backward;

  public DiscrepancyCuda(Cuda cuda) {
    this.cuda = cuda;
    rows = cuda.kernel("discrepancy", "discrepancy_rows");
    sum = cuda.kernel("discrepancy", "discrepancy_mmd");
    backward = cuda.kernel("discrepancy", "discrepancy_backward");
  }

  /** Passes the kind of kernel and its scales from {@code first} on. */
  private static void passScales(DeviceCall call, Kernel kernel, float[] scales, int first) {
    call.pass(kernel == Kernel.INVERSE_MULTIQUADRATIC);
    call.pass(Math.min(SCALES, scales.length - first));
    for (int i = first; i < first + SCALES; i++) {
      call.pass(i < scales.length ? scales[i] : 1f);
    }
  }

  @Override
  protected void doMmd(
      Tensor x, Tensor y, Kernel kernel, float[] scales, boolean unbiased, Tensor mmd) {
    int n = x.rows();
    int m = y.rows();
    DeviceCall call = cuda.begin();
    long a = call.in(x);
    long b = call.in(y);
    long result = call.out(mmd);
    long part = call.scratch((long) Double.BYTES * (n + m));
    for (int first = 0; first < scales.length; first += SCALES) {
      call.pass(a).pass(b);
      passScales(call, kernel, scales, first);
      call.pass(unbiased).pass(part).pass(n).pass(m).pass(x.columns());
      call.launch(rows, n, THREADS, 0);
      call.pass(b).pass(a);
      passScales(call, kernel, scales, first);
      call.pass(unbiased).pass(part + (long) Double.BYTES * n).pass(m).pass(n).pass(x.columns());
      call.launch(rows, m, THREADS, 0);
      call.pass(part).pass(first > 0).pass(result).pass((long) n + m);
      call.launch(sum, 1, THREADS, 0);
    }
    call.end();
  }

  @Override
  protected void doMmdBackward(
      Tensor x,
      Tensor y,
      Kernel kernel,
      float[] scales,
      boolean unbiased,
      Tensor dMmd,
      @Nullable Tensor dX,
      @Nullable Tensor dY) {
    DeviceCall call = cuda.begin();
    long a = call.in(x);
    long b = call.in(y);
    long g = call.in(dMmd);
    long toX = call.inOut(dX);
    long toY = call.inOut(dY);
    for (int first = 0; first < scales.length; first += SCALES) {
      if (toX != 0) {
        call.pass(a).pass(b);
        passScales(call, kernel, scales, first);
        call.pass(unbiased).pass(g).pass(toX).pass(x.rows()).pass(y.rows()).pass(x.columns());
        call.launch(backward, x.rows(), THREADS, 0);
      }
      if (toY != 0) {
        call.pass(b).pass(a);
        passScales(call, kernel, scales, first);
        call.pass(unbiased).pass(g).pass(toY).pass(y.rows()).pass(x.rows()).pass(x.columns());
        call.launch(backward, y.rows(), THREADS, 0);
      }
    }
    call.end();
  }
}
