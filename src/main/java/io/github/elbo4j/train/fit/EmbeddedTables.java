package io.github.elbo4j.train.fit;

import io.github.elbo4j.vi.fit.Draws;
import java.util.List;
import java.util.Locale;

/** Small data with a known truth, drawn by Philox: the same seed gives the same data. */
final class EmbeddedTables {
  /** The stream of random numbers that makes data. */
  private static final int STREAM = 0;

  private static final double[] CENTRES = {-5, 0, 5};
  private static final double[] WEIGHTS = {1, -2, 0.5, 0};

  private EmbeddedTables() {}

  static FitData make(FitModel model, long seed) {
    Draws draws = new Draws(seed, STREAM);
    return switch (model.kind()) {
      case GMM -> mixture(draws, seed);
      case LINEAR -> linear(draws, seed);
      case LOGISTIC -> logistic(draws, seed);
      case GP -> process(draws, seed);
    };
  }

  /** Seed 004 §5: three components of variance 1, 1,000 points each. */
  private static FitData mixture(Draws draws, long seed) {
    double[] x = new double[3000];
    for (int i = 0; i < x.length; i++) {
      x[i] = CENTRES[i % 3] + draws.normal();
    }
    return new FitData(
        described("1,000 points each of N(-5, 1), N(0, 1) and N(5, 1)", seed),
        List.of("x"),
        x,
        new double[0],
        1);
  }

  /** Rows of three features, the second strongly correlated with the first. */
  private static double[] features(Draws draws, int rows) {
    double[] x = new double[3 * rows];
    for (int i = 0; i < x.length; i += 3) {
      x[i] = draws.normal();
      x[i + 1] = 0.9 * x[i] + Math.sqrt(1 - 0.81) * draws.normal();
      x[i + 2] = draws.normal();
    }
    return x;
  }

  private static double line(double[] x, int i) {
    return WEIGHTS[0]
        + WEIGHTS[1] * x[3 * i]
        + WEIGHTS[2] * x[3 * i + 1]
        + WEIGHTS[3] * x[3 * i + 2];
  }

  private static FitData linear(Draws draws, long seed) {
    double[] x = features(draws, 200);
    double[] y = new double[200];
    for (int i = 0; i < y.length; i++) {
      y[i] = line(x, i) + 0.5 * draws.normal();
    }
    return new FitData(
        described(
            "200 rows of y = 1 - 2 a + 0.5 b + 0 c + N(0, 0.25), a and b correlated by 0.9", seed),
        List.of("a", "b", "c"),
        x,
        y,
        0.25);
  }

  private static FitData logistic(Draws draws, long seed) {
    double[] x = features(draws, 500);
    double[] y = new double[500];
    for (int i = 0; i < y.length; i++) {
      y[i] = draws.uniform() < 1 / (1 + Math.exp(-line(x, i))) ? 1 : 0;
    }
    return new FitData(
        described(
            "500 rows of P(y = 1) = sigmoid(1 - 2 a + 0.5 b + 0 c), a and b correlated by 0.9",
            seed),
        List.of("a", "b", "c"),
        x,
        y,
        Double.NaN);
  }

  private static FitData process(Draws draws, long seed) {
    double[] x = new double[80];
    double[] y = new double[40];
    for (int i = 0; i < y.length; i++) {
      x[2 * i] = 4 * draws.uniform() - 2;
      x[2 * i + 1] = 4 * draws.uniform() - 2;
      y[i] = Math.sin(2 * x[2 * i]) + 0.1 * draws.normal();
    }
    return new FitData(
        described("40 rows of y = sin(2 a) + N(0, 0.01), which does not depend on b", seed),
        List.of("a", "b"),
        x,
        y,
        Double.NaN);
  }

  private static String described(String what, long seed) {
    return String.format(Locale.ROOT, "embedded: %s, drawn with seed %d", what, seed);
  }
}
