package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * DIP-VAE-I (Kumar et al. 2018): the means of the posterior are drawn towards independent
 * dimensions of variance 1,
 *
 * <pre>
 * penalty = λ·Σ_{i≠j} C_ij² + λ_d·Σ_i (C_ii − 1)²        C = covariance over the mini-batch
 * </pre>
 *
 * The means are {@link Posterior#mean}, the middle of q(z|x): E[z|x] of a Gaussian, f(mu(x)) of a
 * flow.
 */
final class DipPenalty implements Penalty {
  /**
   * The objective.
   *
   * @param elbo what is penalised
   * @param off λ &gt;= 0, weight of what is off the diagonal
   * @param diagonal λ_d &gt;= 0; the paper takes 10 λ
   */
  record Spec(Elbo elbo, double off, double diagonal) implements ObjectiveSpec {
    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      PenalizedElbo.requireOneLayer(
          "objective dip", model, "which are not meant to be independent of each other");
      return new PenalizedElbo(elbo, new DipPenalty(this));
    }
  }

  private final Spec spec;

  private DipPenalty(Spec spec) {
    this.spec = spec;
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    return posterior.continuous()
        ? null
        : "objective dip wants independent latents, and the categories of one variable are not: use"
            + " objective elbo or beta:WEIGHT";
  }

  @Override
  public Var of(Pass pass) {
    return ComposeOps.covariancePenalty(
        pass.tape(), pass.latent().mean(), (float) spec.off(), (float) spec.diagonal());
  }
}
