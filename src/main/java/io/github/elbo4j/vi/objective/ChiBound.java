package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.ImportanceOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.prior.ConcretePrior;
import org.jspecify.annotations.Nullable;

/**
 * The χ upper bound of order n (CUBO, Dieng et al. 2017), whose minimum over q is the posterior of
 * least χⁿ divergence: one that covers where the KL's is too narrow.
 *
 * <pre>
 * cubo[b]  = 1/n·log( 1/K Σ_k w[b,k]ⁿ )        the Rényi bound at α = 1 − n; w = p(x|z)·p(z)/q(z|x)
 * iwae[b]  = log( 1/K Σ_k w[b,k] )
 * loss     = mean_b cubo        by encoder and posterior, with decoder, likelihood and prior held
 *          − mean_b iwae        by decoder, likelihood and prior, with the samples held
 * </pre>
 *
 * <p>An upper bound can only be made tight by q: a decoder that made it smaller would make p(x)
 * smaller, so the model is trained by the lower bound of the same samples. With finitely many
 * samples the estimate of cubo is below its mean over infinitely many (it is a concave function of
 * an average), the more so the larger n.
 */
final class ChiBound implements Objective {
  /**
   * The objective.
   *
   * @param order n &gt; 1
   * @param weights the samples and the estimator of q's gradient
   */
  record Spec(double order, LogWeights weights) implements ObjectiveSpec {
    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      PenalizedElbo.requireOneLayer(
          "objective chi",
          model,
          "whose own priors belong to the model, which must not minimise an upper bound");
      return new ChiBound(this, new Vae(model, parameters.held()));
    }
  }

  private final Spec spec;
  private final Vae held;

  private ChiBound(Spec spec, Vae held) {
    this.spec = spec;
    this.held = held;
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    return prior instanceof ConcretePrior
        ? ConcretePrior.DENSITY_REFUSAL
        : spec.weights().refusal(posterior, prior);
  }

  @Override
  public Var loss(Pass pass) {
    Tape tape = pass.tape();
    Latent latent = spec.weights().sample(pass);
    Var upper = spec.weights().bound(pass, held, latent, 1 - spec.order()).bound();
    Var z = latent.z().detached();
    Var logLik = pass.logLik(z);
    Var logP = pass.vae().prior().logDensity(tape, z);
    Var logQ = latent.logQ().detached();
    Var logW = ComposeOps.sum(tape, logLik, 1, logP, 1, logQ, -1);
    Var lower = ImportanceOps.bound(tape, logW, pass.data().points(), 0).bound();
    float perPoint = 1f / pass.data().points();
    return ReduceOps.weightedSum(tape, upper, perPoint, lower, -perPoint);
  }
}
