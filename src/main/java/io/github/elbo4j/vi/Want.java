package io.github.elbo4j.vi;

/**
 * What an objective needs of a {@link Latent} beside z. A posterior computes no more than that, and
 * {@link Posterior#refusal refuses} what it has no formula for.
 */
public enum Want {
  /** z alone. */
  SAMPLE,
  /** z and the KL divergence to the prior of each data point, in closed form. */
  KL,
  /** The same, and the KL of each latent dimension. */
  KL_PER_DIM,
  /** z, log q(z|x) and log p(z) of each sample. */
  LOG_DENSITIES,
  /**
   * The same, but the gradient of log q(z|x) comes through z alone, the posterior's parameters
   * inside it held fixed: sticking the landing (Roeder et al. 2017).
   */
  LOG_DENSITIES_STL,
  /**
   * z without a gradient to the posterior, and log q(z|x) with the gradient of its parameters at
   * that z: what the score function ∇ log q is taken of. z of a discrete posterior is one-hot.
   */
  LOG_DENSITIES_SCORE;

  /** Whether the KL of each data point is wanted. */
  public boolean kl() {
    return this == KL || this == KL_PER_DIM;
  }

  /** Whether the log densities of each sample are wanted. */
  public boolean densities() {
    return this == LOG_DENSITIES || this == LOG_DENSITIES_STL || this == LOG_DENSITIES_SCORE;
  }
}
