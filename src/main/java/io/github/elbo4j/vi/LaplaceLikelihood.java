package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.DensityOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.GaussianLikelihood.Variance;
import org.jspecify.annotations.Nullable;

/**
 * Independent Laplace data dimensions (KERNELS.md §3): {@code log p(x|z) = Σ_n −|x − m|/b − log 2b}
 * with log b fixed or learned in the forms of the Gaussian's log-variance.
 */
final class LaplaceLikelihood implements Likelihood {
  private static final String LOCATION = "likelihood.mean";
  private static final String LOG_SCALE = "likelihood.logScale";

  private final Dense location;
  private final ScaleHead logScale;

  /**
   * The likelihood whose parameters {@link #declare} put there.
   *
   * @param fixedLogScale log b when {@code form} is {@link Variance#FIXED}
   * @param bounds clamp of a learned log b
   */
  LaplaceLikelihood(
      Parameters parameters, Variance form, float fixedLogScale, LogVarBounds bounds) {
    location = new Dense(parameters, LOCATION, Activation.NONE);
    logScale = new ScaleHead(parameters, LOG_SCALE, form, fixedLogScale, bounds);
  }

  /** Declares the head, or heads, on a decoder of width {@code in}. */
  static void declare(
      Parameters.Builder builder,
      int in,
      int data,
      Variance form,
      float initialLogScale,
      double @Nullable [] dataMeans) {
    Initializer weights = Initializer.fanInUniform();
    Dense.declare(builder, LOCATION, in, data, weights, ScaleHead.location(dataMeans));
    ScaleHead.declare(builder, LOG_SCALE, in, data, form, initialLogScale);
  }

  @Override
  public Var logLik(Tape tape, Var h, Observed data) {
    Var m = location.forward(tape, h);
    return DensityOps.laplace(tape, m, data.x().value(), logScale.value(tape, h));
  }

  @Override
  public Var mean(Tape tape, Var h) {
    return location.forward(tape, h);
  }
}
