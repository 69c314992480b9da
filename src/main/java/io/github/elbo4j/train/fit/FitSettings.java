package io.github.elbo4j.train.fit;

import io.github.elbo4j.train.ConfigException;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Numbers of a fit; what is null is chosen by method, model or data.
 *
 * @param iterations most iterations, or steps
 * @param tolerance when to stop
 * @param learningRate size of stochastic steps
 * @param batch data points of a minibatch
 * @param priorVariance of the parameters
 * @param noiseVariance of an observation
 * @param seed of everything random
 */
public record FitSettings(
    @Nullable Integer iterations,
    @Nullable Double tolerance,
    @Nullable Double learningRate,
    @Nullable Integer batch,
    @Nullable Double priorVariance,
    @Nullable Double noiseVariance,
    long seed) {

  /**
   * Refuses what is out of range, or of no use to the method or the model.
   *
   * @throws ConfigException naming the flag, what came and what was wanted
   */
  public void check(FitModel model, FitMethod method) {
    FitMethod.Kind kind = method.kind();
    if (iterations != null) {
      require(iterations >= 1, "--iterations " + iterations + " must be at least 1");
    }
    if (tolerance != null) {
      require(
          !Double.isNaN(kind.tolerance()),
          "--tolerance is for %s; %s takes all its --iterations"
              .formatted(others(k -> !Double.isNaN(k.tolerance())), method));
      require(tolerance >= 0, "--tolerance " + tolerance + " must be at least 0");
    }
    if (learningRate != null) {
      require(
          !Double.isNaN(kind.learningRate()),
          "--learning-rate is for %s; %s finds its steps itself"
              .formatted(others(k -> !Double.isNaN(k.learningRate())), method));
      positive("--learning-rate", learningRate);
    }
    if (batch != null) {
      require(
          kind.batch() > 0,
          "--batch is for %s; %s looks at all data".formatted(others(k -> k.batch() > 0), method));
      require(batch >= 1, "--batch " + batch + " must be at least 1");
    }
    if (priorVariance != null) {
      positive("--prior-variance", priorVariance);
    }
    if (noiseVariance != null) {
      require(
          model.kind() == FitModel.Kind.GMM || model.kind() == FitModel.Kind.LINEAR,
          "--noise-variance is for gmm and linear; "
              + (model.kind() == FitModel.Kind.GP ? "gp infers it" : "logistic has none"));
      positive("--noise-variance", noiseVariance);
    }
  }

  private static String others(Predicate<FitMethod.Kind> which) {
    return Arrays.stream(FitMethod.Kind.values())
        .filter(which)
        .map(FitMethod.Kind::text)
        .collect(Collectors.joining(", "));
  }

  private static void positive(String flag, double value) {
    require(value > 0 && value < Double.POSITIVE_INFINITY, flag + " " + value + " must be above 0");
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new ConfigException(message);
    }
  }

  int iterations(FitMethod method) {
    return iterations == null ? method.kind().iterations() : iterations;
  }

  double tolerance(FitMethod method) {
    return tolerance == null ? method.kind().tolerance() : tolerance;
  }

  double learningRate(FitMethod method) {
    return learningRate == null ? method.kind().learningRate() : learningRate;
  }

  int batch(FitMethod method) {
    return batch == null ? method.kind().batch() : batch;
  }

  double priorVariance(FitModel model) {
    if (priorVariance != null) {
      return priorVariance;
    }
    return switch (model.kind()) {
      case GMM, LINEAR -> 100;
      case LOGISTIC -> 10;
      case GP -> 4; // of logarithms: a factor of e² either way is one standard deviation
    };
  }
}
