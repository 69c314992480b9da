package io.github.elbo4j.train;

import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Vae;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A VAE with its parameters and the size of the pictures it models.
 *
 * @param vae the model
 * @param parameters its parameters
 * @param height rows of a picture
 * @param width columns of a picture
 */
public record Model(Vae vae, Parameters parameters, int height, int width) {
  /**
   * A new model.
   *
   * @param pixelMeans mean of each pixel of the training data in [0,1], or null when parameters
   *     will be loaded
   * @param memory where its parameters are
   * @throws ConfigException when the configuration asks for what there is not
   */
  static Model create(
      RunConfig config,
      int height,
      int width,
      double @Nullable [] pixelMeans,
      MemoryKernels memory) {
    Vae.Spec spec = spec(config, height * width);
    Parameters parameters = spec.parameters(config.seed(), pixelMeans, memory);
    return new Model(new Vae(spec, parameters), parameters, height, width);
  }

  /** The first parameter that is not finite, in the order of the model, or null. */
  @Nullable String nonFiniteParameter() {
    for (Parameters.Parameter p : parameters) {
      if (!Sums.finite(p.value())) {
        return "parameter " + p.name();
      }
    }
    return null;
  }

  /** The architecture that a configuration describes. */
  static Vae.Spec spec(RunConfig config, int data) {
    if (!config.posterior().equals("diagonal")) {
      throw new ConfigException(
          "config: posterior is \"" + config.posterior() + "\" and must be diagonal");
    }
    if (!config.estimator().equals("pathwise")) {
      throw new ConfigException(
          "config: estimator is \"" + config.estimator() + "\" and must be pathwise");
    }
    try {
      return new Vae.Spec(
          data,
          config.hidden(),
          config.latent(),
          activation(config.activation()),
          LikelihoodSpec.parse(config.likelihood()),
          new LogVarBounds((float) config.logVarMin(), (float) config.logVarMax()));
    } catch (IllegalArgumentException e) {
      throw e instanceof ConfigException ? e : new ConfigException("config: " + e.getMessage());
    }
  }

  private static Activation activation(String name) {
    for (Activation a : Activation.values()) {
      if (a.name().toLowerCase(Locale.ROOT).equals(name)) {
        return a;
      }
    }
    throw new ConfigException(
        "config: activation is \"%s\" and must be one of %s"
            .formatted(
                name,
                Arrays.stream(Activation.values())
                    .map(a -> a.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "))));
  }
}
