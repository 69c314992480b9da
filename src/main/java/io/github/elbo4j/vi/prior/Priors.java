package io.github.elbo4j.vi.prior;

import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.SpecText;
import java.util.List;

/** Priors by name. */
public final class Priors {
  /** Every form and what it is, a line each as {@code --help} shows them. */
  public static final String HELP =
      "normal (default): standard normal%n"
          + "gaussian: normal with learned mean and variance%n"
          + "mog:K: mixture of K Gaussians, all of it learned%n"
          + "vamp:K: mixture of the posteriors of K learned pseudo-inputs%n"
          + "flow:STEPS[:WIDTH]: a learned flow (RealNVP) of the standard normal, networks of a"
          + " hidden layer (default: 128)";

  private static final List<String> FORMS = SpecText.forms(HELP);

  /** Of the networks of a flow. */
  private static final int WIDTH = 128;

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
      case "gaussian" -> {
        spec.expect(0, "gaussian");
        yield new GaussianPrior.Spec();
      }
      case "mog" -> new GaussianMixturePrior.Spec(spec.expect(1, "mog:K").integer(0, 1, "mog:K"));
      case "vamp" -> new VampPrior.Spec(spec.expect(1, "vamp:K").integer(0, 1, "vamp:K"));
      case "flow" -> {
        String form = "flow:STEPS[:WIDTH]";
        int steps = spec.expect(1, 2, form).integer(0, 1, form);
        yield new FlowPrior.Spec(steps, spec.integer(1, 1, form, WIDTH));
      }
      default -> throw spec.unknown(FORMS);
    };
  }
}
