package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.DivergenceOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * The total correlation of the β-TCVAE (Chen et al. 2018). The mean KL to the prior is the sum of
 * mutual information, total correlation and dimension-wise KL,
 *
 * <pre>
 * E KL( q(z|x) ‖ p(z) ) = E log q(z|x)/q(z) + E log q(z)/Π_d q(z_d) + E log Π_d q(z_d)/p(z)
 * </pre>
 *
 * of which the second is weighted by β and the others by 1 (the paper's α = γ = 1), so that
 *
 * <pre>
 * loss = −mean_b log p(x|z) + KL + (β − 1)·mean_b( log q(z) − Σ_d log q(z_d) )
 * </pre>
 *
 * <p>q(z) is estimated from the mini-batch, by stratified sampling unless told otherwise. A batch
 * of one point has no total correlation.
 */
final class TotalCorrelation implements Penalty {
  /**
   * The objective.
   *
   * @param elbo everything but the total correlation
   * @param beta β &gt;= 0, the weight of the total correlation
   * @param weighting how a mini-batch stands for the data
   */
  record Spec(Elbo elbo, double beta, Weighting weighting) implements ObjectiveSpec {
    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      return new PenalizedElbo(elbo, new TotalCorrelation(this, examples));
    }
  }

  private final Spec spec;
  private final long examples;

  private TotalCorrelation(Spec spec, long examples) {
    this.spec = spec;
    this.examples = examples;
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    return posterior instanceof DiagonalGaussianPosterior
        ? null
        : "objective tcvae needs the diagonal posterior: only of independent Gaussians are the"
            + " marginals q(z_d) known";
  }

  @Override
  public @Nullable Var of(Pass pass) {
    int points = pass.data().points();
    if (points < 2 || !(pass.vae().posterior() instanceof DiagonalGaussianPosterior posterior)) {
      return null;
    }
    Tape tape = pass.tape();
    Var logVar = posterior.logVar(tape, pass.h());
    DivergenceOps.AggregatedPosterior q =
        DivergenceOps.aggregatedPosterior(
            tape, pass.latent().z(), pass.latent().mean(), logVar, examples, spec.weighting());
    float weight = (float) (spec.beta() - 1) / points;
    return ReduceOps.weightedSum(tape, q.logQ(), weight, q.logQPerDim(), -weight);
  }
}
