package io.github.elbo4j.vi.objective;

import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.SpecText;
import java.util.List;

/** Objectives and the estimators of their gradients, by name. */
public final class Objectives {
  /** Every form of an objective. */
  public static final List<String> FORMS =
      List.of(
          "elbo",
          "elbo:analytic",
          "elbo:mc",
          "beta:WEIGHT",
          "capacity:WEIGHT:NATS",
          "iwae:SAMPLES",
          "renyi:ALPHA:SAMPLES",
          "vrmax:SAMPLES",
          "chi:ORDER:SAMPLES",
          "tcvae:WEIGHT[:weighted]",
          "factor:WEIGHT",
          "dip:WEIGHT[:DIAGONAL]",
          "mmd:WEIGHT[:wae]");

  /** Every estimator. */
  public static final List<String> ESTIMATORS = List.of("pathwise", "stl", "dreg");

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
    return new Parser(
            SpecText.of("objective", objective),
            SpecText.of("estimator", estimator),
            annealing,
            freeBits)
        .parse();
  }

  /** What an objective is made of, as it was written. */
  private record Parser(SpecText what, SpecText how, Annealing annealing, double freeBits) {
    ObjectiveSpec parse() {
      if (!ESTIMATORS.contains(how.name()) || !how.arguments().isEmpty()) {
        throw how.unknown(ESTIMATORS);
      }
      return switch (what.name()) {
        case "elbo" -> {
          what.expect(0, 1, "elbo, elbo:analytic or elbo:mc");
          yield elbo(1, what.arguments().isEmpty() ? Elbo.Form.ANY : Elbo.form(what, 0));
        }
        case "beta" -> {
          what.expect(1, "beta:WEIGHT");
          yield elbo(what.number(0, 0, "beta:WEIGHT"), Elbo.Form.ANY);
        }
        case "capacity" -> capacity("capacity:WEIGHT:NATS");
        case "iwae" -> {
          what.expect(1, "iwae:SAMPLES");
          yield bound("IWAE", 0, 0, "iwae:SAMPLES");
        }
        case "renyi" -> {
          String form = "renyi:ALPHA:SAMPLES";
          what.expect(2, form);
          yield bound("Rényi", what.number(0, Double.NEGATIVE_INFINITY, form), 1, form);
        }
        case "vrmax" -> vrMax("vrmax:SAMPLES");
        case "chi" -> chi("chi:ORDER:SAMPLES");
        case "tcvae" -> totalCorrelation("tcvae:WEIGHT or tcvae:WEIGHT:weighted");
        case "factor" -> {
          what.expect(1, "factor:WEIGHT");
          yield new FactorPenalty.Spec(penalised(1), what.number(0, 0, "factor:WEIGHT"));
        }
        case "dip" -> {
          String form = "dip:WEIGHT or dip:WEIGHT:DIAGONAL";
          what.expect(1, 2, form);
          double off = what.number(0, 0, form);
          yield new DipPenalty.Spec(penalised(1), off, what.number(1, 0, form, 10 * off));
        }
        case "mmd" -> discrepancy("mmd:WEIGHT or mmd:WEIGHT:wae");
        default -> throw what.unknown(FORMS);
      };
    }

    /** The ELBO by the estimator that was asked for. */
    private Elbo elbo(double beta, Elbo.Form form) {
      Elbo.Form estimated =
          switch (how.name()) {
            case "pathwise" -> form;
            case "stl" -> {
              if (form == Elbo.Form.ANALYTIC) {
                throw how.refusal(
                    "drops a term of the sampled KL's gradient; with the analytic KL there is"
                        + " none");
              }
              yield Elbo.Form.STICKING_THE_LANDING;
            }
            default ->
                throw how.refusal(
                    "is for the weights of several samples (iwae, renyi); objective %s has one sample: use stl"
                        .formatted(what.name()));
          };
      return new Elbo(beta, annealing, freeBits, estimated);
    }

    /** The same where a penalty is added. */
    private Elbo penalised(double beta) {
      return elbo(beta, Elbo.Form.ANY);
    }

    private ObjectiveSpec capacity(String form) {
      what.expect(2, form);
      if (!how.name().equals("pathwise")) {
        throw how.refusal(
            "needs a weight of the KL that does not depend on the sample; that of objective"
                + " capacity changes its sign with it: use pathwise");
      }
      if (freeBits > 0) {
        throw what.refusal(
            "pulls the KL to its capacity, which leaves nothing for free-bits to spare");
      }
      return new Capacity.Spec(what.number(0, 0, form), what.number(1, 0, form), annealing);
    }

    private ObjectiveSpec bound(String name, double alpha, int samples, String form) {
      return new ImportanceBound(what.name(), alpha, weights(name, samples, form));
    }

    private ObjectiveSpec vrMax(String form) {
      what.expect(1, form);
      if (how.name().equals("dreg")) {
        throw how.refusal(
            "differentiates the weights of the samples, and with objective vrmax they jump from 0"
                + " to 1: biased, use pathwise");
      }
      return bound("VR-max", Double.NEGATIVE_INFINITY, 0, form);
    }

    private ObjectiveSpec chi(String form) {
      what.expect(2, form);
      double order = what.number(0, 0, form);
      if (order <= 1) {
        throw what.refusal(
            "must have an ORDER above 1 in " + form + ": at 1 the bound is log p(x)");
      }
      if (!how.name().equals("pathwise")) {
        throw how.refusal(
            "goes through the samples, which objective chi holds: its gradient is that of log q"
                + " alone, leave it at pathwise");
      }
      unscheduled();
      return new ChiBound(order, what.integer(1, 1, form));
    }

    private LogWeights weights(String bound, int samples, String form) {
      if (how.name().equals("stl")) {
        throw new IllegalArgumentException(
            "sticking-the-landing with the %s bound: biased, use %s"
                .formatted(bound, what.name().equals("vrmax") ? "pathwise" : "dreg"));
      }
      unscheduled();
      return new LogWeights(what.integer(samples, 1, form), how.name().equals("dreg"));
    }

    /** Refuses what weighs a KL where there is none. */
    private void unscheduled() {
      if (annealing.changes()) {
        throw what.refusal("has no KL of its own whose weight a warmup could change");
      }
      if (freeBits > 0) {
        throw what.refusal("has no KL of its own of which free-bits could spare some");
      }
    }

    private ObjectiveSpec totalCorrelation(String form) {
      what.expect(1, 2, form);
      boolean weighted = what.arguments().size() == 2;
      if (weighted && !what.arguments().get(1).equals("weighted")) {
        throw what.refusal("must be of the form " + form);
      }
      Weighting weighting = weighted ? Weighting.WEIGHTED : Weighting.STRATIFIED;
      return new TotalCorrelation.Spec(penalised(1), what.number(0, 0, form), weighting);
    }

    private ObjectiveSpec discrepancy(String form) {
      what.expect(1, 2, form);
      boolean wae = what.arguments().size() == 2;
      if (wae && !what.arguments().get(1).equals("wae")) {
        throw what.refusal("must be of the form " + form);
      }
      if (wae) {
        unscheduled();
      }
      return new DiscrepancyPenalty.Spec(penalised(wae ? 0 : 1), what.number(0, 0, form), wae);
    }
  }
}
