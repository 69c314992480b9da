package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Var;
import org.jspecify.annotations.Nullable;

/**
 * What training minimises, in nats an example, and by which estimate of its gradient. Numbers that
 * change from step to step, such as the weight of a KL that is warmed up, are not part of the
 * computation: they are {@link #schedule scheduled} into a small tensor that the computation reads,
 * so that a captured step can be replayed.
 */
public interface Objective {
  /** How many numbers {@link #schedule} gives. */
  default int scheduled() {
    return 0;
  }

  /**
   * The numbers of a step.
   *
   * @param step training steps done so far
   * @param numbers written, {@link #scheduled} elements from 0
   */
  default void schedule(long step, float[] numbers) {}

  /**
   * The loss of one forward pass, which this draws from the posterior and decodes as often as it
   * needs; it {@link Pass#report reports} log-likelihood and KL for the log.
   *
   * @return one element
   */
  Var loss(Pass pass);

  /** Why a model of these parts cannot be trained with this; null when it can. */
  @Nullable String refusal(Posterior posterior, Prior prior);
}
