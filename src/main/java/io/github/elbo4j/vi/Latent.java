package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Var;

/**
 * Samples of a posterior and what was {@link Want wanted} of them, valid until the tape is reset. B
 * data points, K samples each with row b·K + k for sample k of data point b, D latent dimensions;
 * all in nats. What was not asked for is an IllegalStateException.
 */
public interface Latent {
  /** The samples, [B·K,D]. */
  Var z();

  /** The middle of q(z|x), [B,D]: {@link Posterior#mean}. */
  Var mean();

  /** KL( q(z|x) ‖ p(z) ) of each data point, [B]. */
  Var kl();

  /** KL of each data point and dimension, [B,D]. */
  Var klPerDim();

  /** log q(z|x) of each sample, [B·K]. */
  Var logQ();

  /** log p(z) of each sample, [B·K]. */
  Var logP();
}
