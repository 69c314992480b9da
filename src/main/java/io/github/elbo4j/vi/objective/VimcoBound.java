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
 * The negative IWAE bound of K samples with the score-function gradient of VIMCO (Mnih and Rezende
 * 2016), unbiased for any latents:
 *
 * <pre>
 * bound  = log( 1/K Σ_k w_k ),   w = p(x|z)·p(z)/q(z|x)
 * ∇E[bound] = E[ Σ_k signal_k·∇log q(z_k|x) + Σ_k w̃_k·∇log w_k ]
 * </pre>
 *
 * <p>signal_k is how much better the bound is with sample k than with the geometric mean of the
 * other weights in its place; in ∇log w the samples are held.
 *
 * @param samples K &gt;= 2
 */
record VimcoBound(int samples) implements Objective, ObjectiveSpec {
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
    Tape tape = pass.tape();
    int points = Signals.points(pass);
    Latent drawn = pass.sample(samples, Want.LOG_DENSITIES_SCORE);
    Var logLik = pass.logLik(drawn.z());
    pass.report(logLik, ComposeOps.sum(tape, drawn.logQ(), 1, drawn.logP(), -1));
    Var logW = ComposeOps.sum(tape, logLik, 1, drawn.logP(), 1, drawn.logQ(), -1);
    Var bound = ImportanceOps.bound(tape, logW, points, 0).bound();
    Var loss = ReduceOps.weightedSum(tape, bound, -1f / points);
    Var weights = Signals.shaped(tape, logW.detached(), points, samples);
    Var logQ = Signals.shaped(tape, drawn.logQ(), points, samples);
    Var scores = ComposeOps.product(tape, Signals.vimco(tape, weights), logQ);
    return Signals.withGradientOf(tape, loss, ReduceOps.weightedSum(tape, scores, -1f / points));
  }
}
