package io.github.elbo4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/** Central differences in double along random directions: the proof of a reference's gradient. */
public final class GradCheck {
  private static final double STEP = 1e-5;
  private static final double LIMIT = 1e-6;
  private static final int DIRECTIONS = 8;

  private GradCheck() {}

  /** Numbers for a check: normal, standard deviation {@code scale}. */
  public static double[] random(long seed, int n, double scale) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] x = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = scale * random.nextGaussian();
    }
    return x;
  }

  /** The scalar objective Σ w·y of an output y with fixed weights w, whose gradient to y is w. */
  public static double dot(double[] w, double[] y) {
    double sum = 0;
    for (int i = 0; i < w.length; i++) {
      sum += w[i] * y[i];
    }
    return sum;
  }

  /**
   * Compares {@code gradient} of {@code objective} at {@code x} with the directional derivatives
   * (−f(x+2h) + 8f(x+h) − 8f(x−h) + f(x−2h)) / 12h.
   */
  public static void check(
      String what, double[] x, double[] gradient, ToDoubleFunction<double[]> objective) {
    SplittableRandom random = new SplittableRandom(x.length * 7919L + 17);
    for (int n = 0; n < DIRECTIONS; n++) {
      double[] direction = new double[x.length];
      double analytic = 0;
      for (int i = 0; i < x.length; i++) {
        direction[i] = random.nextGaussian();
        analytic += direction[i] * gradient[i];
      }
      double numeric =
          (8 * (at(objective, x, direction, STEP) - at(objective, x, direction, -STEP))
                  - at(objective, x, direction, 2 * STEP)
                  + at(objective, x, direction, -2 * STEP))
              / (12 * STEP);
      double error = Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric));
      assertThat(error)
          .as("%s: analytic %s, numeric %s", what, analytic, numeric)
          .isLessThan(LIMIT);
    }
  }

  private static double at(
      ToDoubleFunction<double[]> objective, double[] x, double[] direction, double h) {
    double[] moved = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      moved[i] = x[i] + h * direction[i];
    }
    return objective.applyAsDouble(moved);
  }
}
