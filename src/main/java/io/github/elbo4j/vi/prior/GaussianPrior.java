package io.github.elbo4j.vi.prior;

import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.ScoreOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Encoder;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * p(z) = N(mu, exp(logVar)) with learned parameters, which start at N(0, I). Its KL from a diagonal
 * Gaussian posterior is known in closed form (KERNELS.md §1).
 */
public final class GaussianPrior implements Prior {
  /** The prior by name. */
  public record Spec() implements PriorSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {
      builder.add("prior.mu", 1, model.latent(), Initializer.zeros());
      builder.add("prior.logVar", 1, model.latent(), Initializer.zeros());
    }

    @Override
    public Prior build(
        Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior) {
      return new GaussianPrior(parameters, model.bounds());
    }
  }

  private final Var mu;
  private final Var rawLogVar;
  private final LogVarBounds bounds;

  private GaussianPrior(Parameters parameters, LogVarBounds bounds) {
    mu = parameter(parameters, "prior.mu");
    rawLogVar = parameter(parameters, "prior.logVar");
    this.bounds = bounds;
  }

  static Var parameter(Parameters parameters, String name) {
    return Var.parameter(parameters.value(name), parameters.gradient(name));
  }

  private Var logVar(Tape tape) {
    return bounds.apply(tape, rawLogVar);
  }

  @Override
  public void sample(Backend kernels, NoiseKey noise, Tensor z) {
    Tape tape = new Tape(kernels);
    tape.resetForInference();
    GaussianOps.Sample moved =
        GaussianOps.reparameterize(
            tape, mu, logVar(tape), noise, z.rows(), GaussianOps.Want.SAMPLE);
    kernels.memory().copy(moved.z().value(), z);
  }

  @Override
  public Var logDensity(Tape tape, Var z) {
    return ScoreOps.gaussianLogProb(tape, z, mu, logVar(tape));
  }

  @Override
  public Var klFrom(Tape tape, Var posteriorMu, Var posteriorLogVar) {
    return GaussianOps.klToPrior(tape, posteriorMu, posteriorLogVar, mu, logVar(tape));
  }

  @Override
  public Var klPerDimFrom(Tape tape, Var posteriorMu, Var posteriorLogVar) {
    return GaussianOps.klPerDimToPrior(tape, posteriorMu, posteriorLogVar, mu, logVar(tape));
  }

  @Override
  public @Nullable String closedFormRefusal() {
    return null;
  }
}
