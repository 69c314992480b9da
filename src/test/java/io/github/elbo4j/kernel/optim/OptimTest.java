package io.github.elbo4j.kernel.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Formulas and contracts of the optimiser's kernels, on every backend. */
class OptimTest {
  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  /**
   * For a constant gradient the corrected moments are g and g² at every step, whatever the betas:
   * each step is lr·g/(|g| + ε) (Kingma and Ba 2015, sections 2.1 and 3).
   */
  @ParameterizedTest
  @MethodSource("backends")
  void constantGradientMovesByTheLearningRate(Backend k) {
    float[] g = {3f, -0.02f, 1e-3f, -700f};
    double epsilon = 1e-3;
    Tensor p = Tensor.zeros(4);
    Tensor m = Tensor.zeros(4);
    Tensor v = Tensor.zeros(4);
    AdamStep s = new AdamStep(0.01, 0.8, 0.95, epsilon, 0, 0);
    for (int t = 1; t <= 200; t++) {
      k.optim().adam(p, Tensor.of(g.clone(), 0, 4), m, v, null, s.at(t, 0.01));
      for (int i = 0; i < 4; i++) {
        double wanted = -t * 0.01 * g[i] / (Math.abs(g[i]) + epsilon);
        assertThat((double) p.get(i)).isCloseTo(wanted, within(2e-6 * t + 1e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aLossThatIsNoNumberClearsTheGradientAndNoMore(Backend k) {
    for (float loss : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 7}) {
      Tensor guard = Tensor.of(new float[] {loss}, 0, 1);
      float[] old = {2, -3, 0.5f};
      Tensor p = Tensor.of(old.clone(), 0, 3);
      Tensor g = Tensor.of(new float[] {Float.NaN, 1, 2}, 0, 3);
      Tensor m = Tensor.of(old.clone(), 0, 3);
      Tensor v = Tensor.of(new float[] {1, 2, 3}, 0, 3);
      Tensor average = Tensor.of(old.clone(), 0, 3);
      k.optim().adam(p, g, m, v, null, guard, new AdamStep(0.1));
      k.optim().polyak(average, Tensor.zeros(3), 0.5f, guard);
      assertThat(g.toArray()).containsOnly(0f);
      boolean stays = loss != 7;
      assertThat(Arrays.equals(p.toArray(), old)).isEqualTo(stays);
      assertThat(Arrays.equals(m.toArray(), old)).isEqualTo(stays);
      assertThat(Arrays.equals(v.toArray(), new float[] {1, 2, 3})).isEqualTo(stays);
      assertThat(Arrays.equals(average.toArray(), old)).isEqualTo(stays);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void weightDecayShrinksTheFirstElementsOnly(Backend k) {
    Tensor p = Tensor.zeros(40);
    p.fill(2);
    AdamStep s = new AdamStep(0.1, 0.9, 0.999, 1e-8, 0.5, 21);
    k.optim().adam(p, Tensor.zeros(40), Tensor.zeros(40), Tensor.zeros(40), null, s);
    for (int i = 0; i < 40; i++) {
      assertThat(p.get(i)).as("element %d", i).isCloseTo(i < 21 ? 1.9f : 2f, within(1e-6f));
    }
  }

  /** A decay too small for a factor 1 − lr·wd in float32 still acts where it changes a sum. */
  @ParameterizedTest
  @MethodSource("backends")
  void smallWeightDecayIsNotRoundedAway(Backend k) {
    Tensor p = Tensor.zeros(20);
    p.fill(1);
    Tensor m = Tensor.zeros(20);
    AdamStep s = new AdamStep(1e-4, 0.9, 0.999, 1e-8, 1e-2, 20); // lr·wd = 1e-6 = 16.8 ulp
    for (int t = 1; t <= 1000; t++) {
      k.optim().adam(p, Tensor.zeros(20), m, Tensor.zeros(20), null, s.at(t, 1e-4));
    }
    // Each step is rounded to whole half-ulps of p: at most 3 % of 16.8.
    assertThat((double) p.get(7)).isCloseTo(Math.exp(-1e-3), within(0.03 * 1e-3));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void clippedGradientHasTheNormAskedForAndTheSameDirection(Backend k) {
    SplittableRandom random = new SplittableRandom(5);
    for (float maxNorm : new float[] {0.1f, 1, 30, 1000}) {
      int n = 5000;
      Tensor g = Tensor.zeros(n);
      double squares = 0;
      for (int i = 0; i < n; i++) {
        g.array()[i] = (float) random.nextGaussian();
        squares += g.array()[i] * (double) g.array()[i];
      }
      float[] before = g.toArray();
      Tensor norm = Tensor.zeros(1);
      Tensor scale = Tensor.zeros(1);
      k.optim().squaredNorm(g, norm);
      k.optim().clipScale(norm, maxNorm, scale);
      Tensor m = Tensor.zeros(n);
      AdamStep sees = new AdamStep(0, 0, 0, 1e-8, 0, 0); // β1 = 0: m is the gradient seen
      k.optim().adam(Tensor.zeros(n), g, m, Tensor.zeros(n), scale, sees);
      double factor = Math.min(1, maxNorm / Math.sqrt(squares));
      for (int i = 0; i < n; i++) {
        assertThat((double) m.get(i)).isCloseTo(before[i] * factor, within(1e-6 * maxNorm));
      }
      assertThat(g.toArray()).containsOnly(0f);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void nanIsNeverHidden(Backend k) {
    Tensor g = Tensor.zeros(33);
    g.array()[32] = Float.NaN;
    Tensor norm = Tensor.zeros(1);
    k.optim().squaredNorm(g, norm);
    assertThat(norm.get(0)).isNaN();
    k.optim().clipScale(norm, 1, norm);
    assertThat(norm.get(0)).isNaN();
    Tensor p = Tensor.zeros(33);
    k.optim().adam(p, g, Tensor.zeros(33), Tensor.zeros(33), null, new AdamStep(1e-3));
    assertThat(p.get(32)).isNaN();
    assertThat(p.get(31)).isZero();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void overflowingNormIsInfinite(Backend k) {
    Tensor g = Tensor.of(new float[] {3e19f, 1}, 0, 2);
    Tensor norm = Tensor.zeros(1);
    k.optim().squaredNorm(g, norm);
    assertThat(norm.get(0)).isInfinite();
    k.optim().clipScale(norm, 1, norm);
    assertThat(norm.get(0)).isZero();
  }

  /** Where a gradient has stayed away, no subnormal number is left to slow the sweep. */
  @Test
  void momentsFadeToZero() {
    Tensor m = Tensor.zeros(37);
    m.fill(-1e-37f);
    Tensor v = Tensor.zeros(37);
    v.fill(1e-37f);
    AdamStep s = new AdamStep(1e-3, 0.9, 0.9, 1e-8, 0, 0);
    for (int t = 1; t <= 30; t++) {
      Backends.simd().optim().adam(Tensor.zeros(37), Tensor.zeros(37), m, v, null, s.at(t, 1e-3));
      float wanted = (float) (1e-37 * Math.pow(0.9, t));
      boolean subnormal = wanted < Float.MIN_NORMAL;
      for (int i = 0; i < 37; i++) {
        assertThat(-m.get(i)).isCloseTo(subnormal ? 0 : wanted, within(1e-6f * wanted));
        assertThat(v.get(i)).isCloseTo(subnormal ? 0 : wanted, within(1e-6f * wanted));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void averageOfAConstantStaysTheConstant(Backend k) {
    Tensor p = Tensor.zeros(100);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 100; i++) {
      p.array()[i] = (float) random.nextGaussian();
    }
    for (float decay : new float[] {0.5f, 0.9f, 0.999f, 0.99999f, 1}) {
      Tensor average = Tensor.of(p.toArray(), 0, 100);
      for (int i = 0; i < 50; i++) {
        k.optim().polyak(average, p, decay);
      }
      assertThat(average.toArray()).isEqualTo(p.toArray());
    }
  }

  @Test
  void contractsNameTheArgument() {
    Tensor p = Tensor.zeros(4);
    Tensor q = Tensor.zeros(4);
    Tensor r = Tensor.zeros(4);
    Tensor v = Tensor.zeros(4);
    AdamStep s = new AdamStep(1e-3);
    OptimKernels k = Backends.simd().optim();
    refused(() -> k.adam(p, Tensor.zeros(5), q, v, null, s), "adam: grad [5] must have 4 elements");
    refused(() -> k.adam(p, q, Tensor.zeros(3), v, null, s), "adam: m [3] must have 4 elements");
    refused(
        () -> k.adam(p, q, r, Tensor.zeros(2, 4), null, s), "adam: v [2,4] must have 4 elements");
    refused(() -> k.adam(p, q, r, v, p, s), "adam: gradScale [4] must have 1 elements");
    refused(() -> k.adam(p, p, r, v, null, s), "adam: param must not share memory with grad");
    refused(() -> k.adam(p, q, r, r, null, s), "adam: m must not share memory with v");
    refused(
        () -> k.adam(p, q, r, v, Tensor.of(v.array(), 3, 1), s),
        "adam: v must not share memory with gradScale");
    refused(() -> k.squaredNorm(p, q), "squaredNorm: out [4] must have 1 elements");
    Tensor one = Tensor.zeros(1);
    refused(() -> k.squaredNorm(one, one), "squaredNorm: out must not share memory with x");
    refused(() -> k.clipScale(one, 0, one), "clipScale: maxNorm 0.0 must be finite and > 0");
    refused(
        () -> k.clipScale(one, Float.NaN, one), "clipScale: maxNorm NaN must be finite and > 0");
    refused(() -> k.polyak(p, one, 0.9f), "polyak: average [4] must have 1 elements");
    refused(() -> k.polyak(p, p, 0.9f), "polyak: average must not share memory with param");
    refused(() -> k.polyak(p, q, 1.5f), "polyak: decay 1.5 must be in [0,1]");
  }

  @Test
  void settingsAreChecked() {
    refused(() -> step(Double.NaN, 0.9, 0.999, 1e-8, 0, 0), "AdamStep: learningRate NaN must be");
    refused(() -> step(-1, 0.9, 0.999, 1e-8, 0, 0), "AdamStep: learningRate -1 must be finite");
    refused(() -> step(1, 1, 0.999, 1e-8, 0, 0), "AdamStep: beta1 1 must be in [0,1)");
    refused(() -> step(1, 0.9, -0.1, 1e-8, 0, 0), "AdamStep: beta2 -0.1 must be in [0,1)");
    refused(() -> step(1, 0.9, 0.999, 0, 0, 0), "AdamStep: epsilon 0 must be in [1e-30,1]");
    refused(() -> step(1, 0.9, 0.999, 1e-8, -2, 0), "AdamStep: weightDecay -2 must be finite");
    refused(() -> step(1, 0.9, 0.999, 1e-8, 0, -1), "AdamStep: decayed -1 must be >= 0");
    refused(() -> new AdamStep(1e-3).at(0, 1e-3), "AdamStep: step 0 must be >= 1");
  }

  private static AdamStep step(
      double lr, double beta1, double beta2, double epsilon, double decay, int decayed) {
    return new AdamStep(lr, beta1, beta2, epsilon, decay, decayed);
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessageStartingWith(message);
  }
}
