package io.github.elbo4j.kernel.divergence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels.Kernel;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold of the maximum mean discrepancy, and what is refused. */
class DiscrepancyPropertiesTest {
  private static final float[] SCALES = {0.7f, 3};

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor normal(long seed, double mean, double sd, int rows, int d) {
    SplittableRandom random = new SplittableRandom(seed);
    Tensor t = Tensor.zeros(rows, d);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) (mean + sd * random.nextGaussian());
    }
    return t;
  }

  private static double mmd(Backend k, Tensor x, Tensor y, Kernel kernel, boolean unbiased) {
    Tensor out = Tensor.zeros(1);
    k.discrepancy().mmd(x, y, kernel, SCALES, unbiased, out);
    return out.get(0);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void biasedIsAMetricOnSamples(Backend k) {
    for (Kernel kernel : Kernel.values()) {
      Tensor x = normal(1, 0, 1, 30, 4);
      Tensor y = normal(2, 1, 1, 41, 4);
      assertThat(mmd(k, x, x, kernel, false)).isCloseTo(0, within(1e-6));
      assertThat(mmd(k, x, y, kernel, false)).isGreaterThan(0.05);
      assertThat(mmd(k, x, y, kernel, false)).isCloseTo(mmd(k, y, x, kernel, false), within(1e-6));
    }
  }

  /**
   * Two normals in one dimension have a discrepancy in closed form: E k(a, b) of a Gaussian kernel
   * of variance c and a difference N(m, v) is {@code √(c/(c + v))·exp(−m²/(2(c + v)))}. The
   * unbiased estimate has it as its mean: within four standard errors over independent samples.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void unbiasedHasTheRightMean(Backend k) {
    double exact = 0;
    for (double c : SCALES) {
      exact += expected(c, 0, 2) + expected(c, 0, 2 * 0.49) - 2 * expected(c, 0.5, 1.49);
    }
    List<Double> estimates = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Tensor x = normal(10 + i, 0, 1, 20, 1);
      Tensor y = normal(5000 + i, 0.5, 0.7, 15, 1);
      estimates.add(mmd(k, x, y, Kernel.RBF, true));
    }
    double mean = estimates.stream().mapToDouble(v -> v).average().orElseThrow();
    double squares = estimates.stream().mapToDouble(v -> v * v).average().orElseThrow();
    double error = Math.sqrt((squares - mean * mean) / estimates.size());
    assertThat(Math.abs(mean - exact) / error).isLessThan(4);
    assertThat(error).isLessThan(0.2 * exact);
  }

  private static double expected(double c, double mean, double variance) {
    return Math.sqrt(c / (c + variance)) * Math.exp(-mean * mean / (2 * (c + variance)));
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void badArgumentsAreRefused() {
    DiscrepancyKernels k = Backends.simd().discrepancy();
    Tensor x = Tensor.zeros(3, 2);
    Tensor out = Tensor.zeros(1);
    refused(
        () -> k.mmd(x, Tensor.zeros(3, 4), Kernel.RBF, SCALES, true, out),
        "mmd: y [3,4] must have 2 columns");
    refused(
        () -> k.mmd(x, Tensor.zeros(1, 2), Kernel.RBF, SCALES, true, out),
        "mmd: x [3,2] and y [1,2] must have at least 2 rows each");
    refused(
        () -> k.mmd(x, x, Kernel.RBF, new float[0], true, out),
        "mmd: scales must hold at least one number");
    refused(
        () -> k.mmd(x, x, Kernel.RBF, new float[] {1, -2}, true, out),
        "mmd: scales[1] -2.0 must be > 0 and finite");
    refused(
        () -> k.mmdBackward(x, x, Kernel.RBF, SCALES, true, out, x, null),
        "mmdBackward: dX must not share memory with x");
  }
}
