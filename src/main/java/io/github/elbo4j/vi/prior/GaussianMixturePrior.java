package io.github.elbo4j.vi.prior;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Encoder;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * A mixture of Gaussians with learned weights, means and variances: the prior of VaDE (Jiang et al.
 * 2017), the class summed out exactly.
 */
public final class GaussianMixturePrior extends MixturePrior {
  /**
   * The prior by its size.
   *
   * @param components K &gt;= 1
   */
  public record Spec(int components) implements PriorSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {
      builder.add("prior.mixture.mu", components, model.latent(), Initializer.normal(1));
      builder.add("prior.mixture.logVar", components, model.latent(), Initializer.zeros());
      // At a = 1 all weights are equal and each has a gradient, which it would not have at 0.
      builder.add("prior.mixture.place", components, 1, Initializer.constant(1));
    }

    @Override
    public Prior build(
        Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior) {
      return new GaussianMixturePrior(parameters, components, model.bounds());
    }
  }

  private final Var mu;
  private final Var logVar;
  private final Var place;

  private GaussianMixturePrior(Parameters parameters, int components, LogVarBounds bounds) {
    super(components, bounds);
    mu = GaussianPrior.parameter(parameters, "prior.mixture.mu");
    logVar = GaussianPrior.parameter(parameters, "prior.mixture.logVar");
    place = GaussianPrior.parameter(parameters, "prior.mixture.place");
  }

  @Override
  Var mu(Tape tape) {
    return mu;
  }

  @Override
  Var logVar(Tape tape) {
    return bounds.apply(tape, logVar);
  }

  @Override
  @Nullable Var places() {
    return place;
  }
}
