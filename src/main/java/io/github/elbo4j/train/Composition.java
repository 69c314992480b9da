package io.github.elbo4j.train;

import io.github.elbo4j.data.Binarize;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.objective.Objectives;
import io.github.elbo4j.vi.posterior.Posteriors;
import io.github.elbo4j.vi.prior.Priors;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What a configuration describes, read but not built: the architecture and the objective.
 *
 * @param spec the architecture
 * @param objective what is minimised and how its gradient is estimated
 */
record Composition(Vae.Spec spec, ObjectiveSpec objective) {
  /** What depends on the data beside their size. */
  record Facts(int pixels, int classes, int stepsPerEpoch) {}

  /**
   * Reads a configuration.
   *
   * @throws ConfigException when it asks for what there is not
   */
  static Composition of(RunConfig config, Facts facts) {
    try {
      PosteriorSpec posterior = Posteriors.parse(config.posterior(), config.latent());
      Vae.Spec spec =
          new Vae.Spec(
              facts.pixels(),
              config.hidden(),
              activation(config.activation()),
              posterior,
              posterior.prior(Priors.parse(config.prior())),
              LikelihoodSpec.parse(config.likelihood()),
              new LogVarBounds((float) config.logVarMin(), (float) config.logVarMax()),
              conditioned(config) ? facts.classes() : 0);
      spec.declare(Parameters.builder(), null); // parts refuse sizes that they do not come in
      Annealing annealing = Annealing.parse(config.warmup(), facts.stepsPerEpoch());
      ObjectiveSpec objective =
          Objectives.parse(config.objective(), config.estimator(), annealing, config.freeBits());
      requireStillLevels(config, spec);
      return new Composition(spec, objective);
    } catch (IllegalArgumentException e) {
      throw refused(e);
    }
  }

  /** What is drawn anew each step has no levels to count. */
  private static void requireStillLevels(RunConfig config, Vae.Spec spec) {
    if (spec.likelihood().levels() > 0 && PreparedData.binarize(config) == Binarize.DYNAMIC) {
      throw new ConfigException(
          "config: likelihood \"%s\" counts the levels of grey pixels, which binarize \"dynamic\" replaces by draws: use none or static"
              .formatted(config.likelihood()));
    }
  }

  /** Whether encoder and decoder are told the labels. */
  static boolean conditioned(RunConfig config) {
    return switch (config.condition()) {
      case "none" -> false;
      case "label" -> true;
      default ->
          throw new ConfigException(
              "config: condition is \"%s\" and must be none or label"
                  .formatted(config.condition()));
    };
  }

  /**
   * The objective over a model's parameters.
   *
   * @param examples size of the training data
   * @throws ConfigException when it does not fit the model
   */
  Objective objective(Model model, long examples) {
    try {
      Objective built = objective.build(model.parameters(), spec, examples);
      Vae vae = model.vae();
      String refusal = built.refusal(vae.posterior(), vae.prior());
      if (refusal != null) {
        throw new ConfigException("config: " + refusal);
      }
      return built;
    } catch (IllegalArgumentException e) {
      throw refused(e);
    }
  }

  /** What is wrong with a configuration, from what a part says of it. */
  static ConfigException refused(IllegalArgumentException e) {
    return e instanceof ConfigException known
        ? known
        : new ConfigException("config: " + e.getMessage());
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
