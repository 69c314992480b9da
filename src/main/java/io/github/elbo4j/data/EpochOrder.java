package io.github.elbo4j.data;

import io.github.elbo4j.kernel.NoiseKey;

/**
 * The order in which an epoch visits the examples: a fresh uniform permutation for each epoch, a
 * function of (count, seed, epoch) alone. Any place of any epoch can be asked for, so a resumed run
 * goes on exactly where it stopped. Holds one epoch's permutation and allocates nothing after
 * construction; not for use by several threads at once.
 */
public final class EpochOrder {
  /** Philox stream of the shuffles ("ORDR"), apart from the streams that noise is drawn from. */
  private static final int STREAM = 0x4F524452;

  private final int[] order;
  private final NoiseKey key;
  private int epoch = -1;

  /**
   * The orders of {@code count} examples under {@code seed}.
   *
   * @param count number of examples, at least 1
   */
  public EpochOrder(int count, long seed) {
    if (count < 1) {
      throw new IllegalArgumentException("EpochOrder: count " + count + " must be >= 1");
    }
    order = new int[count];
    key = new NoiseKey(seed, STREAM);
  }

  /** The example that {@code epoch} (from 0) visits at {@code position} (from 0). */
  public int at(int epoch, int position) {
    if (epoch < 0) {
      throw new IllegalArgumentException("EpochOrder: epoch " + epoch + " must be >= 0");
    }
    if (epoch != this.epoch) {
      Shuffle.fill(order, key.at(epoch));
      this.epoch = epoch;
    }
    return order[position];
  }
}
