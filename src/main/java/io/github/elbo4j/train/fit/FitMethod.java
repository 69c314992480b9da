package io.github.elbo4j.train.fit;

import io.github.elbo4j.train.ConfigException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * A method by name: {@code cavi}, {@code em}, {@code svi}, {@code advi}, {@code advi:full}, {@code
 * laplace}, {@code svgd[:PARTICLES]}, {@code boosting[:COMPONENTS]}, {@code map} or {@code svrg}.
 *
 * @param kind which
 * @param count particles or components, else 0
 */
public record FitMethod(Kind kind, int count) {
  private static final double NONE = Double.NaN;

  /** The methods there are, with what they do unless told otherwise. */
  public enum Kind {
    /** {@link io.github.elbo4j.vi.fit.Mixtures#cavi}. */
    CAVI("cavi", 1000, 1e-10, NONE, 0, 0),
    /** {@link io.github.elbo4j.vi.fit.Mixtures#em}. */
    EM("em", 1000, 1e-10, NONE, 0, 0),
    /** {@link io.github.elbo4j.vi.fit.Mixtures#stochastic}. */
    SVI("svi", 1000, NONE, 1, 100, 0),
    /** {@link io.github.elbo4j.vi.fit.Advi}, mean-field. */
    ADVI("advi", 2000, NONE, 0.1, 0, 0),
    /** {@link io.github.elbo4j.vi.fit.Advi}, full-rank. */
    ADVI_FULL("advi:full", 2000, NONE, 0.1, 0, 0),
    /** {@link io.github.elbo4j.vi.fit.Laplace}. */
    LAPLACE("laplace", 100, 1e-9, NONE, 0, 0),
    /** {@link io.github.elbo4j.vi.fit.Svgd}. */
    SVGD("svgd", 500, NONE, 0.3, 0, 50),
    /** {@link io.github.elbo4j.vi.fit.Boosting}. */
    BOOSTING("boosting", 500, NONE, 0.1, 0, 4),
    /** {@link io.github.elbo4j.vi.fit.Newton}. */
    MAP("map", 100, 1e-9, NONE, 0, 0),
    /** {@link io.github.elbo4j.vi.fit.Svrg}. */
    SVRG("svrg", 500, 1e-9, 0.1, 0, 0);

    private final String text;
    private final int iterations;
    private final double tolerance;
    private final double learningRate;
    private final int batch;
    private final int count;

    Kind(String text, int iterations, double tolerance, double learningRate, int batch, int count) {
      this.text = text;
      this.iterations = iterations;
      this.tolerance = tolerance;
      this.learningRate = learningRate;
      this.batch = batch;
      this.count = count;
    }

    int iterations() {
      return iterations;
    }

    /** NaN where it runs for all its iterations. */
    double tolerance() {
      return tolerance;
    }

    /** NaN where there is none. */
    double learningRate() {
      return learningRate;
    }

    /** 0 where it looks at all data. */
    int batch() {
      return batch;
    }

    /** As on the command line. */
    String text() {
      return text;
    }
  }

  /**
   * Reads a name.
   *
   * @throws ConfigException naming what is possible
   */
  public static FitMethod parse(String text) {
    for (Kind kind : Kind.values()) {
      if (text.equals(kind.text)) {
        return new FitMethod(kind, kind.count);
      }
      String number =
          text.startsWith(kind.text + ":") ? text.substring(kind.text.length() + 1) : "";
      int least = kind == Kind.SVGD ? 2 : 1;
      if (kind.count > 0 && number.matches("[0-9]{1,5}") && Integer.parseInt(number) >= least) {
        return new FitMethod(kind, Integer.parseInt(number));
      }
    }
    throw new ConfigException(
        "--method \"%s\" must be one of %s; svgd:PARTICLES (at least 2) and boosting:COMPONENTS say how many"
            .formatted(
                text,
                Arrays.stream(Kind.values()).map(Kind::text).collect(Collectors.joining(", "))));
  }

  /**
   * Refuses a method that makes no sense for a model.
   *
   * @throws ConfigException saying why, and what fits
   */
  public void requireFits(FitModel model) {
    String why =
        switch (kind) {
          case CAVI, EM, SVI -> noAssignments(model);
          case SVRG -> noConcaveSum(model);
          default -> "";
        };
    if (!why.isEmpty()) {
      throw new ConfigException("--method " + this + " does not fit --model " + model + ": " + why);
    }
  }

  private static String noAssignments(FitModel model) {
    String why = "it alternates between latent assignments of the data points and parameters, and ";
    return switch (model.kind()) {
      case GMM -> "";
      case LINEAR ->
          why
              + "linear regression has no assignments: its posterior is one Gaussian; laplace and"
              + " advi:full give it exactly";
      case LOGISTIC ->
          why
              + "logistic regression has no assignments, nor is its likelihood conjugate to a"
              + " prior; use advi, advi:full, laplace, svgd or boosting";
      case GP ->
          why
              + "a Gaussian process has no assignments: its function is integrated out and its"
              + " hyper-parameters enter nonlinearly; use map, laplace, advi or advi:full";
    };
  }

  private static String noConcaveSum(FitModel model) {
    return switch (model.kind()) {
      case GMM ->
          "svrg needs a concave sum over data points, and a mixture has a mode for each order of"
              + " its components; use em, or map";
      case GP ->
          "svrg needs a sum over data points, and the evidence of a Gaussian process couples all of"
              + " them; use map";
      case LINEAR, LOGISTIC -> "";
    };
  }

  @Override
  public String toString() {
    return kind.count > 0 ? kind.text + ":" + count : kind.text;
  }
}
