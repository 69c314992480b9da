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
import io.github.elbo4j.vi.Want;
import org.jspecify.annotations.Nullable;

/**
 * The χ upper bound of order n (CUBO, Dieng et al. 2017), whose minimum over q is the posterior of
 * least χⁿ divergence: one that covers where the KL's is too narrow.
 *
 * <pre>
 * cubo[b]  = 1/n·log( 1/K Σ_k w[b,k]ⁿ )        the Rényi bound at α = 1 − n; w = p(x|z)·p(z)/q(z|x)
 * iwae[b]  = log( 1/K Σ_k w[b,k] )
 * loss     = mean_b cubo        by encoder and posterior, with log p(x,z) held
 *          − mean_b iwae        by decoder, likelihood and prior, with log q(z|x) held
 * </pre>
 *
 * <p>An upper bound can only be made tight by q: a decoder that made it smaller would make p(x)
 * smaller, so the model is trained by the lower bound of the same samples.
 *
 * <p>The gradient to q is the paper's, {@code −(n−1)/n·Σ_k w̃ₖ·∇log q(z_k|x)} with the samples held
 * and w̃ the normalised wⁿ: q is drawn to the samples of large weight. That of the estimate itself
 * through z has a lower end that is no posterior: a q whose K samples all have a small weight makes
 * the estimate, which is below its mean over infinitely many samples, as small as one likes.
 *
 * @param order n &gt; 1
 * @param samples K &gt;= 1; with one sample q is drawn to wherever it is
 */
record ChiBound(double order, int samples) implements Objective, ObjectiveSpec {
  @Override
  public Objective build(Parameters parameters, Vae.Spec model, long examples) {
    return this;
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    return posterior.refusal(prior, Want.LOG_DENSITIES_SCORE);
  }

  @Override
  public Var loss(Pass pass) {
    LogWeights.requirePoints(pass);
    Tape tape = pass.tape();
    int points = pass.data().points();
    Latent latent = pass.sample(samples, Want.LOG_DENSITIES_SCORE);
    Var logLik = pass.logLik(latent.z());
    Var logP = latent.logP();
    Var logQ = latent.logQ();
    pass.report(logLik, ComposeOps.sum(tape, logQ, 1, logP, -1));
    Var ofQ = ComposeOps.sum(tape, logLik.detached(), 1, logP.detached(), 1, logQ, -1);
    Var upper = ImportanceOps.bound(tape, ofQ, points, (float) (1 - order)).bound();
    Var ofP = ComposeOps.sum(tape, logLik, 1, logP, 1, logQ.detached(), -1);
    Var lower = ImportanceOps.bound(tape, ofP, points, 0).bound();
    float perPoint = 1f / points;
    float score = (float) ((order - 1) / order);
    Var value = ReduceOps.weightedSum(tape, upper.detached(), (1 - score) * perPoint);
    Var bounds = ReduceOps.weightedSum(tape, upper, score * perPoint, lower, -perPoint);
    return ComposeOps.sum(tape, bounds, 1, value, 1);
  }
}
