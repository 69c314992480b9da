package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.DivergenceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels.Kernel;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.posterior.HierarchicalPosterior;
import org.jspecify.annotations.Nullable;

/**
 * The maximum mean discrepancy between the mini-batch's latents and as many draws from the prior:
 * with the KL it is the InfoVAE (Zhao et al. 2019), without it the WAE-MMD (Tolstikhin et al.
 * 2018).
 *
 * <pre>
 * mmd:λ       loss = −mean_b log p(x|z) + KL + λ·MMD²( z, p(z) )
 * mmd:λ:wae   loss = −mean_b log p(x|z)      + λ·MMD²( z, p(z) )
 * </pre>
 *
 * <p>The first is the paper's −log p(x|z) + (1 − α)·KL + (α + λ' − 1)·MMD with α = 0 and λ = λ' −
 * 1. MMD² is the unbiased estimate with the kernel of the second paper, Σ_c c/(c + ‖z − z'‖²), c =
 * 2D·{0.1, 0.2, 0.5, 1, 2, 5, 10}. A batch of one point has none. The draws carry no gradient: a
 * learned prior is trained by the KL alone.
 */
final class DiscrepancyPenalty implements Penalty {
  private static final float[] SCALES = {0.1f, 0.2f, 0.5f, 1, 2, 5, 10};

  /** Which branch of the pass's noise the draws from the prior take; posteriors take the first. */
  private static final int BRANCH = 15;

  /**
   * The objective.
   *
   * @param elbo what is penalised
   * @param lambda λ &gt;= 0
   * @param wae whether the KL has no weight
   */
  record Spec(Elbo elbo, double lambda, boolean wae) implements ObjectiveSpec {
    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      PenalizedElbo.requireOneLayer(
          "objective mmd", model, "and draws from the prior are of the topmost alone");
      return new PenalizedElbo(elbo, new DiscrepancyPenalty(this, model.latent()));
    }
  }

  private final Spec spec;
  private final float[] scales;
  private final Var draws = new Var();

  private DiscrepancyPenalty(Spec spec, int latent) {
    this.spec = spec;
    this.scales = SCALES.clone();
    for (int i = 0; i < scales.length; i++) {
      scales[i] *= 2f * latent;
    }
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    if (!prior.isStandardNormal()) {
      return "objective mmd compares with draws of the prior, which a prior with parameters would"
          + " learn nothing from: use prior normal";
    }
    if (!spec.wae()) {
      return null;
    }
    return posterior instanceof HierarchicalPosterior
        ? "objective mmd:LAMBDA:wae has no KL, from which alone the auxiliary model would learn of"
            + " posterior hierarchical: use mmd:LAMBDA, or another posterior"
        : null;
  }

  @Override
  public @Nullable Var of(Pass pass) {
    Var z = pass.latent().z();
    if (z.value().rows() < 2) {
      return null;
    }
    Tape tape = pass.tape();
    Tensor y = tape.arena().take(z.value().rows(), z.value().columns());
    pass.vae().prior().sample(tape.backend(), pass.noise().branch(BRANCH), y);
    Var mmd =
        DivergenceOps.mmd(
            tape, z, draws.setConstant(y), Kernel.INVERSE_MULTIQUADRATIC, scales, true);
    return ComposeOps.sum(tape, mmd, (float) spec.lambda(), mmd, 0);
  }
}
