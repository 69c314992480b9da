package io.github.elbo4j.kernel.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dropout: its rate, its mask, its edges. */
class DropoutTest {
  private static final int ROWS = 300;
  private static final int COLUMNS = 257;

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor ones(int... dims) {
    Tensor t = Tensor.zeros(dims);
    t.fill(1);
    return t;
  }

  private static Tensor mask(Backend k, float p, NoiseKey noise) {
    Tensor y = Tensor.zeros(ROWS, COLUMNS);
    k.random().dropout(ones(ROWS, COLUMNS), p, noise, y);
    return y;
  }

  /** The number of dropped elements is binomial; so are the pairs of neighbours. */
  @ParameterizedTest
  @ValueSource(floats = {0.05f, 0.5f, 0.9f})
  void dropsAtItsRateAndIndependently(float p) {
    Tensor y = mask(Backends.simd(), p, new NoiseKey(5, 2).at(7));
    float kept = (float) (1 / (1 - (double) p));
    int n = y.size();
    int dropped = 0;
    int pairs = 0;
    for (int i = 0; i < n; i++) {
      assertThat(y.get(i)).isIn(0f, kept);
      dropped += y.get(i) == 0 ? 1 : 0;
      pairs += i > 0 && y.get(i) == 0 && y.get(i - 1) == 0 ? 1 : 0;
    }
    double p2 = (double) p * p;
    assertThat((dropped - n * (double) p) / Math.sqrt(n * p * (1.0 - p))).isBetween(-4.0, 4.0);
    // neighbouring pairs overlap: variance n p²(1 − p)(1 + 3p)
    double spread = Math.sqrt(n * p2 * (1 - p) * (1 + 3 * p));
    assertThat((pairs - n * p2) / spread).isBetween(-4.0, 4.0);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void backwardUsesTheMaskOfTheForwardPass(Backend k) {
    NoiseKey noise = new NoiseKey(8, 3).at(2);
    Tensor forward = mask(k, 0.3f, noise);
    Tensor dX = Tensor.zeros(ROWS, COLUMNS);
    k.random().dropoutBackward(ones(ROWS, COLUMNS), 0.3f, noise, dX);
    assertThat(dX.toArray()).isEqualTo(forward.toArray());
    assertThat(mask(k, 0.3f, noise.at(3)).toArray()).isNotEqualTo(forward.toArray());
    assertThat(mask(k, 0.3f, new NoiseKey(8, 4).at(2)).toArray()).isNotEqualTo(forward.toArray());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theExpectationStays(Backend k) {
    Tensor y = mask(k, 0.25f, new NoiseKey(1, 1));
    double mean = 0;
    for (int i = 0; i < y.size(); i++) {
      mean += y.get(i) / (double) y.size();
    }
    assertThat(mean).isCloseTo(1, within(4 * Math.sqrt(0.25 / 0.75 / y.size())));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void nothingIsDroppedAtZeroAndInPlaceIsTheSame(Backend k) {
    NoiseKey noise = new NoiseKey(1, 1);
    assertThat(mask(k, 0, noise).toArray()).containsOnly(1f);
    Tensor x = ones(ROWS, COLUMNS);
    k.random().dropout(x, 0.5f, noise, x);
    assertThat(x.toArray()).isEqualTo(mask(k, 0.5f, noise).toArray());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void whatIsNoNumberStaysNoNumberEvenWhenDropped(Backend k) {
    Tensor x = Tensor.zeros(100);
    x.fill(Float.NaN);
    Tensor y = Tensor.zeros(100);
    k.random().dropout(x, 0.5f, new NoiseKey(1, 1), y);
    assertThat(y.toArray()).containsOnly(Float.NaN);
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, 1, Float.NaN})
  void aProbabilityThatIsNone(float p) {
    Tensor x = Tensor.zeros(3);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Backends.simd().random().dropout(x, p, new NoiseKey(1, 1), Tensor.zeros(3)))
        .withMessage("dropout: p " + p + " must be in [0,1)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Backends.simd().random().dropoutBackward(x, p, new NoiseKey(1, 1), Tensor.zeros(3)))
        .withMessage("dropoutBackward: p " + p + " must be in [0,1)");
  }
}
