package io.github.elbo4j.train.fit;

import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.vi.fit.Advi;
import io.github.elbo4j.vi.fit.Boosting;
import io.github.elbo4j.vi.fit.Density;
import io.github.elbo4j.vi.fit.Draws;
import io.github.elbo4j.vi.fit.FiniteSum;
import io.github.elbo4j.vi.fit.GaussianDensity;
import io.github.elbo4j.vi.fit.GaussianProcess;
import io.github.elbo4j.vi.fit.Laplace;
import io.github.elbo4j.vi.fit.LinearRegression;
import io.github.elbo4j.vi.fit.LogJoint;
import io.github.elbo4j.vi.fit.MixtureDensity;
import io.github.elbo4j.vi.fit.Newton;
import io.github.elbo4j.vi.fit.Particles;
import io.github.elbo4j.vi.fit.Svgd;
import io.github.elbo4j.vi.fit.Svrg;
import io.github.elbo4j.vi.fit.Trace;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Methods that need a log joint and its gradient, and no more. */
final class GenericFit {
  static final int START_STREAM = 1;
  static final int FIT_STREAM = 2;
  private static final int ELBO_STREAM = 3;

  private static final int DRAWS_A_STEP = 10;
  private static final int SEARCH_DRAWS = 1000;

  /** How far the climb to a mode goes from which sampling methods start. */
  private static final int CLIMB = 100;

  private final LogJoint model;
  private final List<String> names;
  private final double[] start;
  private final FitMethod method;
  private final FitSettings settings;
  private final Draws draws;
  private final Map<String, Double> scores = new LinkedHashMap<>();
  private @Nullable GaussianDensity exact;

  GenericFit(
      LogJoint model, List<String> names, double[] start, FitMethod method, FitSettings settings) {
    this.model = model;
    this.names = names;
    this.start = start;
    this.method = method;
    this.settings = settings;
    draws = new Draws(settings.seed(), FIT_STREAM);
  }

  /**
   * Fits.
   *
   * @param numbers what the result says of the settings
   * @param linear the model where its posterior is known
   */
  FitResult run(Map<String, Double> numbers, @Nullable LinearRegression linear) {
    if (linear != null) {
      exact = linear.posterior();
    }
    FitResult result =
        switch (method.kind()) {
          case LAPLACE -> laplace(numbers);
          case MAP -> map(numbers);
          case SVRG -> svrg(numbers);
          case ADVI -> advi(Advi.Family.MEAN_FIELD, numbers);
          case ADVI_FULL -> advi(Advi.Family.FULL_RANK, numbers);
          case SVGD -> svgd(numbers);
          case BOOSTING -> boosting(numbers);
          case CAVI, EM, SVI -> throw new IllegalArgumentException(method + " is for mixtures");
        };
    if (linear != null) {
      scores.put("logEvidence", linear.logEvidence());
    }
    return result;
  }

  private FitResult laplace(Map<String, Double> numbers) {
    int iterations = settings.iterations(method);
    Laplace fit = Laplace.fit(model, start, iterations, settings.tolerance(method));
    score(fit.q());
    scores.put("laplaceLogEvidence", fit.logEvidence());
    Newton.Mode mode = fit.mode();
    scores.put("logJoint", mode.logJoint());
    return result(
        numbers,
        fit.q().mean(),
        fit.q().sd(),
        mode.iterations(),
        mode.converged(),
        mode.trace(),
        gaussian(fit.q()));
  }

  private FitResult map(Map<String, Double> numbers) {
    Newton.Mode mode =
        Newton.climb(model, start, settings.iterations(method), settings.tolerance(method));
    return point(numbers, mode.theta(), mode.iterations(), mode.converged(), mode.trace());
  }

  private FitResult svrg(Map<String, Double> numbers) {
    Svrg.Fit fit =
        Svrg.fit(
            (FiniteSum) model,
            start,
            settings.iterations(method),
            settings.learningRate(method),
            settings.tolerance(method),
            draws);
    return point(numbers, fit.theta(), fit.epochs(), fit.converged(), fit.trace());
  }

  private FitResult point(
      Map<String, Double> numbers, double[] theta, int iterations, boolean converged, Trace trace) {
    double[] none = new double[theta.length];
    Arrays.fill(none, Double.NaN);
    scores.put("logJoint", model.value(theta));
    JsonLine point = new JsonLine().put("family", "point");
    return result(numbers, theta, none, iterations, converged, trace, point);
  }

