package io.github.elbo4j.vi;

import io.github.elbo4j.nn.Parameters;

/** An objective by name: declares the parameters of its own, if any, then is built over them. */
public interface ObjectiveSpec {
  /**
   * Declares networks that training alone needs: a baseline, a discriminator.
   *
   * @param model the architecture that is trained
   */
  default void declare(Parameters.Builder builder, Vae.Spec model) {}

  /**
   * The objective over declared parameters.
   *
   * @param model the architecture that is trained
   * @param examples N, the size of the training data
   */
  Objective build(Parameters parameters, Vae.Spec model, long examples);
}
