package io.github.elbo4j.kernel.discrete;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What the Concrete and the categorical family refuse, word for word. */
class DiscreteContractTest {
  private static final NoiseKey KEY = new NoiseKey(1, 1);
  private final ConcreteKernels concrete = Backends.simd().concrete();
  private final CategoricalKernels categorical = Backends.simd().categorical();
  private final Tensor logits = Tensor.zeros(2, 6);
  private final Tensor sample = Tensor.zeros(4, 6);
  private final Tensor other = Tensor.zeros(4, 6);
  private final Tensor wrong = Tensor.zeros(4, 7);
  private final Tensor perRow = Tensor.zeros(4);
  private final Tensor index = Tensor.zeros(4, 2);

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  @Test
  void sizes() {
    refused(
        () -> concrete.gumbelMax(logits, 0, KEY, sample, null),
        "gumbelMax: categories 0 must be >= 1");
    refused(
        () -> concrete.gumbelMax(logits, 4, KEY, sample, null),
        "gumbelMax: logAlpha [2,6] must have a multiple of 4 columns");
    refused(
        () -> concrete.gumbelMax(logits, 3, KEY, null, null),
        "gumbelMax: oneHot or index must be given");
    refused(
        () -> concrete.gumbelMax(logits, 3, KEY, Tensor.zeros(3, 6), null),
        "gumbelMax: oneHot has 3 rows, which must be a whole multiple of the 2 rows of logAlpha");
    refused(
        () -> concrete.sample(logits, 3, 1, KEY, wrong, null, null, null),
        "sample: logY [4,7] must have 6 columns");
    refused(
        () -> concrete.sample(logits, 3, 1, KEY, sample, null, null, Tensor.zeros(3)),
        "sample: logQ [3] must have 4 elements");
    refused(
        () -> concrete.logDensityBackward(logits, 3, 1, sample, false, perRow, wrong, null, null),
        "logDensityBackward: dLogAlpha [4,7] must equal logAlpha [2,6]");
    refused(
        () -> categorical.logProb(logits, 3, sample, perRow),
        "logProb: index [4,6] must have 2 columns");
    refused(
        () -> categorical.marginalize(logits, 3, sample, perRow, null),
        "marginalize: logSum [4] must have 8 elements");
    refused(
        () -> categorical.kl(logits, 3, sample, perRow),
        "kl: logits has 2 rows, which must be a whole multiple of the 4 rows of the parameters");
  }

  @Test
  void temperatures() {
    for (float tau : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      refused(
          () -> concrete.sample(logits, 3, tau, KEY, sample, null, null, null),
          "sample: tau " + tau + " must be in [1e-30, 1e30]");
    }
  }

  @Test
  void categoriesThatAreNone() {
    for (float d : new float[] {-1, 3, 0.5f, Float.NaN}) {
      index.array()[5] = d;
      refused(
          () -> categorical.logProb(logits, 3, index, perRow),
          "logProb: index[5] is " + d + ", wanted a whole number in [0, 3)");
      refused(
          () -> concrete.conditional(logits, 3, 1, index, KEY, sample, null),
          "conditional: index[5] is " + d + ", wanted a whole number in [0, 3)");
    }
  }

  @Test
  void sharedMemory() {
    refused(
        () -> concrete.sample(logits, 3, 1, KEY, sample, sample, null, null),
        "sample: y must not share memory with logY");
    refused(
        () -> concrete.conditionalBackward(logits, 3, 1, sample, null, other, null, logits, null),
        "conditionalBackward: dLogAlpha must not share memory with logAlpha");
    refused(
        () -> concrete.conditionalBackward(logits, 3, 1, sample, null, null, other, null, null),
        "conditionalBackward: dLogY is given, so logY must be too");
    refused(
        () -> categorical.marginalize(logits, 3, sample, index, sample),
        "marginalize: responsibilities must not share memory with f");
  }

  /** A tensor [R·N,C] is the same variables one a row: a density for each of them. */
  @Test
  void aViewGivesOneNumberAVariable() {
    Tensor logY = Tensor.zeros(2, 6);
    concrete.sample(logits, 3, 1, KEY, logY, null, null, null);
    Tensor each = Tensor.zeros(4);
    Tensor rows = Tensor.zeros(2);
    concrete.logDensity(logits, 3, 1, logY, false, rows);
    concrete.logDensity(
        logits.slice(0, Shape.of(4, 3)), 3, 1, logY.slice(0, Shape.of(4, 3)), false, each);
    assertThat(rows.get(0)).isCloseTo(each.get(0) + each.get(1), within(1e-5f));
  }
}
