package io.github.elbo4j.kernel.cuda;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

/**
 * Sums over a whole buffer: blocks take shares of it, and where there are several one more adds up
 * their sums (cuda/totals.cuh).
 */
public final class Totals {
  private static final int MOST_BLOCKS = 1024;

  /** Fewest elements that are worth a block. */
  private static final int SHARE = 16 * THREADS;

  private Totals() {}

  /** How many blocks sum {@code n} elements: of their number alone, so that the bits stay. */
  public static long blocks(long n) {
    return Math.clamp((n + SHARE - 1) / SHARE, 1, MOST_BLOCKS);
  }
}
