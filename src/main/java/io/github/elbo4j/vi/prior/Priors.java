package io.github.elbo4j.vi.prior;

import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.SpecText;
import java.util.List;

/** Priors by name. */
public final class Priors {
  private static final List<String> FORMS = List.of("normal");

  private Priors() {}

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException naming what is possible
   */
  public static PriorSpec parse(String text) {
    SpecText spec = SpecText.of("prior", text);
    return switch (spec.name()) {
      case "normal" -> {
        spec.expect(0, "normal");
        yield PriorSpec.NORMAL;
      }
      default -> throw spec.unknown(FORMS);
    };
  }
}
