package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The checks that the likelihoods have in common. */
final class LikelihoodArguments {
  private LikelihoodArguments() {}

  /** {@code perRow} is logLik, or in a backward method its gradient. */
  static void checkRows(String m, String name, Tensor output, Tensor x, Tensor perRow) {
    Checks.columns(m, "x", x, output.columns());
    checkRows(m, name, output, x.rows(), perRow);
  }

  static void checkRows(String m, String name, Tensor output, ByteTensor x, Tensor perRow) {
    Checks.columns(m, "x", x, output.columns());
    checkRows(m, name, output, x.rows(), perRow);
  }

  static void checkRows(String m, String name, Tensor output, int points, Tensor perRow) {
    Checks.samples(m, name, output.rows(), "x", points);
    Checks.length(m, m.endsWith("Backward") ? "dLogLik" : "logLik", perRow, output.rows());
  }

  static void checkGradient(
      String m, String name, @Nullable Tensor gradient, String ofName, Tensor of, Tensor dLogLik) {
    Checks.same(m, name, gradient, ofName, of);
    Checks.distinct(m, name, gradient, ofName, of);
    Checks.distinct(m, name, gradient, "dLogLik", dLogLik);
  }

  /** {@code outside} is the index of the first element outside [0,1], or −1. */
  static void checkUnit(String m, Tensor x, int outside) {
    if (outside >= 0) {
      throw outsideUnit(m, x, outside);
    }
  }

  /** The refusal of element {@code index}. */
  static IllegalArgumentException outsideUnit(String m, Tensor x, int index) {
    return Checks.fail(
        m,
        "x[%d,%d] = %s must lie in [0,1]"
            .formatted(index / x.columns(), index % x.columns(), x.get(index)));
  }

  /** What the forward pass of a density of location and scale shares with nothing it reads. */
  static void checkForward(String m, Tensor mean, String scaleName, Tensor scale, Tensor logLik) {
    checkForms(m, scaleName, scale, mean);
    Checks.distinct(m, "logLik", logLik, "mean", mean);
    Checks.distinct(m, "logLik", logLik, scaleName, scale);
  }

  /** The gradients of a density of location and scale; {@code toScale} is the second's name. */
  static void checkGradients(
      String m,
      Tensor mean,
      String scaleName,
      Tensor scale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      String toScale,
      @Nullable Tensor dScale) {
    checkForms(m, scaleName, scale, mean);
    checkGradient(m, "dMean", dMean, "mean", mean, dLogLik);
    checkGradient(m, toScale, dScale, scaleName, scale, dLogLik);
    Checks.distinct(m, "dMean", dMean, scaleName, scale);
    Checks.distinct(m, toScale, dScale, "mean", mean);
    Checks.distinct(m, toScale, dScale, "dMean", dMean);
  }

  /** The three forms of a scale. */
  private static void checkForms(String m, String name, Tensor scale, Tensor mean) {
    boolean perRow = scale.rows() == mean.rows();
    if (scale.size() != 1
        && (scale.columns() != mean.columns() || (scale.rows() != 1 && !perRow))) {
      throw Checks.fail(
          m,
          "%s %s must have 1 element, or be [%d] or [%d,%d]"
              .formatted(name, scale.shape(), mean.columns(), mean.rows(), mean.columns()));
    }
  }
}
