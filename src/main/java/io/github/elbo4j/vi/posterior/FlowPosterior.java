package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.ScoreOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Want;
import io.github.elbo4j.vi.flow.Flow;
import io.github.elbo4j.vi.flow.FlowSpec;
import org.jspecify.annotations.Nullable;

/**
 * A diagonal Gaussian through a flow (Rezende and Mohamed 2015):
 *
 * <pre>
 * z0 ~ N(mu(x), exp(logVar(x)))      z = f(z0; h)
 * log q(z|x) = log N(z0; mu, exp(logVar)) − log|det ∂z/∂z0|
 * </pre>
 *
 * <p>Its KL has no closed form, but for reflections beside the standard normal prior, which looks
 * the same from all sides: there it is that of the Gaussian. The gradient of log q(z|x) at a given
 * z goes through the inverse of the flow; where that has none, sticking the landing and the score
 * function are refused.
 */
public final class FlowPosterior implements Posterior {
  static final String KL_REFUSAL =
      "the analytic KL does not exist for a flow posterior: use --objective elbo, which samples it,"
          + " or elbo:mc";

  static final String PER_DIM_REFUSAL =
      "the KL of a flow posterior is no sum over latent dimensions, of which free bits could spare"
          + " some: use --posterior diagonal";

  static final String STL_REFUSAL =
      "the estimators stl and dreg take log q(z|x) as a function of z alone, so its gradient goes"
          + " through the inverse of the flow, and planar, radial and sylvester steps have none in"
          + " closed form: use another flow, or --estimator pathwise";

  static final String SCORE_REFUSAL =
      "the score function takes the gradient of log q(z|x) at a given z, which goes through the"
          + " inverse of the flow, and planar, radial and sylvester steps have none in closed form:"
          + " use another flow, or --estimator pathwise";

  /**
   * The posterior by its sizes.
   *
   * @param latent D &gt;= 1
   * @param flow from z0 to z
   */
  public record Spec(int latent, FlowSpec flow) implements PosteriorSpec {
    @Override
    public void declare(Parameters.Builder builder, int in) {
      DiagonalGaussianPosterior.declare(builder, in, latent);
      flow.declare(builder, NAME, latent, in);
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      return new FlowPosterior(
          new DiagonalGaussianPosterior(parameters, bounds),
          flow.build(parameters, NAME, latent, true));
    }
  }

  private static final String NAME = "posterior.flow";

  private final DiagonalGaussianPosterior base;
  private final Flow flow;
  private final Flow fixed;

  /**
   * A posterior of parts.
   *
   * @param base of z0
   * @param flow from z0 to z; it is told h
   */
  public FlowPosterior(DiagonalGaussianPosterior base, Flow flow) {
    this.base = base;
    this.flow = flow;
    this.fixed = flow.detached();
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    String refusal = refusal(prior, want);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    Var mu = base.mean(tape, h);
    Var logVar = base.logVar(tape, h);
    GaussianOps.Sample start =
        GaussianOps.reparameterize(tape, mu, logVar, noise, samples, part(want));
    Var logDet = FlowOps.logDet(tape, start.z().value().rows());
    Var moved = flow.forward(tape, start.z(), h, logDet);
    Var z = want == Want.LOG_DENSITIES_SCORE ? moved.detached() : moved;
    Draw draw = Draw.of(tape, z, this, h);
    if (want.kl()) {
      draw.kl(start.kl());
    }
    if (want.densities()) {
      Var logQ =
          switch (want) {
            case LOG_DENSITIES_STL ->
                density(tape, z, mu.detached(), logVar.detached(), fixed, h.detached());
            case LOG_DENSITIES_SCORE -> density(tape, z, mu, logVar, flow, h);
            default -> ComposeOps.sum(tape, start.logQ(), 1, logDet, -1);
          };
      draw.densities(logQ, prior.logDensity(tape, z));
    }
    return draw;
  }

  /** log q(z|x) of a z, [R]. */
  private static Var density(Tape tape, Var z, Var mu, Var logVar, Flow through, Var h) {
    Var logDet = FlowOps.logDet(tape, z.value().rows());
    Var start = through.inverse(tape, z, h, logDet);
    Var logProb = ScoreOps.gaussianLogProb(tape, start, mu, logVar);
    return ComposeOps.sum(tape, logProb, 1, logDet, 1);
  }

  /** What the node of z0 computes. */
  private static GaussianOps.Want part(Want want) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES_STL, LOG_DENSITIES_SCORE -> GaussianOps.Want.SAMPLE;
      case KL, KL_PER_DIM -> GaussianOps.Want.KL;
      case LOG_DENSITIES -> GaussianOps.Want.LOG_DENSITIES;
    };
  }

  /** f(mu(x)), where the middle of z0 goes. */
  @Override
  public Var mean(Tape tape, Var h) {
    Var mu = base.mean(tape, h);
    return flow.forward(tape, mu, h, FlowOps.logDet(tape, mu.value().rows()));
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES -> null;
      case KL -> flow.orthogonal() && prior.isStandardNormal() ? null : KL_REFUSAL;
      case KL_PER_DIM -> PER_DIM_REFUSAL;
      case LOG_DENSITIES_STL -> flow.invertible() ? null : STL_REFUSAL;
      case LOG_DENSITIES_SCORE -> flow.invertible() ? null : SCORE_REFUSAL;
    };
  }
}
