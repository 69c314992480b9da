package io.github.elbo4j.vi.objective;

import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.SpecText;
import java.util.List;

/**
 * Estimators that do without a path through exact samples, by name.
 *
 * @param what the objective as it was written
 * @param how the estimator as it was written
 */
record Estimators(SpecText what, SpecText how, Annealing annealing, double freeBits) {
  private static final String SCORE =
      "score, score:none, score:constant, score:learned, score:loo:SAMPLES or"
          + " score:optimal:SAMPLES";

  /** Samples of a data point where none are named. */
  private static final int SAMPLES = 4;

  /** Of relaxations: what Maddison et al. (2017) found to work. */
  private static final double TAU = 2 / 3.0;

  static final List<String> NAMES =
      List.of("gumbel", "st-gumbel", "score", "vimco", "rebar", "relax");

  ObjectiveSpec parse() {
    return switch (how.name()) {
      case "gumbel" -> new RelaxedElbo.Spec(exact(), tau(1, "gumbel[:TAU]"), false);
      case "st-gumbel" -> new RelaxedElbo.Spec(exact(), tau(1, "st-gumbel[:TAU]"), true);
      case "rebar" -> controlled("rebar[:TAU[:ETA]]", false);
      case "relax" -> controlled("relax[:TAU[:ETA]]", true);
      case "vimco" -> vimco();
      default -> score();
    };
  }

  /** The ELBO whose gradient is estimated. */
  private Elbo elbo() {
    return switch (what.name()) {
      case "elbo" -> {
        what.expect(0, 1, "elbo, elbo:analytic or elbo:mc");
        Elbo.Form form = what.arguments().isEmpty() ? Elbo.Form.ANY : Elbo.form(what, 0);
        yield new Elbo(1, annealing, freeBits, form);
      }
      case "beta" -> {
        what.expect(1, "beta:WEIGHT");
        yield new Elbo(what.number(0, 0, "beta:WEIGHT"), annealing, freeBits, Elbo.Form.ANY);
      }
      default ->
          throw how.refusal(
              "estimates the gradient of objective elbo or beta:WEIGHT, not of %s%s"
                  .formatted(what.name(), what.name().equals("iwae") ? ": use vimco" : ""));
    };
  }

  /** The same with the KL in closed form. */
  private Elbo exact() {
    Elbo elbo = elbo();
    if (elbo.form() == Elbo.Form.MONTE_CARLO) {
      throw how.refusal(
          "takes the KL of discrete latents in closed form: use objective elbo or elbo:analytic");
    }
    return elbo;
  }

  private double tau(int most, String form) {
    how.expect(0, most, form);
    double tau = how.number(0, 0, form, TAU);
    if (tau < 1e-3 || tau > 1e3) {
      throw how.refusal("must have a temperature TAU between 0.001 and 1000 in " + form);
    }
    return tau;
  }

  private ObjectiveSpec controlled(String form, boolean network) {
    double tau = tau(2, form);
    return new ControlledElbo.Spec(exact(), tau, how.number(1, 0, form, 1), network);
  }

  private ObjectiveSpec vimco() {
    how.expect(0, "vimco");
    if (!what.name().equals("iwae")) {
      throw how.refusal(
          "is for the weights of several samples, objective iwae:SAMPLES; objective %s has none: use score"
              .formatted(what.name()));
    }
    if (annealing.changes() || freeBits > 0) {
      throw what.refusal("has no KL of its own whose weight a warmup or free-bits could change");
    }
    String form = "iwae:SAMPLES";
    int samples = what.expect(1, form).integer(0, 1, form);
    if (samples < 2) {
      throw how.refusal("compares each sample with the others: use iwae:2 or more");
    }
    return new VimcoBound(samples);
  }

  private ObjectiveSpec score() {
    how.expect(0, 2, SCORE);
    String name = how.arguments().isEmpty() ? "loo" : how.arguments().getFirst();
    ScoreElbo.Baseline baseline =
        switch (name) {
          case "none" -> ScoreElbo.Baseline.NONE;
          case "constant" -> ScoreElbo.Baseline.CONSTANT;
          case "learned" -> ScoreElbo.Baseline.LEARNED;
          case "loo" -> ScoreElbo.Baseline.LEAVE_ONE_OUT;
          case "optimal" -> ScoreElbo.Baseline.OPTIMAL;
          default -> throw how.refusal("must be of the form " + SCORE);
        };
    boolean several =
        baseline == ScoreElbo.Baseline.LEAVE_ONE_OUT || baseline == ScoreElbo.Baseline.OPTIMAL;
    if (!several) {
      how.expect(0, 1, SCORE);
    }
    Elbo elbo = elbo();
    if (baseline == ScoreElbo.Baseline.OPTIMAL && elbo.form() == Elbo.Form.MONTE_CARLO) {
      throw how.refusal(
          "scales a control variate whose mean is the KL in closed form: not elbo:mc");
    }
    return new ScoreElbo.Spec(elbo, baseline, several ? how.integer(1, 2, SCORE, SAMPLES) : 1);
  }
}
