package io.github.elbo4j.kernel.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What is refused, and how that is said. */
class LikelihoodContractTest {
  private static final NoiseKey KEY = new NoiseKey(1, 1);

  private final Backend backend = Backends.simd();
  private final LikelihoodKernels kernels = backend.likelihood();
  private final Tensor out = Tensor.zeros(6, 5); // logits, or a mean
  private final Tensor x = Tensor.zeros(3, 5);
  private final ByteTensor bytes = new ByteTensor(new byte[15], 0, 3, 5);
  private final Tensor perRow = Tensor.zeros(6);
  private final Tensor scalar = Tensor.zeros(1);

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void dataOfOtherWidthIsRefused() {
    Tensor narrow = Tensor.zeros(3, 4);
    ByteTensor narrowBytes = new ByteTensor(new byte[12], 0, 3, 4);
    String tail = ": x [3,4] must have 5 columns";
    refused(() -> kernels.bernoulli(out, narrow, perRow), "bernoulli" + tail);
    refused(() -> kernels.bernoulli(out, narrowBytes, perRow), "bernoulli" + tail);
    refused(() -> kernels.bernoulli(out, narrowBytes, KEY, perRow), "bernoulli" + tail);
    refused(() -> kernels.gaussian(out, narrow, scalar, perRow), "gaussian" + tail);
    refused(() -> kernels.gaussian(out, narrowBytes, scalar, perRow), "gaussian" + tail);
    Tensor d = Tensor.zeros(6, 5);
    refused(() -> kernels.bernoulliBackward(out, narrow, perRow, d), "bernoulliBackward" + tail);
    refused(
        () -> kernels.gaussianBackward(out, narrow, scalar, perRow, d, null),
        "gaussianBackward" + tail);
  }

  @Test
  void rowsThatAreNoWholeMultipleOfThePointsAreRefused() {
    Tensor seven = Tensor.zeros(7, 5);
    Tensor result = Tensor.zeros(7);
    String tail = " has 7 rows, which must be a whole multiple of the 3 rows of x";
    refused(() -> kernels.bernoulli(seven, x, result), "bernoulli: logits" + tail);
    refused(() -> kernels.bernoulli(seven, bytes, KEY, result), "bernoulli: logits" + tail);
    refused(() -> kernels.gaussian(seven, x, scalar, result), "gaussian: mean" + tail);
    refused(
        () -> kernels.gaussian(Tensor.zeros(0, 5), x, scalar, Tensor.zeros(0)),
        "gaussian: mean has 0 rows, which must be a whole multiple of the 3 rows of x");
  }

  @Test
  void resultsOfOtherLengthAreRefused() {
    Tensor five = Tensor.zeros(5);
    refused(() -> kernels.bernoulli(out, x, five), "bernoulli: logLik [5] must have 6 elements");
    refused(
        () -> kernels.gaussian(out, bytes, scalar, five),
        "gaussian: logLik [5] must have 6 elements");
    refused(
        () -> kernels.bernoulliBackward(out, bytes, KEY, five, Tensor.zeros(6, 5)),
        "bernoulliBackward: dLogLik [5] must have 6 elements");
  }

  @Test
  void gradientsOfOtherShapeAreRefused() {
    Tensor wrong = Tensor.zeros(5, 6);
    refused(
        () -> kernels.bernoulliBackward(out, x, perRow, wrong),
        "bernoulliBackward: dLogits [5,6] must equal logits [6,5]");
    refused(
        () -> kernels.gaussianBackward(out, x, scalar, perRow, wrong, null),
        "gaussianBackward: dMean [5,6] must equal mean [6,5]");
    refused(
        () -> kernels.gaussianBackward(out, bytes, scalar, perRow, null, Tensor.zeros(5)),
        "gaussianBackward: dLogVar [5] must equal logVar [1]");
  }

  @Test
  void logVarOfNoneOfTheThreeFormsIsRefused() {
    String tail = " must have 1 element, or be [5] or [6,5]";
    refused(
        () -> kernels.gaussian(out, x, Tensor.zeros(3, 5), perRow),
        "gaussian: logVar [3,5]" + tail);
    refused(
        () -> kernels.gaussian(out, bytes, Tensor.zeros(6), perRow), "gaussian: logVar [6]" + tail);
    refused(
        () -> kernels.gaussianBackward(out, x, Tensor.zeros(6, 1), perRow, null, null),
        "gaussianBackward: logVar [6,1]" + tail);
  }

  @Test
  void sharedMemoryIsRefused() {
    String share = " must not share memory with ";
    Tensor logLik = Tensor.of(out.array(), 20, 6);
    refused(() -> kernels.bernoulli(out, x, logLik), "bernoulli: logLik" + share + "logits");
    refused(() -> kernels.bernoulli(out, bytes, logLik), "bernoulli: logLik" + share + "logits");
    refused(
        () -> kernels.bernoulli(out, x, Tensor.of(x.array(), 3, 6)),
        "bernoulli: logLik" + share + "x");
    refused(() -> kernels.gaussian(out, x, scalar, logLik), "gaussian: logLik" + share + "mean");
    Tensor logVar = Tensor.zeros(6, 5);
    refused(
        () -> kernels.gaussian(out, bytes, logVar, Tensor.of(logVar.array(), 0, 6)),
        "gaussian: logLik" + share + "logVar");
    refused(
        () -> kernels.bernoulliBackward(out, x, perRow, out),
        "bernoulliBackward: dLogits" + share + "logits");
    Tensor d = Tensor.zeros(6, 5);
    refused(
        () -> kernels.gaussianBackward(out, x, logVar, perRow, d, d),
        "gaussianBackward: dLogVar" + share + "dMean");
    refused(
        () -> kernels.gaussianBackward(out, x, logVar, perRow, logVar, null),
        "gaussianBackward: dMean" + share + "logVar");
    refused(
        () -> kernels.bernoulliBackward(out, x, Tensor.of(d.array(), 7, 6), d),
        "bernoulliBackward: dLogits" + share + "dLogLik");
  }

  @Test
  void bernoulliDataOutsideTheUnitIntervalIsRefused() {
    x.array()[7] = 1.5f;
    refused(() -> kernels.bernoulli(out, x, perRow), "bernoulli: x[1,2] = 1.5 must lie in [0,1]");
    x.array()[7] = 1;
    x.array()[14] = -1e-20f;
    refused(
        () -> kernels.bernoulli(out, x, perRow), "bernoulli: x[2,4] = -1.0E-20 must lie in [0,1]");
    x.array()[14] = -0f;
    x.array()[0] = Float.NaN;
    kernels.bernoulli(out, x, perRow);
    assertThat(perRow.get(0)).isNaN();
    assertThat(perRow.get(5)).isFinite();
  }

  @Test
  void emptyBatchesAreLeftAlone() {
    Tensor none = Tensor.zeros(0, 5);
    Tensor noRows = Tensor.zeros(0);
    ByteTensor noBytes = new ByteTensor(new byte[0], 0, 0, 5);
    Tensor dLogVar = Tensor.of(new float[] {3}, 0, 1);
    for (LikelihoodKernels k :
        new LikelihoodKernels[] {kernels, Backends.reference().likelihood()}) {
      k.bernoulli(none, none, noRows);
      k.bernoulli(none, noBytes, KEY, noRows);
      k.bernoulliBackward(none, noBytes, KEY, noRows, Tensor.zeros(0, 5));
      k.gaussian(none, none, scalar, noRows);
      k.gaussianBackward(none, none, scalar, noRows, Tensor.zeros(0, 5), dLogVar);
      assertThat(dLogVar.get(0)).isEqualTo(3);
    }
  }
}
