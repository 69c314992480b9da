package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;

/**
 * q(z|x) = N(mu(x), exp(logVar(x))), independent dimensions (Kingma and Welling 2014, appendix
 * C.2).
 */
public final class DiagonalGaussianPosterior implements Posterior {
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
    Var mean = mu.forward(tape, h);
    Var logVariance = bounds.apply(tape, logVar.forward(tape, h));
    return GaussianLatent.draw(tape, mean, logVariance, noise, samples, prior, want);
  }

  @Override
  public Var mean(Tape tape, Var h) {
    return mu.forward(tape, h);
  }
}
