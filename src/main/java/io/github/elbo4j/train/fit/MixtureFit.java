package io.github.elbo4j.train.fit;

import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.vi.fit.Draws;
import io.github.elbo4j.vi.fit.GaussianMixture;
import io.github.elbo4j.vi.fit.MixtureMeans;
import io.github.elbo4j.vi.fit.Mixtures;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Methods that are made for the mixture; the others see a model of its means. */
final class MixtureFit {
  /** Robbins and Monro's conditions hold for these; Hoffman et al. 2013 recommend their like. */
  private static final double DELAY = 10;

  private static final double FORGETTING = 0.75;

  private final GaussianMixture model;
  private final List<String> names;
  private final FitMethod method;
  private final FitSettings settings;

  MixtureFit(GaussianMixture model, List<String> names, FitMethod method, FitSettings settings) {
    this.model = model;
    this.names = names;
    this.method = method;
    this.settings = settings;
  }

  FitResult run(Map<String, Double> numbers) {
    double[] start = model.start(new Draws(settings.seed(), GenericFit.START_STREAM));
    int iterations = settings.iterations(method);
    double tolerance = settings.tolerance(method);
    return switch (method.kind()) {
      case CAVI -> posterior(Mixtures.cavi(model, start, iterations, tolerance), numbers, true);
      case SVI -> posterior(stochastic(start, iterations), numbers, false);
      case EM -> point(Mixtures.em(model, start, iterations, tolerance), numbers);
      default ->
          new GenericFit(new MixtureMeans(model), names, start, method, settings)
              .run(numbers, null);
    };
  }

  private Mixtures.Fit stochastic(double[] start, int steps) {
    int batch = settings.batch(method);
    double rate = settings.learningRate(method);
    Mixtures.Walk walk = new Mixtures.Walk(steps, batch, rate, DELAY, FORGETTING);
    return Mixtures.stochastic(
        model, start, walk, new Draws(settings.seed(), GenericFit.FIT_STREAM));
  }

  private FitResult posterior(Mixtures.Fit fit, Map<String, Double> numbers, boolean stops) {
    double[] sd = new double[names.size()];
    for (int i = 0; i < sd.length; i++) {
      sd[i] = Math.sqrt(fit.q().spreads()[i / model.dimension()]);
    }
    @Nullable Boolean converged = stops ? fit.converged() : null;
    return new FitResult(
        parameters(fit.q().means(), sd),
        Map.of("elbo", fit.elbo()),
        numbers,
        fit.iterations(),
        converged,
        fit.trace(),
        new JsonLine()
            .put("family", "independent Gaussian means and categorical assignments")
            .put("expectedShares", shares(fit.q().assignments())));
  }

  /** The share of the data that each component explains. */
  private double[] shares(double[] phi) {
    double[] shares = new double[model.components()];
    for (int i = 0; i < phi.length; i++) {
      shares[i % shares.length] += phi[i] / model.rows();
    }
    return shares;
  }

  private FitResult point(Mixtures.Point fit, Map<String, Double> numbers) {
    double[] none = new double[names.size()];
    Arrays.fill(none, Double.NaN);
    return new FitResult(
        parameters(fit.means(), none),
        Map.of("logLikelihood", fit.logLikelihood()),
        numbers,
        fit.iterations(),
        fit.converged(),
        fit.trace(),
        new JsonLine().put("family", "point"));
  }

  private List<FitResult.Parameter> parameters(double[] mean, double[] sd) {
    return IntStream.range(0, names.size())
        .mapToObj(
            i -> new FitResult.Parameter(names.get(i), mean[i], sd[i], Double.NaN, Double.NaN))
        .toList();
  }
}
