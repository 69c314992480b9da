package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;

/** What training minimises, in nats an example. */
public interface Objective {
  /** What the posterior must compute beside z. */
  Want wants();

  /** Samples a data point, K. */
  int samples();

  /**
   * The loss.
   *
   * @param logLik log p(x|z), [B·K]
   * @param latent the posterior's sample
   * @param step training steps done so far, for schedules
   * @return one element
   */
  Var loss(Tape tape, Var logLik, Latent latent, long step);
}