  /** Where sampling methods start: the mode, and what the curvature there says of the scales. */
  private record Start(double[] mode, double[] scale) {}

  private Start start() {
    Newton.Mode mode = Newton.climb(model, start, CLIMB, 1e-6);
    double[] scale = new double[start.length];
    for (int i = 0; i < scale.length; i++) {
      double curvature = mode.precision()[i * scale.length + i];
      scale[i] = curvature > 0 ? 1 / Math.sqrt(curvature) : 1;
    }
    return new Start(mode.theta(), scale);
  }

  private Advi.Settings steps() {
    return new Advi.Settings(
        settings.iterations(method), DRAWS_A_STEP, settings.learningRate(method));
  }

  private FitResult advi(Advi.Family family, Map<String, Double> numbers) {
    Start from = start();
    Advi.Fit fit = Advi.fit(model, family, from.mode(), from.scale(), steps(), draws);
    score(fit.q());
    int steps = settings.iterations(method);
    return result(
        numbers, fit.q().mean(), fit.q().sd(), steps, null, fit.trace(), gaussian(fit.q()));
  }

  private FitResult svgd(Map<String, Double> numbers) {
    Start from = start();
    int steps = settings.iterations(method);
    Svgd.Fit fit =
        Svgd.fit(
            model,
            from.mode(),
            from.scale(),
            method.count(),
            steps,
            settings.learningRate(method),
            draws);
    scores.put("steinDiscrepancy", fit.trace().last());
    Particles q = fit.q();
    JsonLine json =
        new JsonLine().put("family", "particles").put("particles", rows(q.theta(), q.dimension()));
    return result(numbers, q.mean(), q.sd(), steps, null, fit.trace(), json);
  }

  private FitResult boosting(Map<String, Double> numbers) {
    Start from = start();
    Boosting.Fit fit =
        Boosting.fit(
            model, from.mode(), from.scale(), method.count(), steps(), SEARCH_DRAWS, draws);
    MixtureDensity q = fit.q();
    score(q);
    int c = q.components();
    JsonLine json =
        new JsonLine()
            .put("family", "mixture of diagonal Gaussians")
            .put("weights", IntStream.range(0, c).mapToDouble(q::weight).toArray())
            .put("means", IntStream.range(0, c).mapToObj(q::mean).toArray(double[][]::new))
            .put("sds", IntStream.range(0, c).mapToObj(q::sd).toArray(double[][]::new));
    int steps = settings.iterations(method);
    return result(numbers, q.mean(), q.sd(), steps, null, fit.trace(), json);
  }

  /** The ELBO of what was found, on draws of its own: fewer where one costs a matrix. */
  private void score(Density q) {
    int samples = model instanceof GaussianProcess ? 200 : 2000;
    Density.Estimate elbo = q.elbo(model, samples, new Draws(settings.seed(), ELBO_STREAM));
    scores.put("elbo", elbo.value());
    scores.put("elboStandardError", elbo.standardError());
  }

  private static JsonLine gaussian(GaussianDensity q) {
    return new JsonLine()
        .put("family", "gaussian")
        .put("covariance", rows(q.covariance(), q.dimension()));
  }

  private static double[][] rows(double[] a, int columns) {
    return IntStream.range(0, a.length / columns)
        .mapToObj(i -> Arrays.copyOfRange(a, i * columns, (i + 1) * columns))
        .toArray(double[][]::new);
  }

  private FitResult result(
      Map<String, Double> numbers,
      double[] mean,
      double[] sd,
      int iterations,
      @Nullable Boolean converged,
      Trace trace,
      JsonLine approximation) {
    double[] none = new double[mean.length];
    Arrays.fill(none, Double.NaN);
    double[] exactMean = exact == null ? none : exact.mean();
    double[] exactSd = exact == null ? none : exact.sd();
    List<FitResult.Parameter> parameters =
        IntStream.range(0, mean.length)
            .mapToObj(
                i ->
                    new FitResult.Parameter(names.get(i), mean[i], sd[i], exactMean[i], exactSd[i]))
            .toList();
    return new FitResult(parameters, scores, numbers, iterations, converged, trace, approximation);
  }
}
