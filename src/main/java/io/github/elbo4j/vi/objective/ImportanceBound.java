package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * The negative Rényi bound of K samples (Li and Turner 2016):
 *
 * <pre>
 * loss = −mean_b 1/(1−α)·log( 1/K Σ_k w[b,k]^{1−α} )        w = p(x|z)·p(z)/q(z|x)
 * </pre>
 *
 * <p>α = 0 is the IWAE bound (Burda et al. 2016), below log p(x) for every K and the tighter the
 * larger K; α = 1 the ELBO, averaged over K samples; α = −∞ the largest log w (VR-max). In between
 * the bound of infinitely many samples falls from log p(x) to the ELBO; below 0 it is above log
 * p(x), but for few samples that is not so, and it is used for its gradient.
 *
 * <p>The log gets the means of log p(x|z) and of log q(z|x) − log p(z) over all samples, whose
 * difference is the ELBO, not the bound.
 *
 * @param name of the objective, for messages
 * @param alpha α, any number or −∞
 * @param weights the samples and the estimator
 */
record ImportanceBound(String name, double alpha, LogWeights weights)
    implements Objective, ObjectiveSpec {
  @Override
  public Objective build(Parameters parameters, Vae.Spec model, long examples) {
    weights.require("objective " + name, model);
    return this;
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    return weights.refusal(posterior, prior);
  }

  @Override
  public Var loss(Pass pass) {
    Var bound = weights.bound(pass, weights.sample(pass), alpha);
    return ReduceOps.weightedSum(pass.tape(), bound, -1f / bound.value().size());
  }
}
