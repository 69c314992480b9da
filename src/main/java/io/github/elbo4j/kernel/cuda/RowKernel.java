package io.github.elbo4j.kernel.cuda;

/**
 * A kernel over rows in its two forms.
 *
 * @param warp a warp a row
 * @param block a block a row
 */
public record RowKernel(CudaKernel warp, CudaKernel block) {
  /** Longer rows get a block of threads each. */
  public static final int LONGEST_FOR_WARP = 1024;
}
