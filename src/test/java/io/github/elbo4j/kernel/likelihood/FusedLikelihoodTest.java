package io.github.elbo4j.kernel.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Value and gradient in one pass are those of the two passes, bit for bit, edges included. */
class FusedLikelihoodTest {
  private static final int B = 5;
  private static final int ROWS = 10;
  private static final int N = 83;

  private final Random random = new Random(5);
  private final Backend simd = Backends.simd();
  private final LikelihoodKernels apart = simd.likelihood();
  private final FusedLikelihoodKernels fused = simd.fusedLikelihood();
  private final Tensor g = normal(1, ROWS);
  private final Tensor dOne = normal(1, ROWS, N);
  private final Tensor dTwo = copy(dOne);
  private final Tensor one = Tensor.zeros(ROWS);
  private final Tensor two = Tensor.zeros(ROWS);

  private Tensor normal(double scale, int... shape) {
    Tensor t = Tensor.zeros(shape);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) (scale * random.nextGaussian());
    }
    return t;
  }

  private static Tensor copy(Tensor t) {
    Tensor copy = Tensor.zeros(ROWS, N);
    System.arraycopy(t.array(), 0, copy.array(), 0, t.size());
    return copy;
  }

  /** In whole vectors and behind them. */
  private static void withEdges(Tensor t) {
    float[] edges = {
      Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f, -1e30f, 0f, -0f, 95, -95
    };
    for (int i = 0; i < edges.length; i++) {
      t.array()[i * N + i] = edges[i];
      t.array()[i * N + N - 1] = edges[i];
    }
  }

  private ByteTensor pixels() {
    byte[] bytes = new byte[B * N];
    random.nextBytes(bytes);
    return new ByteTensor(bytes, 0, B, N);
  }

  private void same() {
    assertThat(one.array()).isEqualTo(two.array());
    assertThat(dOne.array()).isEqualTo(dTwo.array());
  }

  @Test
  void bernoulli() {
    Tensor logits = normal(4, ROWS, N);
    withEdges(logits);
    Tensor x = Tensor.zeros(B, N);
    simd.pixels().scale(pixels(), x);
    for (int b = 0; b < B; b++) {
      x.array()[b * N + N - 1] = b % 2; // 0·∞ at the edges
    }
    apart.bernoulli(logits, x, one);
    apart.bernoulliBackward(logits, x, g, dOne);
    fused.bernoulliWithGradient(logits, x, g, two, dTwo);
    same();
  }

  @Test
  void bernoulliOfPixelsAndOfDraws() {
    Tensor logits = normal(4, ROWS, N);
    ByteTensor x = pixels();
    apart.bernoulli(logits, x, one);
    apart.bernoulliBackward(logits, x, g, dOne);
    fused.bernoulliWithGradient(logits, x, g, two, dTwo);
    same();
    NoiseKey key = new NoiseKey(3, 4).at(5);
    apart.bernoulli(logits, x, key, one);
    apart.bernoulliBackward(logits, x, key, g, dOne);
    fused.bernoulliWithGradient(logits, x, key, g, two, dTwo);
    same();
  }

  @Test
  void gaussian() {
    Tensor mean = normal(1, ROWS, N);
    Tensor logVar = normal(2, ROWS, N);
    withEdges(logVar);
    mean.array()[4] = Float.NaN;
    mean.array()[N + 5] = Float.POSITIVE_INFINITY;
    Tensor x = normal(1, B, N);
    Tensor dVarOne = normal(1, ROWS, N);
    Tensor dVarTwo = copy(dVarOne);
    apart.gaussian(mean, x, logVar, one);
    apart.gaussianBackward(mean, x, logVar, g, dOne, dVarOne);
    fused.gaussianWithGradient(mean, x, logVar, g, two, dTwo, dVarTwo);
    same();
    assertThat(dVarOne.array()).isEqualTo(dVarTwo.array());
    ByteTensor pixels = pixels();
    apart.gaussian(mean, pixels, logVar, one);
    apart.gaussianBackward(mean, pixels, logVar, g, dOne, dVarOne);
    fused.gaussianWithGradient(mean, pixels, logVar, g, two, dTwo, dVarTwo);
    same();
    assertThat(dVarOne.array()).isEqualTo(dVarTwo.array());
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void dataOutsideTheUnitIntervalIsRefused() {
    Tensor logits = normal(1, ROWS, N);
    for (Backend backend : new Backend[] {simd, Backends.reference()}) {
      for (int at : new int[] {0, N - 1, 3 * N + 17, B * N - 1}) {
        Tensor x = Tensor.zeros(B, N);
        x.array()[at] = at % 2 == 0 ? -0.5f : 1.5f;
        refused(
            () -> backend.fusedLikelihood().bernoulliWithGradient(logits, x, g, two, dTwo),
            "bernoulliWithGradient: x[%d,%d] = %s must lie in [0,1]"
                .formatted(at / N, at % N, x.get(at)));
      }
    }
    fused.bernoulliWithGradient(logits, Tensor.zeros(B, N), g, two, dTwo); // forgets the refusal
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Tensor out = normal(1, ROWS, N);
    Tensor x = Tensor.zeros(B, N);
    Tensor shared = Tensor.zeros(1, N);
    refused(
        () -> fused.bernoulliWithGradient(out, x, Tensor.zeros(3), two, dTwo),
        "bernoulliWithGradient: dLogLik [3] must have 10 elements");
    refused(
        () -> fused.bernoulliWithGradient(out, x, g, Tensor.zeros(3), dTwo),
        "bernoulliWithGradient: logLik [3] must have 10 elements");
    refused(
        () -> fused.bernoulliWithGradient(out, pixels(), g, two, Tensor.zeros(ROWS, 4)),
        "bernoulliWithGradient: dLogits [10,4] must equal logits [10,83]");
    refused(
        () -> fused.gaussianWithGradient(out, x, shared, g, two, dOne, dTwo),
        "gaussianWithGradient: logVar [1,83] must equal mean [10,83]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fused.gaussianWithGradient(out, x, dOne, g, two, dTwo, dTwo))
        .withMessageContaining("dLogVar");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fused.bernoulliWithGradient(out, x, g, g, dTwo))
        .withMessageContaining("dLogLik");
  }
}
