package io.github.elbo4j.vi;

import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * A likelihood by name: {@code bernoulli}; {@code gaussian} (one learned variance) or {@code
 * gaussian:FORM} with FORM {@code scalar}, {@code dimension}, {@code element}, or a number: a fixed
 * standard deviation.
 */
public sealed interface LikelihoodSpec {
  /** Declares the likelihood's parameters on a decoder of width {@code in}, see its class. */
  void declare(Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans);

  /**
   * Whole numbers 0 … levels − 1 that this likelihood counts each data dimension in, for those that
   * read {@link Observed#levels}; 0 for those that read {@link Observed#x}.
   */
  default int levels() {
    return 0;
  }

  /**
   * The likelihood over declared parameters.
   *
   * @param bounds clamp of every learned log-variance
   */
  Likelihood build(Parameters parameters, LogVarBounds bounds);

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException naming what is possible
   */
  static LikelihoodSpec parse(String text) {
    return switch (text) {
      case "bernoulli" -> new BernoulliSpec();
      case "gaussian", "gaussian:scalar" ->
          GaussianSpec.learned(GaussianLikelihood.Variance.SCALAR);
      case "gaussian:dimension" -> GaussianSpec.learned(GaussianLikelihood.Variance.DIMENSION);
      case "gaussian:element" -> GaussianSpec.learned(GaussianLikelihood.Variance.ELEMENT);
      default -> fixed(text);
    };
  }

  private static LikelihoodSpec fixed(String text) {
    try {
      if (text.startsWith("gaussian:")) {
        double sigma = Double.parseDouble(text.substring("gaussian:".length()));
        if (sigma > 0 && Double.isFinite(sigma)) {
          float logVar = (float) (2 * Math.log(sigma));
          return new GaussianSpec(GaussianLikelihood.Variance.FIXED, logVar);
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

  /** {@link BernoulliLikelihood}. */
  record BernoulliSpec() implements LikelihoodSpec {
    @Override
    public void declare(
        Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
      BernoulliLikelihood.declare(builder, in, data, dataMeans);
    }

    @Override
    public Likelihood build(Parameters parameters, LogVarBounds bounds) {
      return new BernoulliLikelihood(parameters);
    }
  }

  /**
   * {@link GaussianLikelihood}.
   *
   * @param variance form of the log-variance
   * @param logVar the fixed log-variance, or where a learned one starts
   */
  record GaussianSpec(GaussianLikelihood.Variance variance, float logVar)
      implements LikelihoodSpec {
    /** Learned variances start at a standard deviation of 0.3, about that of pixels in [0,1]. */
    private static final float START = (float) (2 * Math.log(0.3));

    static GaussianSpec learned(GaussianLikelihood.Variance variance) {
      return new GaussianSpec(variance, START);
    }

    @Override
    public void declare(
        Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
      GaussianLikelihood.declare(builder, in, data, variance, logVar, dataMeans);
    }

    @Override
    public Likelihood build(Parameters parameters, LogVarBounds bounds) {
      return new GaussianLikelihood(parameters, variance, logVar, bounds);
    }
  }
}
