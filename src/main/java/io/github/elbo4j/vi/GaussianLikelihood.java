package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.LikelihoodOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/** Independent Gaussian data dimensions (KERNELS.md §3) with one of four forms of log-variance. */
public final class GaussianLikelihood implements Likelihood {
  /** Where the log-variance comes from. */
  public enum Variance {
    /** A constant. */
    FIXED,
    /** One learned number for all dimensions. */
    SCALAR,
    /** A learned number for each dimension. */
    DIMENSION,
    /** A second head of the decoder: a number for each row and dimension. */
    ELEMENT
  }

  private static final String LOG_VAR = "likelihood.logVar";

  private final Dense mean;
  private final ScaleHead logVar;

  /**
   * The likelihood whose parameters {@link #declare} put there.
   *
   * @param fixedLogVar the log-variance when {@code variance} is {@link Variance#FIXED}
   * @param bounds clamp of every learned log-variance
   */
  public GaussianLikelihood(
      Parameters parameters, Variance variance, float fixedLogVar, LogVarBounds bounds) {
    mean = new Dense(parameters, "likelihood.mean", Activation.NONE);
    logVar = new ScaleHead(parameters, LOG_VAR, variance, fixedLogVar, bounds);
  }

  /**
   * Declares the head, or heads, on a decoder of width {@code in}. Learned log-variances start at
   * {@code initialLogVar}.
   *
   * @param dataMeans mean of each data dimension, where the bias of the mean starts; null for zeros
   */
  public static void declare(
      Parameters.Builder builder,
      int in,
      int data,
      Variance variance,
      float initialLogVar,
      double @Nullable [] dataMeans) {
    Initializer weights = Initializer.fanInUniform();
    Dense.declare(builder, "likelihood.mean", in, data, weights, ScaleHead.location(dataMeans));
    ScaleHead.declare(builder, LOG_VAR, in, data, variance, initialLogVar);
  }

  @Override
  public Var logLik(Tape tape, Var h, Observed data) {
    Var m = mean.forward(tape, h);
    return LikelihoodOps.gaussian(tape, m, data.x().value(), logVar.value(tape, h));
  }

  @Override
  public Var mean(Tape tape, Var h) {
    return mean.forward(tape, h);
  }
}
