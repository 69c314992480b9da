package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.ScoreOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.GaussianNetwork;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Want;
import org.jspecify.annotations.Nullable;

/**
 * A hierarchical variational model (Ranganath et al. 2016): the parameters of a mean-field
 * posterior are themselves random, and an auxiliary model r of them keeps a bound computable:
 *
 * <pre>
 * λ ~ q(λ|x) = N(mu(x), exp(logVar(x)))       z ~ q(z|λ,x) = N(mu_z(λ,h), exp(logVar_z(λ,h)))
 * log q(z|x) is replaced by   log q(λ|x) + log q(z|λ,x) − log r(λ|z,x)
 * </pre>
 *
 * which in expectation is above log q(z|x), so that the ELBO stays a bound; with importance weights
 * (z, λ) is sampled together and the weights stay unbiased. λ has as many dimensions as z.
 */
public final class HierarchicalPosterior implements Posterior {
  /**
   * The posterior by its size.
   *
   * @param latent D &gt;= 1
   */
  public record Spec(int latent) implements PosteriorSpec {
    @Override
    public void declare(Parameters.Builder builder, int in) {
      DiagonalGaussianPosterior.declare(builder, in, latent);
      GaussianNetwork.declare(builder, GIVEN, latent + in, in, latent);
      GaussianNetwork.declare(builder, AUXILIARY, latent + in, in, latent);
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      return new HierarchicalPosterior(parameters, bounds);
    }
  }

  private static final String GIVEN = "posterior.given";
  private static final String AUXILIARY = "posterior.auxiliary";
  private static final String KL_REFUSAL =
      "the analytic KL, which free bits need too, does not exist for a hierarchical posterior: use"
          + " --objective elbo, which samples it, or elbo:mc";
  private static final String BOUND_REFUSAL =
      "the log q of a hierarchical posterior is a bound that holds the auxiliary model r: use"
          + " --estimator pathwise";

  private final DiagonalGaussianPosterior lambda;
  private final GaussianNetwork given;
  private final GaussianNetwork auxiliary;

  private HierarchicalPosterior(Parameters parameters, LogVarBounds bounds) {
    lambda = new DiagonalGaussianPosterior(parameters, bounds);
    given = new GaussianNetwork(parameters, GIVEN, bounds);
    auxiliary = new GaussianNetwork(parameters, AUXILIARY, bounds);
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    String refusal = refusal(prior, want);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    GaussianOps.Want part =
        want.densities() ? GaussianOps.Want.LOG_DENSITIES : GaussianOps.Want.SAMPLE;
    GaussianOps.Sample drawn =
        GaussianOps.reparameterize(
            tape, lambda.mean(tape, h), lambda.logVar(tape, h), noise, samples, part);
    Var read = given.read(tape, ComposeOps.concat(tape, drawn.z(), h));
    GaussianOps.Sample latent =
        GaussianOps.reparameterize(
            tape, given.mu(tape, read), given.logVar(tape, read), noise.branch(0), 1, part);
    Draw draw = Draw.of(tape, latent.z(), this, h);
    if (want.densities()) {
      Var seen = auxiliary.read(tape, ComposeOps.concat(tape, latent.z(), h));
      Var logR =
          ScoreOps.gaussianLogProb(
              tape, drawn.z(), auxiliary.mu(tape, seen), auxiliary.logVar(tape, seen));
      Var logQ = ComposeOps.sum(tape, drawn.logQ(), 1, latent.logQ(), 1, logR, -1);
      draw.densities(logQ, prior.logDensity(tape, latent.z()));
    }
    return draw;
  }

  /** The mean of q(z|λ,x) at the mean of λ. */
  @Override
  public Var mean(Tape tape, Var h) {
    Var middle = ComposeOps.concat(tape, lambda.mean(tape, h), h);
    return given.mu(tape, given.read(tape, middle));
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES -> null;
      case KL, KL_PER_DIM -> KL_REFUSAL;
      case LOG_DENSITIES_STL, LOG_DENSITIES_SCORE -> BOUND_REFUSAL;
    };
  }
}
