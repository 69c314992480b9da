package io.github.elbo4j.vi;

import io.github.elbo4j.nn.Parameters;

/** A prior by name: declares its parameters, then is built over them. */
public interface PriorSpec {
  /** N(0, I), which has no parameters. */
  PriorSpec NORMAL = new Normal();

  /** Declares the prior's parameters for the architecture of {@code model}. */
  void declare(Parameters.Builder builder, Vae.Spec model);

  /**
   * The prior over declared parameters.
   *
   * @param model the architecture
   * @param encoder the model's own: a VampPrior encodes its pseudo-inputs with it
   * @param posterior the model's own
   */
  Prior build(Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior);

  /** {@link Prior#standardNormal}. */
  record Normal() implements PriorSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {}

    @Override
    public Prior build(
        Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior) {
      return Prior.standardNormal();
    }
  }
}
