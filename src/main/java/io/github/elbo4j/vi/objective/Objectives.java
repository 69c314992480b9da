package io.github.elbo4j.vi.objective;

import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.SpecText;
import java.util.List;

/** Objectives and the estimators of their gradients, by name. */
public final class Objectives {
  private static final List<String> OBJECTIVES =
      List.of("elbo", "elbo:analytic", "elbo:mc", "beta:WEIGHT");
  private static final List<String> ESTIMATORS = List.of("pathwise", "stl");

  private Objectives() {}

  /**
   * Reads names.
   *
   * @param annealing of the KL's weight
   * @param freeBits nats of KL a latent dimension that cost nothing; 0 for none
   * @throws IllegalArgumentException naming what is possible, or why the two do not go together
   */
  public static ObjectiveSpec parse(
      String objective, String estimator, Annealing annealing, double freeBits) {
    SpecText how = SpecText.of("estimator", estimator);
    SpecText what = SpecText.of("objective", objective);
    return switch (what.name()) {
      case "elbo" -> {
        what.expect(0, 1, "elbo, elbo:analytic or elbo:mc");
        Elbo.Form form = what.arguments().isEmpty() ? Elbo.Form.ANY : Elbo.form(what, 0);
        yield new Elbo(1, annealing, freeBits, estimated(form, how));
      }
      case "beta" -> {
        what.expect(1, "beta:WEIGHT");
        double beta = what.number(0, 0, "beta:WEIGHT");
        yield new Elbo(beta, annealing, freeBits, estimated(Elbo.Form.ANY, how));
      }
      default -> throw what.unknown(OBJECTIVES);
    };
  }

  private static Elbo.Form estimated(Elbo.Form form, SpecText how) {
    return switch (how.name()) {
      case "pathwise" -> form;
      case "stl" -> {
        if (form == Elbo.Form.ANALYTIC) {
          throw how.refusal(
              "drops a term of the sampled KL's gradient; with the analytic KL there is none");
        }
        yield Elbo.Form.STICKING_THE_LANDING;
      }
      default -> throw how.unknown(ESTIMATORS);
    };
  }
}
