package io.github.elbo4j.train.fit;

import io.github.elbo4j.data.DataException;
import io.github.elbo4j.vi.fit.GaussianMixture;
import io.github.elbo4j.vi.fit.GaussianProcess;
import io.github.elbo4j.vi.fit.LinearRegression;
import io.github.elbo4j.vi.fit.LogJoint;
import io.github.elbo4j.vi.fit.LogisticRegression;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Brings model, method and data together. */
public final class Fits {
  /** A matrix of this order is 32 MB, and its factor costs a second. */
  private static final int MOST_PROCESS_ROWS = 2000;

  private Fits() {}

  /**
   * Fits {@code model} to {@code data}; the pair and the settings have been checked.
   *
   * @throws DataException the data cannot be used with the model
   * @throws ArithmeticException the fit failed, with what to do
   */
  public static FitResult run(FitModel model, FitMethod method, FitData data, FitSettings settings)
      throws DataException {
    double prior = settings.priorVariance(model);
    return switch (model.kind()) {
      case GMM -> mixture(model, method, data, settings, prior);
      case LINEAR -> {
        LinearRegression linear = linear(data, settings, prior);
        yield new GenericFit(
                linear, names(data), new double[data.features().size() + 1], method, settings)
            .run(numbers(prior, linear.noiseVariance()), linear);
      }
      case LOGISTIC -> {
        LogisticRegression logistic = new LogisticRegression(design(data), data.y(), prior);
        yield generic(logistic, names(data), method, settings, prior);
      }
      case GP -> {
        requireSmall(data);
        requireCentred(data);
        GaussianProcess process = new GaussianProcess(data.x(), data.y(), prior);
        yield generic(process, processNames(data), method, settings, prior);
      }
    };
  }

  private static FitResult generic(
      LogJoint model, List<String> names, FitMethod method, FitSettings settings, double prior) {
    double[] start = new double[names.size()];
    return new GenericFit(model, names, start, method, settings)
        .run(numbers(prior, Double.NaN), null);
  }

  private static FitResult mixture(
      FitModel model, FitMethod method, FitData data, FitSettings settings, double prior)
      throws DataException {
    if (model.components() > data.rows()) {
      throw new DataException(
          "%s: %d rows are fewer than the %d components of the mixture"
              .formatted(data.description(), data.rows(), model.components()));
    }
    double variance = settings.noiseVariance() == null ? 1 : settings.noiseVariance();
    int columns = data.features().size();
    GaussianMixture mixture =
        new GaussianMixture(data.x(), columns, model.components(), variance, prior);
    return new MixtureFit(mixture, mixtureNames(model, data), method, settings)
        .run(numbers(prior, variance));
  }

  /** With the noise that was asked for, the one that is known, or the likeliest. */
  private static LinearRegression linear(FitData data, FitSettings settings, double prior) {
    double[] x = design(data);
    Double asked = settings.noiseVariance();
    double noise = asked == null ? data.noiseVariance() : asked;
    return Double.isNaN(noise)
        ? LinearRegression.withLikeliestNoise(x, data.y(), prior, 10_000, 1e-10)
        : new LinearRegression(x, data.y(), noise, prior);
  }

  private static Map<String, Double> numbers(double prior, double noise) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("priorVariance", prior);
    if (!Double.isNaN(noise)) {
      numbers.put("noiseVariance", noise);
    }
    return numbers;
  }

  private static void requireSmall(FitData data) throws DataException {
    if (data.rows() > MOST_PROCESS_ROWS) {
      throw new DataException(
          "%s: %d rows are more than the %d of a Gaussian process, whose cost grows with their cube"
              .formatted(data.description(), data.rows(), MOST_PROCESS_ROWS));
    }
  }

  /** The process has mean 0: a target far from it would be explained by a huge signal. */
  private static void requireCentred(FitData data) throws DataException {
    double mean = 0;
    double squares = 0;
    for (double y : data.y()) {
      mean += y / data.rows();
      squares += y * y / data.rows();
    }
    double deviation = Math.sqrt(Math.max(0, squares - mean * mean));
    if (Math.abs(mean) > 3 * deviation) {
      throw new DataException(
          "%s: the target has mean %.3g and standard deviation %.3g, and a Gaussian process has mean 0: use --standardise"
              .formatted(data.description(), mean, deviation));
    }
  }

  /** The features after a column of ones. */
  private static double[] design(FitData data) {
    int c = data.features().size();
    double[] design = new double[data.rows() * (c + 1)];
    for (int i = 0; i < data.rows(); i++) {
      design[i * (c + 1)] = 1;
      System.arraycopy(data.x(), i * c, design, i * (c + 1) + 1, c);
    }
    return design;
  }

  private static List<String> names(FitData data) {
    List<String> names = new ArrayList<>(List.of("intercept"));
    names.addAll(data.features());
    return names;
  }

  private static List<String> processNames(FitData data) {
    List<String> names = new ArrayList<>(List.of("log signal sd"));
    data.features().forEach(f -> names.add("log length scale of " + f));
    names.add("log noise sd");
    return names;
  }

  private static List<String> mixtureNames(FitModel model, FitData data) {
    return IntStream.range(0, model.components() * data.features().size())
        .mapToObj(
            i ->
                "mu["
                    + (i / data.features().size() + 1)
                    + "]."
                    + data.features().get(i % data.features().size()))
        .toList();
  }
}
