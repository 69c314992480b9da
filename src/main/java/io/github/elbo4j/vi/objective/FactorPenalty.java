package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Mlp;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * FactorVAE (Kim and Mnih 2018): the total correlation of q(z), which a discriminator estimates. It
 * tells latents z of the mini-batch from z̄, whose columns are shuffled each on its own and so are
 * draws from Π_d q(z_d); its logit l is then log q(z)/Π_d q(z_d).
 *
 * <pre>
 * penalty = γ·mean l(z)  −  ½·mean log σ( l(z) )  −  ½·mean log( 1 − σ( l(z̄) ) )
 * </pre>
 *
 * <p>The first term trains the encoder, with the discriminator held; the others train the
 * discriminator, with z and z̄ held. Where the paper takes a second mini-batch for z̄ and an
 * optimiser of its own for the discriminator, here both come from one mini-batch and one optimiser;
 * its 6 layers of 1000 units are {@link #WIDTHS} here.
 */
final class FactorPenalty implements Penalty {
  /** The discriminator's hidden layers, of rectified units. */
  static final List<Integer> WIDTHS = List.of(256, 256, 256);

  static final String NAME = "objective.discriminator";

  /** Which branch of the pass's noise the shuffle takes; posteriors take the first ones. */
  private static final int BRANCH = 15;

  /**
   * The objective.
   *
   * @param elbo what is penalised
   * @param gamma γ &gt;= 0
   */
  record Spec(Elbo elbo, double gamma) implements ObjectiveSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {
      int width = Mlp.declare(builder, NAME, model.latent(), WIDTHS);
      Dense.declare(
          builder, NAME + ".logit", width, 1, Initializer.fanInUniform(), Initializer.zeros());
    }

    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      PenalizedElbo.requireOneLayer(
          "objective factor", model, "which are not meant to be independent of each other");
      return new PenalizedElbo(elbo, new FactorPenalty(parameters, gamma));
    }
  }

  /** An Mlp and a head of one logit. */
  private record Discriminator(Mlp hidden, Dense logit) {
    static Discriminator of(Parameters parameters) {
      return new Discriminator(
          new Mlp(parameters, NAME, WIDTHS.size(), Activation.RELU),
          new Dense(parameters, NAME + ".logit", Activation.NONE));
    }
  }

  private final Discriminator trained;
  private final Discriminator held;
  private final double gamma;

  private FactorPenalty(Parameters parameters, double gamma) {
    this.trained = Discriminator.of(parameters);
    this.held = Discriminator.of(parameters.held());
    this.gamma = gamma;
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    return posterior.continuous()
        ? null
        : "objective factor wants independent latents, and the categories of one variable are not:"
            + " use objective elbo or beta:WEIGHT";
  }

  @Override
  public Var of(Pass pass) {
    Tape tape = pass.tape();
    Var z = pass.latent().z();
    float perRow = 1f / z.value().rows();
    Var ratio = held.logit().forward(tape, held.hidden().forward(tape, z));
    Var correlation = ReduceOps.weightedSum(tape, ratio, (float) gamma * perRow);
    NoiseKey orders = pass.noise().branch(BRANCH);
    Var h = trained.hidden().forward(tape, z.detached());
    Var shuffled =
        trained.hidden().forward(tape, ComposeOps.shuffleColumns(tape, z.detached(), orders));
    // −log σ(l) = softplus(l) − l and −log(1 − σ(l)) = softplus(l)
    Var missed = trained.logit().forward(tape, h, Activation.SOFTPLUS);
    Var logit = trained.logit().forward(tape, h);
    Var mistaken = trained.logit().forward(tape, shuffled, Activation.SOFTPLUS);
    float half = perRow / 2;
    return ComposeOps.sum(
        tape,
        correlation,
        1,
        ReduceOps.weightedSum(tape, missed, half, logit, -half),
        1,
        ReduceOps.weightedSum(tape, mistaken, half),
        1);
  }
}
