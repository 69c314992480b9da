package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.SpecText;
import java.util.List;

/** Posteriors by name. */
public final class Posteriors {
  private static final List<String> FORMS = List.of("diagonal");

  private Posteriors() {}

  /**
   * Reads a name.
   *
   * @param latent D, for posteriors that do not name their own sizes
   * @throws IllegalArgumentException naming what is possible
   */
  public static PosteriorSpec parse(String text, int latent) {
    SpecText spec = SpecText.of("posterior", text);
    return switch (spec.name()) {
      case "diagonal" -> {
        spec.expect(0, "diagonal");
        yield new DiagonalGaussianPosterior.Spec(latent);
      }
      default -> throw spec.unknown(FORMS);
    };
  }
}
