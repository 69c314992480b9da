package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.SpecText;
import io.github.elbo4j.vi.flow.AutoregressiveFlow;
import io.github.elbo4j.vi.flow.CouplingFlow;
import io.github.elbo4j.vi.flow.FlowSpec;
import io.github.elbo4j.vi.flow.HouseholderFlow;
import io.github.elbo4j.vi.flow.PlanarFlow;
import io.github.elbo4j.vi.flow.RadialFlow;
import io.github.elbo4j.vi.flow.SylvesterFlow;
import java.util.ArrayList;
import java.util.List;

/** Posteriors by name. */
public final class Posteriors {
  /** Every form and what it is, a line each as {@code --help} shows them. */
  public static final String HELP =
      "diagonal (default): Gaussian with independent dimensions%n"
          + "full: Gaussian with any covariance%n"
          + "planar:STEPS[:shared], radial:STEPS[:shared], householder:STEPS[:shared],"
          + " sylvester:STEPS[:shared]: flow whose steps are read off the encoder, or shared by all"
          + " data points%n"
          + "nice:STEPS[:WIDTH], realnvp:STEPS[:WIDTH], spline:STEPS[:WIDTH]: coupling flow with"
          + " networks of a hidden layer (default: 128)%n"
          + "iaf:STEPS[:WIDTH]: autoregressive flow, one pass of its networks a sample%n"
          + "maf:STEPS[:WIDTH]: the same inverted, a pass for each latent dimension%n"
          + "layers:WIDTH,WIDTH: two or more stochastic layers, inferred upwards%n"
          + "ladder:WIDTH,WIDTH: the same, inferred downwards beside what the model expects%n"
          + "hierarchical: Gaussian whose parameters are random, with an auxiliary model%n"
          + "vgp[:POINTS]: the same where a Gaussian process moves the parameters, given POINTS"
          + " learned points (default: 10)%n"
          + "concrete:NxC[:TAU]: N relaxed categorical variables of C categories at a temperature"
          + " (default: 2/3)%n"
          + "categorical:NxC, binary:N: N discrete variables, for the estimators gumbel, st-gumbel,"
          + " score, vimco, rebar and relax";

  private static final List<String> FORMS = SpecText.forms(HELP);

  /** Of the networks of a flow. */
  private static final int WIDTH = 128;

  /** Of the variational data of a Gaussian process. */
  private static final int POINTS = 10;

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
      case "full" -> {
        spec.expect(0, "full");
        yield latent == 1 // where the two are one
            ? new DiagonalGaussianPosterior.Spec(latent)
            : new FullCovariancePosterior.Spec(latent);
      }
      case "planar" ->
          new FlowPosterior.Spec(latent, new PlanarFlow.Spec(steps(spec), shared(spec)));
      case "radial" ->
          new FlowPosterior.Spec(latent, new RadialFlow.Spec(steps(spec), shared(spec)));
      case "householder" ->
          new FlowPosterior.Spec(latent, new HouseholderFlow.Spec(steps(spec), shared(spec)));
      case "sylvester" ->
          new FlowPosterior.Spec(latent, new SylvesterFlow.Spec(steps(spec), shared(spec)));
      case "nice" -> coupling(spec, latent, CouplingFlow.Kind.ADDITIVE);
      case "realnvp" -> coupling(spec, latent, CouplingFlow.Kind.AFFINE);
      case "spline" -> coupling(spec, latent, CouplingFlow.Kind.SPLINE);
      case "iaf", "maf" -> {
        int steps = steps(spec);
        FlowSpec flow = new AutoregressiveFlow.Spec(steps, width(spec), spec.name().equals("maf"));
        yield new FlowPosterior.Spec(latent, flow);
      }
      case "layers" -> new LayeredPosterior.Spec(widths(spec));
      case "ladder" -> new LadderPosterior.Spec(widths(spec));
      case "hierarchical" -> {
        spec.expect(0, "hierarchical");
        yield new HierarchicalPosterior.Spec(latent);
      }
      case "concrete" -> {
        int[] sizes = variables(spec.expect(1, 2, form(spec)));
        yield new ConcretePosterior.Spec(sizes[0], sizes[1], temperature(spec));
      }
      case "categorical" -> {
        int[] sizes = variables(spec.expect(1, form(spec)));
        yield new DiscretePosterior.Spec(sizes[0], sizes[1], false);
      }
      case "binary" -> {
        int variables = spec.expect(1, "binary:N").integer(0, 1, "binary:N");
        yield new DiscretePosterior.Spec(variables, 2, true);
      }
      case "vgp" -> {
        String form = "vgp[:POINTS]";
        yield new ProcessPosterior.Spec(
            latent, spec.expect(0, 1, form).integer(0, 1, form, POINTS));
      }
      default -> throw spec.unknown(FORMS);
    };
  }

  private static List<Integer> widths(SpecText spec) {
    String form = form(spec);
    List<Integer> widths = new ArrayList<>();
    try {
      for (String width : spec.expect(1, form).arguments().getFirst().split(",", -1)) {
        widths.add(Integer.parseInt(width));
      }
    } catch (NumberFormatException e) {
      widths.clear(); // the message below names the form
    }
    if (widths.size() < 2 || widths.stream().anyMatch(w -> w < 1)) {
      throw spec.refusal(
          "must be of the form %s with two or more widths of at least 1".formatted(form));
    }
    return widths;
  }

  /** N and C of NxC. */
  private static int[] variables(SpecText spec) {
    String[] parts = spec.arguments().getFirst().split("x", -1);
    try {
      if (parts.length == 2) {
        int[] sizes = {Integer.parseInt(parts[0]), Integer.parseInt(parts[1])};
        if (sizes[0] >= 1 && sizes[1] >= 2 && (long) sizes[0] * sizes[1] <= Integer.MAX_VALUE) {
          return sizes;
        }
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the form.
    }
    throw spec.refusal(
        "must be of the form %s with at least 1 variable of at least 2 categories, 20x10 say, where \"%s\" stands"
            .formatted(form(spec), spec.arguments().getFirst()));
  }

  private static float temperature(SpecText spec) {
    double tau = spec.number(1, 0, form(spec), ConcretePosterior.TAU);
    if (tau < 1e-3 || tau > 1e3) {
      throw spec.refusal("must have a temperature between 0.001 and 1000");
    }
    return (float) tau;
  }

  private static PosteriorSpec coupling(SpecText spec, int latent, CouplingFlow.Kind kind) {
    int steps = steps(spec);
    return new FlowPosterior.Spec(latent, new CouplingFlow.Spec(kind, steps, width(spec)));
  }

  private static int steps(SpecText spec) {
    String form = form(spec);
    return spec.expect(1, 2, form).integer(0, 1, form);
  }

  private static int width(SpecText spec) {
    return spec.integer(1, 1, form(spec), WIDTH);
  }

  private static boolean shared(SpecText spec) {
    if (spec.arguments().size() < 2) {
      return false;
    }
    if (!spec.arguments().get(1).equals("shared")) {
      throw spec.refusal("must be of the form " + form(spec));
    }
    return true;
  }

  /** The form that begins with the name. */
  private static String form(SpecText spec) {
    return FORMS.stream().filter(f -> f.startsWith(spec.name() + ":")).findFirst().orElseThrow();
  }
}
