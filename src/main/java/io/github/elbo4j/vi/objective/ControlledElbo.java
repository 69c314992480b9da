package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.CategoricalOps;
import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.ConcreteOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Mlp;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.posterior.DiscretePosterior;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The negative ELBO of discrete latents with a score function whose noise a relaxation takes away,
 * unbiased: REBAR (Tucker et al. 2017) and RELAX (Grathwohl et al. 2018). With z the perturbed
 * logits, b the categories of the largest, z̃ a second draw of z given b by coupled noise:
 *
 * <pre>
 * ∇E[f(b)] = E[ ( f(b) − c(z̃) )·∇log q(b|x) + ∇c(z) − ∇c(z̃) ],   f(b) = log p(x|b)
 * REBAR:  c(z) = η·f( softmax(z/τ) )
 * RELAX:  c(z) = η·f( softmax(z/τ) ) + r( softmax(z/τ), x )
 * </pre>
 *
 * <p>The KL and its gradient are in closed form. The control variate trains no decoder: the decoder
 * and the likelihood inside it are held. The papers learn τ, η and r by the gradient of the
 * estimate's variance, {@code 2g·∂g/∂η}, which takes second derivatives of the decoder; here τ and
 * η are fixed, and the network r is trained on {@code ½( f(b) − c(z̃) )²}, the noise that is left
 * in the signal. Whatever they are, the estimate is unbiased.
 *
 * <p>Unlike other steps, one of RELAX is not sure to allocate nothing: in one JVM of four it went
 * on to allocate 3.5 KB, which looks like vectors that the compiler boxes.
 */
final class ControlledElbo implements Objective {
  /** The hidden layer of r. */
  private static final List<Integer> WIDTHS = List.of(100);

  private static final String NAME = "objective.control";

  /** Which branch of the pass's noise the second draw takes; posteriors take the first ones. */
  private static final int BRANCH = 14;

  /**
   * The objective.
   *
   * @param elbo weights of the KL, which is in closed form
   * @param tau τ &gt; 0
   * @param eta η
   * @param network whether there is r: RELAX
   */
  record Spec(Elbo elbo, double tau, double eta, boolean network) implements ObjectiveSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {
      if (network) {
        int width = Mlp.declare(builder, NAME, model.latent() + model.data(), WIDTHS);
        Dense.declare(
            builder, NAME + ".mean", width, 1, Initializer.fanInUniform(), Initializer.zeros());
      }
    }

    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      return new ControlledElbo(this, parameters, model);
    }
  }

  /** r. */
  private record Control(Mlp hidden, Dense mean) {
    static Control of(Parameters parameters) {
      return new Control(
          new Mlp(parameters, NAME, WIDTHS.size(), Activation.TANH),
          new Dense(parameters, NAME + ".mean", Activation.NONE));
    }

    /** [1,B]. */
    Var at(Tape tape, Var z, Var x) {
      Var column = mean.forward(tape, hidden.forward(tape, ComposeOps.concat(tape, z, x)));
      return Signals.shaped(tape, column, 1, column.value().rows());
    }
  }

  private final Spec spec;
  private final Vae held;
  private final Var tau;
  private final @Nullable Control trained;
  private final @Nullable Control fixed;

  private ControlledElbo(Spec spec, Parameters parameters, Vae.Spec model) {
    this.spec = spec;
    Parameters others = parameters.held();
    this.held = new Vae(model, others);
    this.tau = RelaxedElbo.temperature(spec.tau);
    this.trained = spec.network ? Control.of(parameters) : null;
    this.fixed = spec.network ? Control.of(others) : null;
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
    return RelaxedElbo.refuse(posterior);
  }

  @Override
  public Var loss(Pass pass) {
    Tape tape = pass.tape();
    DiscretePosterior posterior = RelaxedElbo.discrete(pass);
    int categories = posterior.categories();
    Var logits = posterior.logits(tape, pass.h());
    DiscretePosterior.Choice b = posterior.choose(tape, logits, pass.noise(), 1);
    boolean perVariable = spec.elbo.freeBits() > 0;
    Draw drawn = posterior.draw(tape, pass.h(), logits, b.oneHot(), perVariable);
    pass.keep(drawn);
    Var logLik = pass.logLik(drawn.z());
    pass.report(logLik, drawn.kl());
    Var loss = spec.elbo.loss(pass, logLik, drawn.kl(), perVariable ? drawn.klPerDim() : null);

    Var free = // of the noise that b came from
        ConcreteOps.sample(
                tape,
                logits,
                categories,
                tau,
                pass.noise(),
                1,
                ConcreteOps.Want.SAMPLE,
                ConcreteOps.Density.NONE)
            .y();
    Var coupled =
        ConcreteOps.conditional(
                tape, logits, categories, tau, b.index(), pass.noise().branch(BRANCH))
            .logY();
    coupled = CategoricalOps.softmax(tape, coupled, categories);
    Var logQ = CategoricalOps.logProbOfWeights(tape, logits, categories, b.oneHot());
    return controlled(
        pass, loss, logQ, posterior.latents(tape, free), posterior.latents(tape, coupled));
  }

  /** The loss with the estimate of its gradient to the posterior. */
  private Var controlled(Pass pass, Var loss, Var logQ, Var free, Var coupled) {
    Tape tape = pass.tape();
    int points = Signals.points(pass);
    float mean = 1f / points;
    Var f = Signals.shaped(tape, pass.logLik().detached(), 1, points);
    Var atFree = control(pass, fixed, free);
    Var atCoupled = control(pass, fixed, coupled);
    Var signal = ComposeOps.sum(tape, f, 1, atCoupled.detached(), -1);
    Var score = Signals.score(tape, signal, Signals.shaped(tape, logQ, 1, points));
    Var path = ReduceOps.weightedSum(tape, atFree, -mean, atCoupled, mean);
    Var all = Signals.withGradientOf(tape, loss, ComposeOps.sum(tape, score, 1, path, 1));
    if (trained == null) {
      return all;
    }
    // r alone is trained: f and the rest of c are constants, and so is where it is asked
    Var r = trained.at(tape, coupled.detached(), pass.data().x());
    Var error = ComposeOps.sum(tape, signal, 1, r, -1, r.detached(), 1);
    Var squares = ComposeOps.product(tape, error, error);
    return Signals.withGradientOf(tape, all, ReduceOps.weightedSum(tape, squares, mean / 2));
  }

  /** c, [1,B]. */
  private Var control(Pass pass, @Nullable Control network, Var z) {
    Tape tape = pass.tape();
    Var f = held.logLik(tape, z, pass.data());
    f = Signals.shaped(tape, f, 1, f.value().size());
    float eta = (float) spec.eta;
    return network == null
        ? ComposeOps.sum(tape, f, eta, f.detached(), 0)
        : ComposeOps.sum(tape, f, eta, network.at(tape, z, pass.data().x()), 1);
  }
}
