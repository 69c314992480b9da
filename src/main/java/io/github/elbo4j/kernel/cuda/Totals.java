package io.github.elbo4j.kernel.cuda;

/**
 * Sums over a whole buffer: blocks take shares of it, and where there are several one more adds up
 * their sums (cuda/totals.cuh).
 */
public final class Totals {
  /** Threads a block. */
  public static final int THREADS = 256;

  private static final int MOST_BLOCKS = 1024;

  /** Fewest elements that are worth a block. */
  private static final int SHARE = 16 * THREADS;

  private Totals() {}

  /** How many blocks sum {@code n} elements: of their number alone, so that the bits stay. */
  public static long blocks(long n) {
    return Math.clamp((n + SHARE - 1) / SHARE, 1, MOST_BLOCKS);
  }
}
