package io.github.elbo4j.kernel.dense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCheck;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What softmax and normalisation must be whatever their numbers are, their edges, their errors. */
class NormalizationTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor normal(long seed, double scale, double shift, int rows, int columns) {
    Tensor t = Tensor.zeros(rows, columns);
    double[] numbers = GradCheck.random(seed, t.size(), scale);
    for (int i = 0; i < numbers.length; i++) {
      t.array()[i] = (float) (numbers[i] + shift);
    }
    return t;
  }

  private static Tensor filled(float value, int n) {
    Tensor t = Tensor.zeros(n);
    t.fill(value);
    return t;
  }

  private static Tensor softmax(Backend k, Tensor x, boolean log) {
    Tensor y = Tensor.zeros(x.rows(), x.columns());
    if (log) {
      k.normalization().logSoftmax(x, y);
    } else {
      k.normalization().softmax(x, y);
    }
    return y;
  }

  /** Logits of ±1e4 too: the sum of a row is 1, and so is that of the logarithm's exponentials. */
  @ParameterizedTest
  @MethodSource("backends")
  void rowsOfASoftmaxSumToOne(Backend k) {
    for (double scale : new double[] {1, 100, 1e4}) {
      Tensor x = normal(1, scale, 0, 50, 37);
      Tensor y = softmax(k, x, false);
      Tensor log = softmax(k, x, true);
      for (int r = 0; r < 50; r++) {
        double sum = 0;
        double logSum = 0;
        for (int c = 0; c < 37; c++) {
          sum += y.get(r * 37 + c);
          logSum += Math.exp(log.get(r * 37 + c));
          assertThat(log.get(r * 37 + c)).isFinite().isLessThanOrEqualTo(0);
        }
        assertThat(sum).isCloseTo(1, within(1e-5));
        assertThat(logSum).isCloseTo(1, within(1e-5));
      }
    }
  }

  /** By the formula: softmax(0, ln 2, ln 5) = (1, 2, 5)/8, and shifting changes nothing. */
  @ParameterizedTest
  @MethodSource("backends")
  void softmaxByHandAndShifted(Backend k) {
    for (float shift : new float[] {0, 4096, -4096}) {
      Tensor x = Tensor.of(new float[] {0, 2, -3, 1}, 0, 1, 4);
      Tensor moved = Tensor.of(new float[] {shift, shift + 2, shift - 3, shift + 1}, 0, 1, 4);
      assertThat(softmax(k, moved, false).toArray()).isEqualTo(softmax(k, x, false).toArray());
      assertThat(softmax(k, moved, true).toArray()).isEqualTo(softmax(k, x, true).toArray());
    }
    float ln2 = (float) Math.log(2);
    float ln5 = (float) Math.log(5);
    Tensor y = softmax(k, Tensor.of(new float[] {0, ln2, ln5}, 0, 1, 3), false);
    assertThat(y.get(0)).isCloseTo(0.125f, within(1e-6f));
    assertThat(y.get(1)).isCloseTo(0.25f, within(1e-6f));
    assertThat(y.get(2)).isCloseTo(0.625f, within(1e-6f));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void edgesOfASoftmax(Backend k) {
    float[] row = new float[40];
    java.util.Arrays.fill(row, -INFINITY);
    Tensor none = Tensor.of(row.clone(), 0, 1, 40);
    assertThat(softmax(k, none, false).toArray()).containsOnly(Float.NaN);
    row[33] = 3;
    Tensor one = Tensor.of(row.clone(), 0, 1, 40);
    Tensor y = softmax(k, one, false);
    assertThat(y.get(33)).isEqualTo(1);
    assertThat(y.get(0)).isZero();
    assertThat(softmax(k, one, true).get(0)).isEqualTo(-INFINITY);
    for (float bad : new float[] {INFINITY, Float.NaN}) {
      row[7] = bad;
      assertThat(softmax(k, Tensor.of(row.clone(), 0, 1, 40), false).toArray())
          .containsOnly(Float.NaN);
    }
    Tensor inPlace = normal(3, 1, 0, 4, 21);
    float[] apart = softmax(k, inPlace, true).toArray();
    k.normalization().logSoftmax(inPlace, inPlace);
    assertThat(inPlace.toArray()).isEqualTo(apart);
  }

  /** The output of both gradients has rows of sum 0 for the softmax: its rows move on a simplex. */
  @ParameterizedTest
  @MethodSource("backends")
  void gradientsOfASoftmaxSumToZero(Backend k) {
    Tensor y = softmax(k, normal(1, 2, 0, 9, 33), false);
    Tensor dX = Tensor.zeros(9, 33);
    k.normalization().softmaxBackward(y, normal(2, 1, 0, 9, 33), dX);
    for (int r = 0; r < 9; r++) {
      double sum = 0;
      for (int c = 0; c < 33; c++) {
        sum += dX.get(r * 33 + c);
      }
      assertThat(sum).isCloseTo(0, within(1e-5));
    }
  }

  private static Tensor layer(Backend k, Tensor x, float gain, float bias) {
    Tensor y = Tensor.zeros(x.rows(), x.columns());
    Tensor g = filled(gain, x.columns());
    Tensor b = filled(bias, x.columns());
    k.normalization().layerNorm(x, g, b, 1e-6f, y, Tensor.zeros(x.rows()), Tensor.zeros(x.rows()));
    return y;
  }

  /** Rows have mean 0 and variance 1, and neither shift nor scale of the input is seen. */
  @ParameterizedTest
  @MethodSource("backends")
  void layerNormIsInvariant(Backend k) {
    Tensor x = normal(1, 1, 0, 20, 133);
    Tensor y = layer(k, x, 1, 0);
    moments(y, 133, 0, 1);
    Tensor other = Tensor.zeros(20, 133);
    for (int i = 0; i < x.size(); i++) {
      other.array()[i] = 8 * x.get(i) - 100;
    }
    Tensor z = layer(k, other, 3, 2);
    for (int i = 0; i < x.size(); i++) {
      assertThat(z.get(i)).isCloseTo(3 * y.get(i) + 2, within(1e-3f));
    }
    moments(z, 133, 2, 9);
  }

  private static void moments(Tensor y, int n, double mean, double variance) {
    for (int r = 0; r < y.rows(); r++) {
      double sum = 0;
      double squares = 0;
      for (int c = 0; c < n; c++) {
        sum += y.get(r * n + c) / (double) n;
        squares += Math.pow(y.get(r * n + c) - mean, 2) / n;
      }
      assertThat(sum).isCloseTo(mean, within(1e-4));
      assertThat(squares).isCloseTo(variance, within(1e-3));
    }
  }

  /** The statistics of a channel by hand, and the running ones with their unbiased variance. */
  @ParameterizedTest
  @MethodSource("backends")
  void runningStatistics(Backend k) {
    Tensor x = Tensor.of(new float[] {1, 10, 2, 10, 3, 10, 6, 14}, 0, 4, 2);
    Tensor mean = Tensor.zeros(2);
    Tensor rstd = Tensor.zeros(2);
    Tensor runningMean = filled(1, 2);
    Tensor runningVariance = filled(2, 2);
    Tensor y = Tensor.zeros(4, 2);
    Tensor ones = filled(1, 2);
    k.normalization()
        .batchNorm(
            x, ones, filled(0, 2), 1e-6f, 0.25f, runningMean, runningVariance, y, mean, rstd);
    assertThat(mean.toArray()).containsExactly(3, 11); // squares about it: 14 and 12
    assertThat(rstd.get(0)).isCloseTo((float) (1 / Math.sqrt(3.5)), within(1e-6f));
    assertThat(rstd.get(1)).isCloseTo((float) (1 / Math.sqrt(3)), within(1e-6f));
    assertThat(runningMean.toArray()).containsExactly(1.5f, 3.5f);
    assertThat(runningVariance.get(0)).isCloseTo(0.75f * 2 + 0.25f * 14 / 3, within(1e-6f));
    assertThat(runningVariance.get(1)).isCloseTo(0.75f * 2 + 0.25f * 4, within(1e-6f));
    assertThat(y.get(6)).isCloseTo((float) (3 / Math.sqrt(3.5)), within(1e-6f));
  }

  /** An image's pixels are elements of its channel: the same numbers in another layout. */
  @ParameterizedTest
  @MethodSource("backends")
  void imagesAreRowsOfPixels(Backend k) {
    int pixels = 21;
    Tensor image = normal(5, 2, 1, 6, 3 * pixels);
    Tensor rows = Tensor.zeros(6 * pixels, 3);
    for (int i = 0; i < image.size(); i++) {
      rows.array()[place(i, pixels)] = image.get(i);
    }
    Tensor a = batch(k, image);
    Tensor b = batch(k, rows);
    for (int i = 0; i < image.size(); i++) {
      assertThat(a.get(i)).isCloseTo(b.get(place(i, pixels)), within(1e-5f));
    }
  }

  /** Where pixel p of channel c of row r, 3 channels, stands among rows of channels. */
  private static int place(int i, int pixels) {
    int r = i / (3 * pixels);
    return (r * pixels + i % pixels) * 3 + i / pixels % 3;
  }

  private static Tensor batch(Backend k, Tensor x) {
    Tensor gain = Tensor.of(new float[] {1, 2, -1}, 0, 3);
    Tensor y = Tensor.zeros(x.rows(), x.columns());
    k.normalization()
        .batchNorm(
            x,
            gain,
            filled(0.5f, 3),
            1e-5f,
            0.1f,
            Tensor.zeros(3),
            Tensor.zeros(3),
            y,
            Tensor.zeros(3),
            Tensor.zeros(3));
    return y;
  }

  /** A mean of 1000 leaves the variance its digits. */
  @ParameterizedTest
  @MethodSource("backends")
  void aLargeMeanCostsNoDigits(Backend k) {
    Tensor x = normal(1, 1, 1000, 5000, 3);
    Tensor rstd = Tensor.zeros(3);
    Tensor zeros = filled(0, 3);
    k.normalization()
        .batchNorm(
            x,
            filled(1, 3),
            zeros,
            1e-9f,
            0,
            Tensor.zeros(3),
            Tensor.zeros(3),
            Tensor.zeros(5000, 3),
            Tensor.zeros(3),
            rstd);
    for (int c = 0; c < 3; c++) {
      double mean = 0;
      double squares = 0;
      for (int r = 0; r < 5000; r++) {
        mean += x.get(3 * r + c) / 5000.0;
      }
      for (int r = 0; r < 5000; r++) {
        squares += Math.pow(x.get(3 * r + c) - mean, 2) / 5000;
      }
      assertThat((double) rstd.get(c)).isCloseTo(1 / Math.sqrt(squares), within(1e-5));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void noRowsChangeNoStatistics(Backend k) {
    Tensor runningMean = filled(3, 2);
    Tensor runningVariance = filled(4, 2);
    Tensor mean = filled(7, 2);
    Tensor rstd = filled(7, 2);
    Tensor none = Tensor.zeros(0, 2);
    k.normalization()
        .batchNorm(
            none,
            filled(1, 2),
            filled(0, 2),
            0.25f,
            0.5f,
            runningMean,
            runningVariance,
            Tensor.zeros(0, 2),
            mean,
            rstd);
    assertThat(runningMean.toArray()).containsOnly(3);
    assertThat(runningVariance.toArray()).containsOnly(4);
    assertThat(mean.toArray()).containsOnly(0);
    assertThat(rstd.toArray()).containsOnly(2);
  }

  /** A NaN stays in its row or its channel. */
  @ParameterizedTest
  @MethodSource("backends")
  void whatIsNoNumberStaysInItsGroup(Backend k) {
    Tensor x = normal(1, 1, 0, 40, 3);
    x.array()[7] = Float.NaN; // row 2, column 1
    Tensor layer = layer(k, x, 1, 0);
    Tensor batch = batch(k, x);
    for (int i = 0; i < x.size(); i++) {
      assertThat(Float.isNaN(layer.get(i))).isEqualTo(i / 3 == 2);
      assertThat(Float.isNaN(batch.get(i))).isEqualTo(i % 3 == 1);
    }
  }

  @Test
  void errorsNameTheArgument() {
    var k = Backends.simd().normalization();
    Tensor x = Tensor.zeros(4, 6);
    Tensor y = Tensor.zeros(4, 6);
    Tensor six = Tensor.zeros(6);
    Tensor four = Tensor.zeros(4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.softmax(x, Tensor.zeros(4, 5)))
        .withMessage("softmax: y [4,5] must equal x [4,6]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.layerNorm(x, six, six, 0, y, four, Tensor.zeros(4)))
        .withMessage("layerNorm: epsilon 0.0 must be > 0 and finite");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.layerNorm(x, four, six, 1, y, four, Tensor.zeros(4)))
        .withMessage("layerNorm: gain [4] must have 6 elements");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.layerNorm(x, six, six, 1, y, four, four))
        .withMessage("layerNorm: rstd must not share memory with mean");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.fixedNorm(x, four, four, four, four, 1, y, Tensor.zeros(4)))
        .withMessage("fixedNorm: x [4,6] must have a whole multiple of the 4 channels of gain");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.layerNormBackward(x, six, four, four, y, null, Tensor.zeros(6), null))
        .withMessage("layerNormBackward: dGain and dBias must be given together or not at all");
  }

  @Test
  void oneElementHasNoVariance() {
    Tensor x = Tensor.zeros(1, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Backends.simd()
                    .normalization()
                    .batchNorm(
                        x,
                        filled(1, 2),
                        filled(0, 2),
                        1,
                        0.1f,
                        Tensor.zeros(2),
                        Tensor.zeros(2),
                        Tensor.zeros(1, 2),
                        Tensor.zeros(2),
                        Tensor.zeros(2)))
        .withMessage("batchNorm: x [1,2] must have at least two elements a channel");
  }
}
