package io.github.elbo4j.kernel.cuda;

import jcuda.driver.CUfunction;

/**
 * An entry point of a PTX module.
 *
 * @param name as in the source
 * @param function the driver's handle
 */
public record CudaKernel(String name, CUfunction function) {
  /** Threads a block, unless a launch says otherwise: THREADS of cuda/common.cuh. */
  public static final int THREADS = 256;

  /** Threads that run together: WARP of cuda/common.cuh. */
  public static final int WARP = 32;
}
