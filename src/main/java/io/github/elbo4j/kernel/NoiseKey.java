package io.github.elbo4j.kernel;

/**
 * Names an array of noise: seed, stream (which use of randomness) and step (which training step).
 * The step is mutable so that a training step changes one number and allocates nothing. See {@link
 * Philox} for what an element depends on.
 */
public final class NoiseKey {
  private final long seed;
  private final int stream;
  private int step;

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
}
