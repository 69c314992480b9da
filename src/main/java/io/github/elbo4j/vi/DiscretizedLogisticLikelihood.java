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
 * A logistic distribution cut into 256 levels (Salimans et al. 2017, one component; KERNELS.md §3):
 * the probability of level v is the logistic's mass in {@code [(v − ½)/255, (v + ½)/255]}, the ends
 * taking all that is beyond them. Its log p(x|z) is that of a whole number, at most 0 and
 * comparable with the categorical's.
 */
final class DiscretizedLogisticLikelihood implements Likelihood {
  static final int LEVELS = 256;

  private static final String LOCATION = "likelihood.mean";
  private static final String LOG_SCALE = "likelihood.logScale";

  private final Dense location;
  private final ScaleHead logScale;

  /**
   * The likelihood whose parameters {@link #declare} put there.
   *
   * @param fixedLogScale log s, in units of x/255, when {@code form} is {@link Variance#FIXED}
   * @param bounds clamp of a learned log s
   */
  DiscretizedLogisticLikelihood(
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
    return DensityOps.discretizedLogistic(tape, m, data.levels(), logScale.value(tape, h));
  }

  /** The logistic's mean, from which the cut one's differs where much of it is beyond an end. */
  @Override
  public Var mean(Tape tape, Var h) {
    return location.forward(tape, h);
  }
}
