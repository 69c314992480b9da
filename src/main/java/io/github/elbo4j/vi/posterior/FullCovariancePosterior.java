package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.autodiff.CovarianceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Want;
import org.jspecify.annotations.Nullable;

/**
 * q(z|x) = N(mu(x), L(x)·L(x)ᵀ) with any covariance (Kingma and Welling 2019, algorithm 2;
 * KERNELS.md §4):
 *
 * <pre>
 * z = mu + L·eps          L = lower below its diagonal, exp(logSigma) on it
 * KL to N(0, I) = ½( ‖L‖² + ‖mu‖² − D ) − Σ_d logSigma
 * </pre>
 *
 * Three heads on the encoder; that of {@code lower} starts at 0, where this is the diagonal
 * Gaussian.
 */
public final class FullCovariancePosterior implements Posterior {
  static final String KL_REFUSAL =
      "the analytic KL of a posterior with full covariance is there for the standard normal prior"
          + " alone: use --objective elbo, which samples it beside any other, or elbo:mc";

  static final String PER_DIM_REFUSAL =
      "the KL of a posterior with full covariance is no sum over latent dimensions, of which free"
          + " bits could spare some: use --posterior diagonal";

  /**
   * The posterior by its size.
   *
   * @param latent D &gt;= 2; of one dimension there is only the diagonal Gaussian
   */
  public record Spec(int latent) implements PosteriorSpec {
    public Spec {
      if (latent < 2) {
        throw new IllegalArgumentException(
            "FullCovariancePosterior: latent " + latent + " must be >= 2");
      }
    }

    @Override
    public void declare(Parameters.Builder builder, int in) {
      Initializer weights = Initializer.fanInUniform();
      Initializer zeros = Initializer.zeros();
      Dense.declare(builder, "posterior.mu", in, latent, weights, zeros);
      Dense.declare(builder, "posterior.logSigma", in, latent, weights, zeros);
      Dense.declare(builder, "posterior.lower", in, latent * (latent - 1) / 2, zeros, zeros);
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      return new FullCovariancePosterior(parameters, bounds);
    }
  }

  private final Dense mu;
  private final Dense logSigma;
  private final Dense lower;
  private final LogVarBounds bounds;

  /** The posterior whose parameters {@link Spec#declare} put there. */
  private FullCovariancePosterior(Parameters parameters, LogVarBounds bounds) {
    this.mu = new Dense(parameters, "posterior.mu", Activation.NONE);
    this.logSigma = new Dense(parameters, "posterior.logSigma", Activation.NONE);
    this.lower = new Dense(parameters, "posterior.lower", Activation.NONE);
    this.bounds = new LogVarBounds(bounds.low() / 2, bounds.high() / 2);
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    String refusal = refusal(prior, want);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    Var m = mean(tape, h);
    Var s = bounds.apply(tape, logSigma.forward(tape, h));
    Var l = lower.forward(tape, h);
    CovarianceOps.Sample sample =
        CovarianceOps.reparameterize(tape, m, s, l, noise, samples, part(want));
    if (want == Want.LOG_DENSITIES_SCORE) {
      Var z = sample.z().detached();
      Var logQ = CovarianceOps.logDensity(tape, z, m, s, l);
      return Draw.of(tape, z, m).densities(logQ, prior.logDensity(tape, z));
    }
    Draw draw = Draw.of(tape, sample.z(), m);
    if (want.kl()) {
      draw.kl(sample.kl());
    }
    if (want.densities()) {
      boolean fused = prior.isStandardNormal();
      draw.densities(sample.logQ(), fused ? sample.logP() : prior.logDensity(tape, sample.z()));
    }
    return draw;
  }

  /** What the node of the samples computes. */
  private static CovarianceOps.Want part(Want want) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES_SCORE -> CovarianceOps.Want.SAMPLE;
      case KL, KL_PER_DIM -> CovarianceOps.Want.KL;
      case LOG_DENSITIES -> CovarianceOps.Want.LOG_DENSITIES;
      case LOG_DENSITIES_STL -> CovarianceOps.Want.LOG_DENSITIES_STL;
    };
  }

  @Override
  public Var mean(Tape tape, Var h) {
    return mu.forward(tape, h);
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    if (want == Want.KL_PER_DIM) {
      return PER_DIM_REFUSAL;
    }
    return want == Want.KL && !prior.isStandardNormal() ? KL_REFUSAL : null;
  }
}
