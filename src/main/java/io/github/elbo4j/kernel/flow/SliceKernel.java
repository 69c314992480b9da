package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;

/** The four entry points of a SLICE_KERNEL (cuda/slice.cuh), for rows of different lengths. */
final class SliceKernel {
  private static final int[] LONGEST = {32, 128, 512};
  private static final int[] ROWS_EACH = {32, 8, 8, 1};

  private final CudaKernel[] kernels;

  SliceKernel(Cuda cuda, String family, String entry) {
    kernels =
        new CudaKernel[] {
          cuda.kernel(family, entry + "_32"),
          cuda.kernel(family, entry + "_128"),
          cuda.kernel(family, entry + "_512"),
          cuda.kernel(family, entry + "_any")
        };
  }

  /** Launches the form for rows of {@code d} elements with the arguments passed so far. */
  void launch(DeviceCall call, long rows, int d) {
    int form = form(d);
    int each = ROWS_EACH[form];
    call.launch(kernels[form], (rows + each - 1) / each, THREADS, 0);
  }

  /**
   * Memory for {@code each} rows of work a row, where they do not fit in registers; otherwise 0.
   */
  static long work(DeviceCall call, long rows, int each, int d) {
    return form(d) < LONGEST.length ? 0 : call.scratch(rows * each * d * Float.BYTES);
  }

  private static int form(int d) {
    int form = 0;
    while (form < LONGEST.length && d > LONGEST[form]) {
      form++;
    }
    return form;
  }
}
