package io.github.elbo4j.train.fit;

import io.github.elbo4j.train.ConfigException;
import java.util.Locale;

/**
 * A model by name: {@code gmm:K}, {@code linear}, {@code logistic} or {@code gp}.
 *
 * @param kind which
 * @param components K of the mixture, else 0
 */
public record FitModel(Kind kind, int components) {
  /** The models there are. */
  public enum Kind {
    /** {@link io.github.elbo4j.vi.fit.GaussianMixture}. */
    GMM,
    /** {@link io.github.elbo4j.vi.fit.LinearRegression}. */
    LINEAR,
    /** {@link io.github.elbo4j.vi.fit.LogisticRegression}. */
    LOGISTIC,
    /** {@link io.github.elbo4j.vi.fit.GaussianProcess}. */
    GP
  }

  /**
   * Reads a name.
   *
   * @throws ConfigException naming what is possible
   */
  public static FitModel parse(String text) {
    return switch (text) {
      case "linear" -> new FitModel(Kind.LINEAR, 0);
      case "logistic" -> new FitModel(Kind.LOGISTIC, 0);
      case "gp" -> new FitModel(Kind.GP, 0);
      default -> {
        if (text.matches("gmm:[1-9][0-9]{0,3}")) {
          yield new FitModel(Kind.GMM, Integer.parseInt(text.substring(4)));
        }
        throw new ConfigException(
            "--model \"" + text + "\" must be gmm:K (K components), linear, logistic or gp");
      }
    };
  }

  @Override
  public String toString() {
    return kind == Kind.GMM ? "gmm:" + components : kind.name().toLowerCase(Locale.ROOT);
  }
}
