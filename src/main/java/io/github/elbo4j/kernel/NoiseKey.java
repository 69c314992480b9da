package io.github.elbo4j.kernel;

import java.util.Arrays;

/**
 * Names an array of noise: seed, stream (which use of randomness) and step (which training step).
 * The step is mutable so that a training step changes one number and allocates nothing. See {@link
 * Philox} for what an element depends on.
 */
public final class NoiseKey {
  private final long seed;
  private final int stream;
  private int step;
  private NoiseKey[] branches = {};

  /** The noise of {@code stream} under {@code seed}, at step 0. */
  public NoiseKey(long seed, int stream) {
    this.seed = seed;
    this.stream = stream;
  }

  public long seed() {
    return seed;
  }

  public int stream() {
    return stream;
  }

  public int step() {
    return step;
  }

  /** Moves to another step (32 bits, unsigned); returns this. */
  public NoiseKey at(int newStep) {
    step = newStep;
    return this;
  }

  /**
   * Noise of its own for another use at the same step, such as the second array that one posterior
   * draws: a stream made from this one's and {@code use}. The same object each time, moved to this
   * key's step, so that a training step allocates nothing.
   *
   * @param use 0, 1, 2, …
   */
  public NoiseKey branch(int use) {
    if (use < 0) {
      throw new IllegalArgumentException("NoiseKey: branch " + use + " must be >= 0");
    }
    if (use >= branches.length) {
      int known = branches.length;
      branches = Arrays.copyOf(branches, use + 1);
      for (int i = known; i <= use; i++) {
        branches[i] = new NoiseKey(seed, mix(stream, i + 1));
      }
    }
    return branches[use].at(step);
  }

  /** Spreads (stream, use) over 32 bits: the finaliser of MurmurHash3 over their combination. */
  private static int mix(int stream, int use) {
    int h = stream + use * 0x9E3779B9;
    h = (h ^ (h >>> 16)) * 0x85EBCA6B;
    h = (h ^ (h >>> 13)) * 0xC2B2AE35;
    return h ^ (h >>> 16);
  }
}
