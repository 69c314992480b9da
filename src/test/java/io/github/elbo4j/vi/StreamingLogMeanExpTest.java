package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.tensor.Tensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamingLogMeanExpTest {
  private static final float MINUS = Float.NEGATIVE_INFINITY;
  private static final float PLUS = Float.POSITIVE_INFINITY;
  private static final float NAN = Float.NaN;

  /** One data point, fed in chunks of at most {@code chunk}. */
  private static double stream(int chunk, float... logW) {
    StreamingLogMeanExp sum = new StreamingLogMeanExp(1);
    for (int from = 0; from < logW.length; from += chunk) {
      int length = Math.min(chunk, logW.length - from);
      sum.add(Tensor.of(logW, from, length));
    }
    return sum.result(0);
  }

  private static float[] weights(long seed, int n, double centre, double spread) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] logW = new float[n];
    for (int i = 0; i < n; i++) {
      logW[i] = (float) (centre + spread * random.nextGaussian());
    }
    return logW;
  }

  /** log (1/K) Σ exp with the maximum taken out, summed in decimals. */
  private static double direct(float[] logW) {
    double max = Double.NEGATIVE_INFINITY;
    for (float w : logW) {
      max = Math.max(max, w);
    }
    BigDecimal sum = BigDecimal.ZERO;
    for (float w : logW) {
      sum = sum.add(new BigDecimal(Math.exp(w - max)));
    }
    return max
        + Math.log(sum.divide(new BigDecimal(logW.length), MathContext.DECIMAL64).doubleValue());
  }

  @ParameterizedTest
  @CsvSource({"0,1", "-100,10", "10000,3", "-10000,3", "0,5000", "1e30,1e28"})
  void isTheLogOfTheMean(double centre, double spread) {
    float[] logW = weights(7, 5000, centre, spread);
    double wanted = direct(logW);
    for (int chunk : new int[] {1, 7, 100, 5000}) {
      assertThat(stream(chunk, logW))
          .as("chunks of %d", chunk)
          .isCloseTo(wanted, within(1e-12 * Math.max(1, Math.abs(wanted))));
    }
  }

  @Test
  void aRisingAndAFallingRowMeetTheirMaximumLastAndFirst() {
    float[] rising = weights(8, 1000, -50, 30);
    Arrays.sort(rising);
    float[] falling = new float[1000];
    for (int i = 0; i < 1000; i++) {
      falling[i] = rising[999 - i];
    }
    assertThat(stream(100, rising)).isCloseTo(direct(rising), within(1e-12));
    assertThat(stream(100, falling)).isCloseTo(direct(rising), within(1e-12));
  }

  @Test
  void oneWeightIsItself() {
    assertThat(stream(1, -10_000.5f)).isEqualTo(-10_000.5);
    assertThat(stream(1, 3f, 3f, 3f)).isCloseTo(3, within(1e-15));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10})
  void weightsOfZero(int chunk) {
    assertThat(stream(chunk, MINUS)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(stream(chunk, MINUS, MINUS, MINUS)).isEqualTo(Double.NEGATIVE_INFINITY);
    double wanted = 2 + Math.log(1 / 4.0);
    assertThat(stream(chunk, MINUS, MINUS, 2, MINUS)).isCloseTo(wanted, within(1e-15));
    assertThat(stream(chunk, 2, MINUS, MINUS, MINUS)).isCloseTo(wanted, within(1e-15));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10})
  void infiniteWeightsGiveInfinity(int chunk) {
    for (float[] row :
        new float[][] {
          {PLUS}, {PLUS, PLUS}, {1, PLUS, 2}, {PLUS, 1, PLUS, MINUS}, {MINUS, PLUS, PLUS, PLUS}
        }) {
      assertThat(stream(chunk, row)).as("%s", row).isEqualTo(Double.POSITIVE_INFINITY);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10})
  void aNanIsNeverLost(int chunk) {
    for (float[] row :
        new float[][] {
          {NAN}, {NAN, 5}, {5, NAN}, {MINUS, NAN, 1}, {NAN, MINUS}, {NAN, PLUS}, {PLUS, NAN, 1}
        }) {
      assertThat(stream(chunk, row)).as("%s", row).isNaN();
    }
  }

  @Test
  void pointsDoNotMix() {
    StreamingLogMeanExp sum = new StreamingLogMeanExp(4);
    sum.add(Tensor.of(new float[] {1, 2, MINUS, MINUS, NAN, 0, PLUS, 0}, 0, 8));
    sum.add(Tensor.of(new float[] {3, MINUS, 0, 0}, 0, 4));
    assertThat(sum.result(0))
        .isCloseTo(Math.log((Math.exp(1) + Math.exp(2) + Math.exp(3)) / 3), within(1e-14));
    assertThat(sum.result(1)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(sum.result(2)).isNaN();
    assertThat(sum.result(3)).isEqualTo(Double.POSITIVE_INFINITY);
    sum.reset();
    sum.add(Tensor.of(new float[] {1, 2, 3, 4}, 0, 4));
    for (int b = 0; b < 4; b++) {
      assertThat(sum.result(b)).isEqualTo(b + 1.0);
    }
  }

  @Test
  void misuseIsNamed() {
    StreamingLogMeanExp sum = new StreamingLogMeanExp(3);
    assertThatIllegalStateException()
        .isThrownBy(() -> sum.result(0))
        .withMessage("result: no weight was added since the last reset");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sum.add(Tensor.zeros(4)))
        .withMessage("add: logW [4] must have a whole number of samples for 3");
  }
}
