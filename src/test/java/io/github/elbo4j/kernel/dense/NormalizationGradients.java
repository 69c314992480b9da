package io.github.elbo4j.kernel.dense;

import static io.github.elbo4j.kernel.dense.NormalizationReference.channels;
import static io.github.elbo4j.kernel.dense.NormalizationReference.rows;

import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import java.util.List;

/** Gradient checks of the reference of softmax and normalisation. */
final class NormalizationGradients {
  private static final int ROWS = 4;
  private static final int COLUMNS = 6;
  private static final double EPSILON = 1e-3;
  private static final double[] X = GradCheck.random(1, ROWS * COLUMNS, 1.5);
  private static final double[] DY = GradCheck.random(2, ROWS * COLUMNS, 1);

  private NormalizationGradients() {}

  static List<GradCase> cases() {
    String softmax = "normalization.softmaxBackward";
    String layer = "normalization.layerNormBackward";
    String batch = "normalization.batchNormBackward";
    String fixed = "normalization.fixedNormBackward";
    return List.of(
        new GradCase(softmax, "x", NormalizationGradients::softmax),
        new GradCase(softmax, "log x", NormalizationGradients::logSoftmax),
        new GradCase(layer, "all", () -> normalized(rows(COLUMNS), ROWS, COLUMNS)),
        new GradCase(batch, "columns", () -> batch(COLUMNS)),
        new GradCase(batch, "images", () -> batch(2)),
        new GradCase(fixed, "columns", () -> fixed(COLUMNS)),
        new GradCase(fixed, "images", () -> fixed(3)));
  }

  private static double[] softmax(double[] x) {
    return NormalizationReference.exps(NormalizationReference.logSoftmax(x, COLUMNS));
  }

  private static void softmax() {
    GradCheck.check(
        "dX",
        X,
        NormalizationReference.softmaxGradient(softmax(X), DY, COLUMNS),
        v -> GradCheck.dot(DY, softmax(v)));
  }

  private static void logSoftmax() {
    double[] y = NormalizationReference.logSoftmax(X, COLUMNS);
    GradCheck.check(
        "dX",
        X,
        NormalizationReference.logSoftmaxGradient(y, DY, COLUMNS),
        v -> GradCheck.dot(DY, NormalizationReference.logSoftmax(v, COLUMNS)));
  }

  private static void batch(int channelCount) {
    normalized(channels(channelCount, COLUMNS), channelCount, channelCount);
  }

  private static double[] forward(
      double[] x,
      double[] gain,
      double[] bias,
      NormalizationReference.Sharing group,
      int groups,
      NormalizationReference.Sharing channel) {
    double[] mean = NormalizationReference.means(x, group, groups);
    double[] variance = NormalizationReference.variances(x, mean, group, groups);
    double[] rstd = NormalizationReference.rstds(variance, EPSILON);
    double[] n = NormalizationReference.normalized(x, mean, rstd, group);
    return NormalizationReference.scaled(n, gain, bias, channel);
  }

  private static void normalized(NormalizationReference.Sharing group, int groups, int size) {
    NormalizationReference.Sharing channel = channels(size, COLUMNS);
    double[] gain = GradCheck.random(3, size, 1);
    double[] bias = GradCheck.random(4, size, 1);
    double[] mean = NormalizationReference.means(X, group, groups);
    double[] variance = NormalizationReference.variances(X, mean, group, groups);
    double[] rstd = NormalizationReference.rstds(variance, EPSILON);
    double[] n = NormalizationReference.normalized(X, mean, rstd, group);
    GradCheck.check(
        "dX",
        X,
        NormalizationReference.gradient(n, rstd, gain, DY, group, channel),
        v -> GradCheck.dot(DY, forward(v, gain, bias, group, groups, channel)));
    GradCheck.check(
        "dGain",
        gain,
        NormalizationReference.sums(DY, n, channel, size),
        v -> GradCheck.dot(DY, forward(X, v, bias, group, groups, channel)));
    GradCheck.check(
        "dBias",
        bias,
        NormalizationReference.sums(DY, null, channel, size),
        v -> GradCheck.dot(DY, forward(X, gain, v, group, groups, channel)));
  }

  private static void fixed(int size) {
    NormalizationReference.Sharing channel = channels(size, COLUMNS);
    double[] gain = GradCheck.random(3, size, 1);
    double[] bias = GradCheck.random(4, size, 1);
    double[] mean = GradCheck.random(5, size, 1);
    double[] rstd = NormalizationReference.rstds(NormalizationReference.exps(mean), EPSILON);
    double[] n = NormalizationReference.normalized(X, mean, rstd, channel);
    GradCheck.check(
        "dX",
        X,
        NormalizationReference.fixedGradient(rstd, gain, DY, channel),
        v ->
            GradCheck.dot(
                DY,
                NormalizationReference.scaled(
                    NormalizationReference.normalized(v, mean, rstd, channel),
                    gain,
                    bias,
                    channel)));
    GradCheck.check(
        "dGain",
        gain,
        NormalizationReference.sums(DY, n, channel, size),
        v -> GradCheck.dot(DY, NormalizationReference.scaled(n, v, bias, channel)));
  }
}
