package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;

/** The three entry points of a GROUP_KERNEL (cuda/slice.cuh), for rows of different lengths. */
final class GroupKernel {
  private final CudaKernel eight;
  private final CudaKernel warp;
  private final CudaKernel block;

  GroupKernel(Cuda cuda, String family, String entry) {
    eight = cuda.kernel(family, entry + "_32");
    warp = cuda.kernel(family, entry + "_1024");
    block = cuda.kernel(family, entry + "_any");
  }

  /** Launches the form for rows of {@code d} elements with the arguments passed so far. */
  void launch(DeviceCall call, long rows, int d) {
    if (d <= 32) {
      call.launch(eight, (rows + 31) / 32, THREADS, 0);
    } else if (d <= 1024) {
      call.launch(warp, (rows + 7) / 8, THREADS, 0);
    } else {
      call.launch(block, rows, THREADS, 0);
    }
  }
}
