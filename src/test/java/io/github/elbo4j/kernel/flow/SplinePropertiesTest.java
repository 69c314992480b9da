package io.github.elbo4j.kernel.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the spline is, beside parity: values computed elsewhere, inverse, knots, bounds, errors. */
class SplinePropertiesTest {
  private static final int BINS = 8;
  private static final float BOUND = 3;

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor ones(int d) {
    Tensor ones = Tensor.zeros(d);
    ones.fill(1);
    return ones;
  }

  /** Lines of: bins, bound, x, f(x), log f'(x), 3K − 1 parameters; spline.py wrote them. */
  @ParameterizedTest
  @MethodSource("backends")
  void valuesOfAnotherImplementation(Backend k) throws IOException {
    int lines = 0;
    try (var in =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(getClass().getResourceAsStream("/golden/spline.txt")),
                StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        double[] v = Arrays.stream(line.split(" ")).mapToDouble(Double::parseDouble).toArray();
        checkLine(k, v);
        lines++;
      }
    }
    assertThat(lines).isEqualTo(40);
  }

  private static void checkLine(Backend k, double[] v) {
    int bins = (int) v[0];
    Tensor params = Tensor.zeros(1, 3 * bins - 1);
    for (int j = 0; j < params.size(); j++) {
      params.array()[j] = (float) v[5 + j];
    }
    Tensor out = Tensor.zeros(1, 1);
    Tensor logDet = Tensor.zeros(1);
    Tensor x = Tensor.of(new float[] {(float) v[2]}, 0, 1, 1);
    k.spline().transform(x, params, ones(1), bins, (float) v[1], out, logDet);
    assertThat((double) out.get(0)).isCloseTo(v[3], within(2e-5));
    assertThat((double) logDet.get(0)).isCloseTo(v[4], within(2e-4));
    logDet.fill(0);
    k.spline().inverse(out, params, ones(1), bins, (float) v[1], out, logDet);
    assertThat((double) out.get(0)).isCloseTo(v[2], within(1e-4));
    assertThat((double) logDet.get(0)).isCloseTo(-v[4], within(1e-3));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void inverseUndoesIt(Backend k) {
    int r = 40;
    int d = 21;
    Tensor z = TapeCheck.normal(1, 1.7, r, d); // some of them outside
    Tensor params = TapeCheck.normal(2, 0.7, r, SplineKernels.parameters(BINS, d));
    Tensor moved = Tensor.zeros(r, d);
    Tensor back = Tensor.zeros(r, d);
    Tensor logDet = Tensor.zeros(r);
    k.spline().transform(z, params, ones(d), BINS, BOUND, moved, logDet);
    assertThat(Math.abs(logDet.get(0))).isGreaterThan(0.1f);
    k.spline().inverse(moved, params, ones(d), BINS, BOUND, back, logDet);
    for (int i = 0; i < z.size(); i++) {
      assertThat(back.get(i)).isCloseTo(z.get(i), within(1e-4f));
    }
    for (int i = 0; i < r; i++) {
      assertThat(logDet.get(i)).isCloseTo(0, within(1e-3f));
    }
  }

  /** Equal bins and derivatives of 1 are the identity, which the kernel cannot know. */
  @ParameterizedTest
  @MethodSource("backends")
  void equalBinsAreTheIdentity(Backend k) {
    Tensor z = TapeCheck.normal(1, 2, 30, 1);
    Tensor params = Tensor.zeros(30, 3 * BINS - 1);
    float one = (float) Math.log(Math.expm1(1 - 1e-3));
    for (int i = 0; i < params.size(); i++) {
      params.array()[i] = i % (3 * BINS - 1) < 2 * BINS ? 0.3f : one;
    }
    Tensor out = Tensor.zeros(30, 1);
    Tensor logDet = Tensor.zeros(30);
    k.spline().transform(z, params, ones(1), BINS, BOUND, out, logDet);
    for (int i = 0; i < 30; i++) {
      assertThat(out.get(i)).isCloseTo(z.get(i), within(2e-6f));
      assertThat(logDet.get(i)).isCloseTo(0, within(5e-6f));
    }
  }

  /**
   * Around every knot, both bounds included, f is continuous and rises, and log f' is continuous;
   * log f' is the slope of f.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void knotsAreSmooth(Backend k) {
    int n = 6001;
    Tensor z = Tensor.zeros(n, 1);
    Tensor params = Tensor.zeros(n, 3 * BINS - 1);
    Tensor one = TapeCheck.normal(5, 0.5, 3 * BINS - 1);
    for (int i = 0; i < n; i++) {
      z.array()[i] = -3.3f + 6.6f * i / (n - 1);
      System.arraycopy(one.array(), 0, params.array(), i * one.size(), one.size());
    }
    Tensor out = Tensor.zeros(n, 1);
    double[] logs = new double[n];
    Tensor slopes = Tensor.zeros(n);
    k.spline().transform(z, params, ones(1), BINS, BOUND, out, slopes);
    for (int i = 0; i < n; i++) {
      logs[i] = slopes.get(i);
    }
    for (int i = 1; i + 1 < n; i++) {
      assertThat(out.get(i)).isGreaterThan(out.get(i - 1));
      assertThat(logs[i]).isCloseTo(logs[i - 1], within(0.1));
      double slope =
          ((double) out.get(i + 1) - out.get(i - 1)) / ((double) z.get(i + 1) - z.get(i - 1));
      assertThat(Math.exp(logs[i])).isCloseTo(slope, within(0.02 + 0.02 * slope));
    }
    assertThat(out.get(0)).isEqualTo(z.get(0));
    assertThat(out.get(n - 1)).isEqualTo(z.get(n - 1));
    assertThat(logs[0]).isZero();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void boundsAndBeyond(Backend k) {
    float[] x = {-3, 3, -3.0000002f, 1e30f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    Tensor params = TapeCheck.normal(2, 3, x.length, 3 * BINS - 1);
    Tensor z = Tensor.of(x, 0, x.length, 1);
    for (boolean inverse : new boolean[] {false, true}) {
      Tensor out = Tensor.zeros(x.length, 1);
      Tensor logDet = Tensor.zeros(x.length);
      if (inverse) {
        k.spline().inverse(z, params, ones(1), BINS, BOUND, out, logDet);
      } else {
        k.spline().transform(z, params, ones(1), BINS, BOUND, out, logDet);
      }
      for (int i = 0; i < x.length; i++) {
        assertThat(Float.compare(out.get(i), x[i]) == 0 || Math.abs(out.get(i) - x[i]) < 3e-6f)
            .as("%s to %s", x[i], out.get(i))
            .isTrue();
        assertThat(logDet.get(i)).isFinite();
      }
      for (int i = 2; i < x.length; i++) {
        assertThat(logDet.get(i)).isZero();
      }
    }
  }

  /** Softmaxes of one bin and derivatives near their least: all finite, and back again. */
  @ParameterizedTest
  @MethodSource("backends")
  void saturatedParametersStayFinite(Backend k) {
    int r = 500;
    Tensor z = TapeCheck.normal(1, 1, r, 3);
    Tensor params = TapeCheck.normal(2, 100, r, SplineKernels.parameters(BINS, 3));
    Tensor out = Tensor.zeros(r, 3);
    Tensor logDet = Tensor.zeros(r);
    Tensor dZ = Tensor.zeros(r, 3);
    Tensor dParams = Tensor.zeros(r, params.columns());
    k.spline().transform(z, params, ones(3), BINS, BOUND, out, logDet);
    k.spline().transformBackward(z, params, ones(3), BINS, BOUND, z, logDet, dZ, dParams);
    k.spline().inverse(z, params, ones(3), BINS, BOUND, out, logDet);
    k.spline().inverseBackward(z, params, ones(3), BINS, BOUND, z, null, dZ, dParams);
    for (Tensor t : List.of(out, logDet, dZ, dParams)) {
      for (int i = 0; i < t.size(); i++) {
        assertThat(t.get(i)).isFinite();
      }
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    SplineKernels k = Backends.simd().spline();
    Tensor z = Tensor.zeros(2, 3);
    Tensor out = Tensor.zeros(2, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.transform(z, Tensor.zeros(2, 10), ones(3), 4, 3, out, null))
        .withMessage(
            "transform: params [2,10] must have the 2 rows of z and 11 columns a transformed"
                + " dimension");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.inverse(z, Tensor.zeros(2, 11), ones(3), 4, 3, out, null))
        .withMessage(
            "spline: params [2,11] must have 33 columns for the 3 dimensions that the mask sets");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.transform(z, Tensor.zeros(2, 33), ones(3), 0, 3, out, null))
        .withMessage("transform: bins 0 must be 1 to 256");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.transform(z, Tensor.zeros(2, 33), ones(3), 4, -1, out, null))
        .withMessage("transform: bound -1.0 must be positive and finite");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.transform(z, Tensor.zeros(2, 33), ones(2), 4, 3, out, null))
        .withMessage("transform: mask [2] must have 3 elements");
  }
}
