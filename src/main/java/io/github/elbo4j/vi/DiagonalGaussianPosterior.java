package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.ScoreOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * q(z|x) = N(mu(x), exp(logVar(x))), independent dimensions (Kingma and Welling 2014, appendix
 * C.2).
 */
public final class DiagonalGaussianPosterior implements Posterior {
  /**
   * The posterior by its size.
   *
   * @param latent D &gt;= 1
   */
  public record Spec(int latent) implements PosteriorSpec {
    @Override
    public void declare(Parameters.Builder builder, int in) {
      DiagonalGaussianPosterior.declare(builder, in, latent);
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      return new DiagonalGaussianPosterior(parameters, bounds);
    }
  }

  private final Dense mu;
  private final Dense logVar;
  private final LogVarBounds bounds;

  /** The posterior whose parameters {@link #declare} put there. */
  public DiagonalGaussianPosterior(Parameters parameters, LogVarBounds bounds) {
    this.mu = new Dense(parameters, "posterior.mu", Activation.NONE);
    this.logVar = new Dense(parameters, "posterior.logVar", Activation.NONE);
    this.bounds = bounds;
  }

  /** Declares the two heads on an encoder of width {@code in}. */
  public static void declare(Parameters.Builder builder, int in, int latent) {
    Initializer weights = Initializer.fanInUniform();
    Dense.declare(builder, "posterior.mu", in, latent, weights, Initializer.zeros());
    Dense.declare(builder, "posterior.logVar", in, latent, weights, Initializer.zeros());
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    return draw(tape, mean(tape, h), logVar(tape, h), noise, samples, prior, want);
  }

  @Override
  public Var mean(Tape tape, Var h) {
    return mu.forward(tape, h);
  }

  /** log σ²(x) within its bounds, [B,D]. */
  public Var logVar(Tape tape, Var h) {
    return bounds.apply(tape, logVar.forward(tape, h));
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    return want.kl() ? prior.closedFormRefusal() : null;
  }

  /**
   * Samples N(mu, exp(logVar)) beside any prior. Everything about the standard normal prior is
   * computed with the samples in one node; another prior is asked for its KL and its density.
   *
   * @param mu [B,D]
   * @param logVar [B,D]
   */
  public static Draw draw(
      Tape tape, Var mu, Var logVar, NoiseKey noise, int samples, Prior prior, Want want) {
    boolean fused = prior.isStandardNormal();
    GaussianOps.Sample s =
        GaussianOps.reparameterize(tape, mu, logVar, noise, samples, part(want, fused));
    Var z = want == Want.LOG_DENSITIES_SCORE ? s.z().detached() : s.z();
    Draw draw = Draw.of(tape, z, mu);
    if (want.kl()) {
      draw.kl(fused ? s.kl() : prior.klFrom(tape, mu, logVar));
    }
    if (want == Want.KL_PER_DIM) {
      draw.klPerDim(fused ? s.klPerDim() : prior.klPerDimFrom(tape, mu, logVar));
    }
    if (want == Want.LOG_DENSITIES_SCORE) {
      Var logQ = ScoreOps.gaussianLogProb(tape, z, mu, logVar);
      draw.densities(logQ, prior.logDensity(tape, z));
    } else if (want.densities()) {
      draw.densities(s.logQ(), fused ? s.logP() : prior.logDensity(tape, z));
    }
    return draw;
  }

  /** What the node of the samples computes. */
  private static GaussianOps.Want part(Want want, boolean fused) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES_SCORE -> GaussianOps.Want.SAMPLE;
      case KL -> fused ? GaussianOps.Want.KL : GaussianOps.Want.SAMPLE;
      case KL_PER_DIM -> fused ? GaussianOps.Want.KL_PER_DIM : GaussianOps.Want.SAMPLE;
      case LOG_DENSITIES -> GaussianOps.Want.LOG_DENSITIES;
      case LOG_DENSITIES_STL -> GaussianOps.Want.LOG_DENSITIES_STL;
    };
  }
}
