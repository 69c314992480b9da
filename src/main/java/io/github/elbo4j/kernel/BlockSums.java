package io.github.elbo4j.kernel;

import io.github.elbo4j.tensor.Tensor;

/**
 * Sums over a whole tensor, on all threads. The blocks follow from the size alone, each ends in a
 * double of its own, and the caller adds those in order: the same bits for any number of threads.
 */
public final class BlockSums extends KernelTask {
  private static final int BLOCK = 8 * Lanes.CHUNK;

  /**
   * Up to here a scalar loop: one number a data point is summed so rarely that vector code would
   * stay interpreted, and allocate, for the first thousand steps.
   */
  private static final int SMALL = 1024;

  private static final ThreadLocal<BlockSums> LOCAL = ThreadLocal.withInitial(BlockSums::new);

  private Tensor x = Tensor.EMPTY;
  private boolean squares;
  private double[] sums = {};

  private BlockSums() {}

  /** The sum of all elements. */
  public static double sum(Tensor x) {
    return LOCAL.get().run(x, false);
  }

  /** The sum of the squares of all elements. */
  public static double sumOfSquares(Tensor x) {
    return LOCAL.get().run(x, true);
  }

  private double run(Tensor summed, boolean squared) {
    if (summed.size() <= SMALL) {
      return small(summed, squared);
    }
    x = summed;
    squares = squared;
    int blocks = Math.ceilDiv(x.size(), BLOCK);
    if (sums.length < blocks) {
      sums = new double[blocks];
    }
    fork(blocks, x.size());
    double total = 0;
    for (int b = 0; b < blocks; b++) {
      total += sums[b];
    }
    return total;
  }

  private static double small(Tensor x, boolean squared) {
    float[] a = x.array();
    double total = 0;
    for (int i = x.offset(); i < x.offset() + x.size(); i++) {
      total += squared ? (double) a[i] * a[i] : a[i];
    }
    return total;
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int at = block * BLOCK;
    int n = Math.min(BLOCK, x.size() - at);
    float[] lanes = Scratch.get().floats(0, SimdMath.L);
    sums[block] =
        squares
            ? Lanes.sumOfSquares(x.array(), x.offset() + at, n, lanes)
            : Lanes.sum(x.array(), x.offset() + at, n, lanes);
  }
}
