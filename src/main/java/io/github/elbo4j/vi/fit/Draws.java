package io.github.elbo4j.vi.fit;

import io.github.elbo4j.kernel.Philox;

/**
 * A sequence of random numbers in double: {@link Philox} under a seed and a stream (which use of
 * randomness), one element after the other. The same seed and stream give the same numbers.
 */
public final class Draws {
  private final long seed;
  private final int stream;
  private long next;
  private double spare = Double.NaN;

  /** The sequence of {@code stream} under {@code seed}, from its start. */
  public Draws(long seed, int stream) {
    this.seed = seed;
    this.stream = stream;
  }

  private long word() {
    return Philox.bits(seed, stream, 0, next++) & 0xFFFFFFFFL;
  }

  /** Uniform in (0,1): {@code (k + ½)·2⁻⁵²} with 52 random bits k. */
  public double uniform() {
    long k = word() << 20 | word() >>> 12;
    return (k + 0.5) * 0x1p-52;
  }

  /** Standard normal, by Box and Muller. */
  public double normal() {
    if (!Double.isNaN(spare)) {
      double kept = spare;
      spare = Double.NaN;
      return kept;
    }
    double radius = Math.sqrt(-2 * Math.log(uniform()));
    double angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Fills {@code out} with standard normals. */
  public void normals(double[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] = normal();
    }
  }

  /** Uniform in 0 … n−1; the bias of about n·2⁻⁵² is below what any sum here can show. */
  public int below(int n) {
    return (int) (uniform() * n);
  }
}
