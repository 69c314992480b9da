package io.github.elbo4j.vi.prior;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.Encoder;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * The mixture of the posteriors of K learned pseudo-inputs (Tomczak and Welling 2018):
 *
 * <pre>
 * p(z) = 1/K Σ_k q(z|u_k)
 * </pre>
 */
public final class VampPrior extends MixturePrior {
  /**
   * The prior by its size.
   *
   * @param components K &gt;= 1
   */
  public record Spec(int components) implements PriorSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {
      builder.add("prior.pseudoInputs", components, model.data(), Initializer.normal(0.5));
    }

    @Override
    public Prior build(
        Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior) {
      if (!(posterior instanceof DiagonalGaussianPosterior diagonal)) {
        throw new IllegalArgumentException(
            "prior vamp is a mixture of posteriors of pseudo-inputs, whose density is known for"
                + " --posterior diagonal only");
      }
      if (model.condition() > 0) {
        throw new IllegalArgumentException(
            "prior vamp has pseudo-inputs without a label, so it does not go with --condition");
      }
      return new VampPrior(parameters, components, model.bounds(), encoder, diagonal);
    }
  }

  private final Var pseudoInputs;
  private final Encoder encoder;
  private final DiagonalGaussianPosterior posterior;
  private Var encoded = new Var();

  private VampPrior(
      Parameters parameters,
      int components,
      LogVarBounds bounds,
      Encoder encoder,
      DiagonalGaussianPosterior posterior) {
    super(components, bounds);
    pseudoInputs = GaussianPrior.parameter(parameters, "prior.pseudoInputs");
    this.encoder = encoder;
    this.posterior = posterior;
  }

  @Override
  Var mu(Tape tape) {
    encoded = encoder.encode(tape, pseudoInputs, null);
    return posterior.mean(tape, encoded);
  }

  @Override
  Var logVar(Tape tape) {
    return posterior.logVar(tape, encoded);
  }

  @Override
  @Nullable Var places() {
    return null;
  }
}
