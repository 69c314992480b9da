package io.github.elbo4j.data;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;

/** Uniform random permutations: Fisher–Yates driven by Philox. */
final class Shuffle {
  private static final long WORD = 0xFFFFFFFFL;

  private Shuffle() {}

  /**
   * Overwrites {@code order} with a permutation of 0 … length−1 that depends on the key and the
   * length alone: element i of the noise is the i-th draw.
   */
  static void fill(int[] order, NoiseKey key) {
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    long draw = 0;
    for (int i = order.length - 1; i > 0; i--) {
      // Lemire, "Fast random integer generation in an interval" (2019): without bias, and rarely a
      // second draw
      long bound = i + 1L;
      long product = (Philox.bits(key, draw++) & WORD) * bound;
      if ((product & WORD) < bound) {
        long threshold = (WORD + 1 - bound) % bound;
        while ((product & WORD) < threshold) {
          product = (Philox.bits(key, draw++) & WORD) * bound;
        }
      }
      int j = (int) (product >>> 32);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
  }
}
