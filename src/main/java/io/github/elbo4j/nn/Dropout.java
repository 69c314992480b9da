package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.RandomOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;

/**
 * Dropout on a tape that records (Srivastava et al. 2014); on one that does not, the identity.
 *
 * <p>What is dropped is named by a {@link NoiseKey} of this layer's own stream, which whoever
 * trains moves to each step: within a step the same elements are dropped, however often the layer
 * is used.
 */
public final class Dropout implements Network {
  private final float p;
  private final NoiseKey noise;

  /**
   * A layer without parameters.
   *
   * @param p probability of dropping an element, in [0,1)
   * @param noise of a stream that nothing else draws from
   */
  public Dropout(float p, NoiseKey noise) {
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException("Dropout: p " + p + " must be in [0,1)");
    }
    this.p = p;
    this.noise = noise;
  }

  /** x, any shape, to the same shape. */
  @Override
  public Var forward(Tape tape, Var x) {
    return tape.recording() && p > 0 ? RandomOps.dropout(tape, x, p, noise) : x;
  }
}
