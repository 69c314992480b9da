package io.github.elbo4j.kernel.discrete;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Categorical results against enumeration and textbook values; on every backend. */
class CategoricalPropertiesTest {
  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static Tensor normal(long seed, int... dims) {
    Tensor t = Tensor.zeros(dims);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  private static Tensor logs(double... probabilities) {
    Tensor t = Tensor.zeros(1, probabilities.length);
    for (int i = 0; i < probabilities.length; i++) {
      t.array()[i] = (float) (Math.log(probabilities[i]) + 3);
    }
    return t;
  }

  /**
   * Σ over all 4³ assignments of three variables of the product of their terms is the product of
   * the three sums.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void marginalizationIsTheSumByEnumeration(Backend backend) {
    int rows = 21;
    Tensor logPi = normal(1, 3, 12);
    Tensor f = normal(2, rows, 12);
    Tensor logSum = Tensor.zeros(rows, 3);
    Tensor posterior = Tensor.zeros(rows, 12);
    backend.categorical().marginalize(logPi, 4, f, logSum, posterior);
    for (int r = 0; r < rows; r++) {
      double total = 0;
      double[] where = new double[12];
      for (int a = 0; a < 64; a++) {
        int[] d = {a % 4, 4 + a / 4 % 4, 8 + a / 16};
        double joint = 0;
        for (int i : d) {
          joint += logPi.get(r / 7 * 12 + i) + (double) f.get(r * 12 + i);
        }
        total += Math.exp(joint);
        for (int i : d) {
          where[i] += Math.exp(joint);
        }
      }
      double sum = 0;
      for (int n = 0; n < 3; n++) {
        sum += logSum.get(r * 3 + n);
      }
      assertThat(sum).isCloseTo(Math.log(total), within(1e-5));
      for (int i = 0; i < 12; i++) {
        assertThat((double) posterior.get(r * 12 + i)).isCloseTo(where[i] / total, within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void textbookValues(Backend backend) {
    Tensor out = Tensor.zeros(1);
    backend.categorical().kl(logs(0.5, 0.5), 2, logs(0.25, 0.75), out);
    assertThat((double) out.get(0)).isCloseTo(0.5 * Math.log(4 / 3.0), within(1e-6));
    backend.categorical().entropy(logs(0.5, 0.25, 0.25), 3, out);
    assertThat((double) out.get(0)).isCloseTo(1.5 * Math.log(2), within(1e-6));
    backend.categorical().klToUniform(logs(0.5, 0.25, 0.25), 3, out);
    assertThat((double) out.get(0)).isCloseTo(Math.log(3) - 1.5 * Math.log(2), within(1e-6));
    backend.categorical().logProbOfWeights(logs(0.5, 0.25, 0.25), 3, logs(1, 1, 1), out);
    assertThat((double) out.get(0)).isCloseTo(-15 * Math.log(2), within(1e-5));
    Tensor second = Tensor.of(new float[] {1}, 0, 1, 1);
    backend.categorical().logProb(logs(0.2, 0.7, 0.1), 3, second, out);
    assertThat((double) out.get(0)).isCloseTo(Math.log(0.7), within(1e-6));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void entropyAndDivergencesAddUpAndAreNotNegative(Backend backend) {
    Tensor logits = normal(3, 50, 60);
    Tensor entropy = Tensor.zeros(50);
    Tensor kl = Tensor.zeros(50);
    backend.categorical().entropy(logits, 10, entropy);
    backend.categorical().klToUniform(logits, 10, kl);
    Tensor toUniform = Tensor.zeros(50);
    backend.categorical().kl(logits, 10, Tensor.zeros(1, 60), toUniform);
    Tensor self = Tensor.zeros(50);
    backend.categorical().kl(logits, 10, logits, self);
    for (int r = 0; r < 50; r++) {
      assertThat(entropy.get(r)).isPositive();
      assertThat(kl.get(r)).isPositive();
      assertThat((double) entropy.get(r) + kl.get(r)).isCloseTo(6 * Math.log(10), within(1e-4));
      assertThat(toUniform.get(r)).isCloseTo(kl.get(r), within(1e-4f));
      assertThat(self.get(r)).isZero();
    }
  }
}
