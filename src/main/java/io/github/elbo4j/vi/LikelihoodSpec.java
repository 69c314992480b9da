package io.github.elbo4j.vi;

import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * A likelihood by name: {@code bernoulli}; {@code gaussian} (one learned variance) or {@code
 * gaussian:FORM} with FORM {@code scalar}, {@code dimension}, {@code element}, or a number: a fixed
 * standard deviation.
 *
 * @param bernoulli true for {@code bernoulli}; the rest then has no meaning
 * @param variance form of the Gaussian's log-variance
 * @param logVar the fixed log-variance, or where a learned one starts
 */
public record LikelihoodSpec(
    boolean bernoulli, GaussianLikelihood.Variance variance, float logVar) {
  /** Learned variances start at a standard deviation of 0.3, about that of pixels in [0,1]. */
  private static final float START = (float) (2 * Math.log(0.3));

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException naming what is possible
   */
  public static LikelihoodSpec parse(String text) {
    return switch (text) {
      case "bernoulli" -> new LikelihoodSpec(true, GaussianLikelihood.Variance.FIXED, 0);
      case "gaussian", "gaussian:scalar" -> learned(GaussianLikelihood.Variance.SCALAR);
      case "gaussian:dimension" -> learned(GaussianLikelihood.Variance.DIMENSION);
      case "gaussian:element" -> learned(GaussianLikelihood.Variance.ELEMENT);
      default -> fixed(text);
    };
  }

  private static LikelihoodSpec learned(GaussianLikelihood.Variance variance) {
    return new LikelihoodSpec(false, variance, START);
  }

  private static LikelihoodSpec fixed(String text) {
    try {
      if (text.startsWith("gaussian:")) {
        double sigma = Double.parseDouble(text.substring("gaussian:".length()));
        if (sigma > 0 && Double.isFinite(sigma)) {
          float logVar = (float) (2 * Math.log(sigma));
          return new LikelihoodSpec(false, GaussianLikelihood.Variance.FIXED, logVar);
        }
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the forms.
    }
    throw new IllegalArgumentException(
        "likelihood \""
            + text
            + "\" must be bernoulli, gaussian, gaussian:scalar, gaussian:dimension,"
            + " gaussian:element or gaussian:SIGMA with SIGMA > 0");
  }

  /** Declares the parameters, see the classes. */
  void declare(Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
    if (bernoulli) {
      BernoulliLikelihood.declare(builder, in, data, dataMeans);
    } else {
      GaussianLikelihood.declare(builder, in, data, variance, logVar, dataMeans);
    }
  }

  /** The likelihood over declared parameters. */
  Likelihood build(Parameters parameters, LogVarBounds bounds) {
    return bernoulli
        ? new BernoulliLikelihood(parameters)
        : new GaussianLikelihood(parameters, variance, logVar, bounds);
  }
}
