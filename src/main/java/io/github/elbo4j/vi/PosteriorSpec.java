package io.github.elbo4j.vi;

import io.github.elbo4j.nn.Parameters;

/** A posterior by name and sizes: declares its parameters, then is built over them. */
public interface PosteriorSpec {
  /** D, columns of z. */
  int latent();

  /** Columns of z that the decoder reads, the first ones; fewer than D where z has layers. */
  default int decoded() {
    return latent();
  }

  /**
   * The prior beside this posterior where {@code named} is asked for.
   *
   * @throws IllegalArgumentException with the reason when that one does not go with it
   */
  default PriorSpec prior(PriorSpec named) {
    return named;
  }

  /** Declares the posterior's parameters on an encoder of width {@code in}. */
  void declare(Parameters.Builder builder, int in);

  /**
   * The posterior over declared parameters.
   *
   * @param bounds clamp of every log-variance that a network gives
   */
  Posterior build(Parameters parameters, LogVarBounds bounds);
}
