package io.github.elbo4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Bounds and moments; 784·400 numbers, so a z-score of 5 is a chance of one in a million. */
class InitializerTest {
  private static final int IN = 784;
  private static final int OUT = 400;
  private static final int N = IN * OUT;

  private static float[] draw(Initializer initializer) {
    Tensor values = Tensor.of(new float[N + 5], 3, IN, OUT);
    initializer.fill(values, new NoiseKey(42, 1));
    return values.toArray();
  }

  /** The variance of a sample variance of n numbers is σ⁴(kurtosis − 1)/n. */
  private static void assertMoments(float[] x, double variance, double kurtosis) {
    double mean = 0;
    double squares = 0;
    for (float value : x) {
      mean += value / (double) x.length;
      squares += value * (double) value / x.length;
    }
    double meanError = Math.sqrt(variance / x.length);
    assertThat(mean / meanError).as("z of the mean").isBetween(-5.0, 5.0);
    double varianceError = variance * Math.sqrt((kurtosis - 1) / x.length);
    assertThat((squares - variance) / varianceError).as("z of the variance").isBetween(-5.0, 5.0);
  }

  private static void assertUniform(float[] x, double bound) {
    double largest = 0;
    for (float value : x) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).isLessThanOrEqualTo((float) bound).isGreaterThan(0.999 * bound);
    assertMoments(x, bound * bound / 3, 1.8);
  }

  @Test
  void uniforms() {
    assertUniform(draw(Initializer.glorotUniform()), Math.sqrt(6.0 / (IN + OUT)));
    assertUniform(draw(Initializer.heUniform()), Math.sqrt(6.0 / IN));
    assertUniform(draw(Initializer.fanInUniform()), Math.sqrt(1.0 / IN));
    assertUniform(draw(Initializer.uniform(0.25)), 0.25);
  }

  @Test
  void normals() {
    assertMoments(draw(Initializer.glorotNormal()), 2.0 / (IN + OUT), 3);
    assertMoments(draw(Initializer.heNormal()), 2.0 / IN, 3);
    assertMoments(draw(Initializer.normal(3)), 9, 3);
  }

  /** The same numbers on any machine and backend: element i from word i of Philox alone. */
  @Test
  void numbersComeFromPhilox() {
    NoiseKey key = new NoiseKey(42, 1);
    float[] x = draw(Initializer.uniform(2));
    for (int i = 0; i < 1000; i++) {
      double u = ((Philox.bits(key, i) >>> 9) + 0.5) / (1 << 23);
      assertThat((double) x[i]).isCloseTo(4 * u - 2, within(1e-6));
    }
  }

  @Test
  void fixedValues() {
    assertThat(draw(Initializer.zeros())).containsOnly(0f);
    assertThat(draw(Initializer.constant(-1.5f))).containsOnly(-1.5f);
    Tensor bias = Tensor.zeros(1, 3);
    Initializer.of(1, 2, 3).fill(bias, new NoiseKey(0, 0));
    assertThat(bias.toArray()).containsExactly(1, 2, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Initializer.of(1, 2).fill(bias, new NoiseKey(0, 0)))
        .withMessage("Initializer.of: 2 numbers given for a parameter [1,3]");
  }
}
