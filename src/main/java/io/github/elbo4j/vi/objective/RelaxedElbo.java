package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ConcreteOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.posterior.DiscretePosterior;
import org.jspecify.annotations.Nullable;

/**
 * The negative ELBO of discrete latents with relaxed samples in their place (Gumbel-softmax, Jang
 * et al. 2017) and the KL of the discrete distribution:
 *
 * <pre>
 * loss = −mean log p(x|z) + β·KL( q ‖ p ),   z = softmax( (logits + G)/τ )
 * </pre>
 *
 * <p>Straight through, z is rounded to one category, and the gradient is taken as if it were not.
 * Both gradients are biased; the less τ, the less the bias and the more the noise. Nor is the loss
 * of relaxed samples a bound on log p(x); evaluation takes discrete ones.
 */
final class RelaxedElbo implements Objective {
  /**
   * The objective.
   *
   * @param elbo weights of the KL, which is in closed form
   * @param tau τ &gt; 0, which stays
   * @param straightThrough whether samples are rounded
   */
  record Spec(Elbo elbo, double tau, boolean straightThrough) implements ObjectiveSpec {
    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      return new RelaxedElbo(this);
    }
  }

  static final String NEEDS_DISCRETE =
      "estimators gumbel, st-gumbel, rebar and relax relax discrete latents: use posterior"
          + " categorical:NxC or binary:N, or estimator pathwise";

  private final Spec spec;
  private final Var tau;

  private RelaxedElbo(Spec spec) {
    this.spec = spec;
    this.tau = temperature(spec.tau);
  }

  static Var temperature(double tau) {
    return Var.constant(Tensor.of(new float[] {(float) tau}, 0, 1));
  }

  /** The posterior of a pass, which is {@link #refuse refused} when it is another. */
  static DiscretePosterior discrete(Pass pass) {
    if (pass.vae().posterior() instanceof DiscretePosterior discrete) {
      return discrete;
    }
    throw new IllegalArgumentException(NEEDS_DISCRETE);
  }

  static @Nullable String refuse(Posterior posterior) {
    return posterior instanceof DiscretePosterior ? null : NEEDS_DISCRETE;
  }

  @Override
  public int scheduled() {
    return spec.elbo.scheduled();
  }

  @Override
  public void schedule(long step, float[] numbers) {
    spec.elbo.schedule(step, numbers);
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    return refuse(posterior);
  }

  @Override
  public Var loss(Pass pass) {
    Tape tape = pass.tape();
    DiscretePosterior posterior = discrete(pass);
    Var logits = posterior.logits(tape, pass.h());
    ConcreteOps.Want want =
        spec.straightThrough ? ConcreteOps.Want.STRAIGHT_THROUGH : ConcreteOps.Want.SAMPLE;
    Var weights =
        ConcreteOps.sample(
                tape,
                logits,
                posterior.categories(),
                tau,
                pass.noise(),
                1,
                want,
                ConcreteOps.Density.NONE)
            .y();
    boolean perVariable = spec.elbo.freeBits() > 0;
    Draw drawn = posterior.draw(tape, pass.h(), logits, weights, perVariable);
    pass.keep(drawn);
    Var logLik = pass.logLik(drawn.z());
    pass.report(logLik, drawn.kl());
    return spec.elbo.loss(pass, logLik, drawn.kl(), perVariable ? drawn.klPerDim() : null);
  }
}
