package io.github.elbo4j.kernel.importance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What is refused, and how that is said. */
class ImportanceContractTest {
  private final ImportanceKernels kernels = Backends.simd().importance();
  private final Tensor logW = Tensor.zeros(3, 4);
  private final Tensor bound = Tensor.zeros(3);

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    refused(
        () -> kernels.bound(logW, 0, Tensor.zeros(5), null, null),
        "bound: logW has 12 elements, which must be a whole multiple of the 5 of bound");
    refused(
        () -> kernels.bound(Tensor.zeros(3, 0), 0, bound, null, null),
        "bound: logW has 0 elements, which must be a whole multiple of the 3 of bound");
    refused(
        () -> kernels.bound(logW, 0, bound, Tensor.zeros(3), null),
        "bound: weights [3] must have 12 elements");
    refused(
        () -> kernels.bound(logW, 0, bound, null, Tensor.zeros(4)),
        "bound: ess [4] must have 3 elements");
    refused(
        () -> kernels.boundBackward(logW, Tensor.zeros(5), Tensor.zeros(12)),
        "boundBackward: weights has 12 elements, which must be a whole multiple of the 5 of"
            + " dBound");
    refused(
        () -> kernels.boundBackward(logW, bound, Tensor.zeros(3)),
        "boundBackward: dLogW [3] must have 12 elements");
    refused(
        () ->
            kernels.doublyReparameterizedBackward(logW, 0, Tensor.zeros(7, 2), Tensor.zeros(7, 2)),
        "doublyReparameterizedBackward: dPath [7,2] must have 12 rows, one a weight");
    refused(
        () -> kernels.doublyReparameterizedBackward(logW, 0, Tensor.zeros(12, 2), Tensor.zeros(12)),
        "doublyReparameterizedBackward: dz [12] must equal dPath [12,2]");
    refused(
        () -> kernels.tailIndex(logW, Tensor.zeros(7), null),
        "tailIndex: logW has 12 elements, which must be a whole multiple of the 7 of kHat");
    refused(
        () -> kernels.tailIndex(logW, bound, Tensor.zeros(7)),
        "tailIndex: smoothed [7] must have 12 elements");
  }

  @Test
  void alphaMustBeANumber() {
    String tail = ": alpha must be a number or infinite, not NaN";
    refused(() -> kernels.bound(logW, Float.NaN, bound, null, null), "bound" + tail);
    refused(
        () ->
            kernels.doublyReparameterizedBackward(
                logW, Float.NaN, Tensor.zeros(12, 2), Tensor.zeros(12, 2)),
        "doublyReparameterizedBackward" + tail);
    refused(() -> new BoundStream(3, Float.NaN), "BoundStream" + tail);
  }

  @Test
  void sharedMemoryIsRefused() {
    String share = " must not share memory with ";
    refused(() -> kernels.bound(logW, 0, bound, logW, null), "bound: weights" + share + "logW");
    refused(() -> kernels.bound(logW, 0, bound, null, bound), "bound: ess" + share + "bound");
    refused(
        () -> kernels.boundBackward(logW, bound, logW), "boundBackward: dLogW" + share + "weights");
    refused(
        () -> kernels.doublyReparameterizedBackward(bound, 0, logW, logW),
        "doublyReparameterizedBackward: dz" + share + "dPath");
    refused(() -> kernels.tailIndex(logW, bound, logW), "tailIndex: smoothed" + share + "logW");
    BoundStream stream = new BoundStream(3, 0);
    kernels.push(stream, logW);
    refused(() -> kernels.finish(stream, bound, bound), "finish: ess" + share + "bound");
  }

  @Test
  void streamsThatDoNotFitAreRefused() {
    BoundStream stream = new BoundStream(3, 0);
    assertThatIllegalStateException()
        .isThrownBy(() -> kernels.finish(stream, bound, null))
        .withMessage("finish: no log-weight was pushed since the last reset");
    refused(
        () -> kernels.push(stream, Tensor.zeros(4)),
        "push: logW [4] must have a whole number of samples for each of 3 data points");
    kernels.push(stream, logW);
    assertThat(stream.count()).isEqualTo(4);
    refused(
        () -> kernels.finish(stream, Tensor.zeros(4), null),
        "finish: bound [4] must have 3 elements");
    stream.reset();
    assertThatIllegalStateException().isThrownBy(() -> kernels.finish(stream, bound, null));
  }

  @Test
  void emptyBatchesAreLeftAlone() {
    Tensor none = Tensor.zeros(0);
    for (ImportanceKernels k :
        new ImportanceKernels[] {kernels, Backends.reference().importance()}) {
      k.bound(Tensor.zeros(0, 5), 0, none, Tensor.zeros(0, 5), Tensor.zeros(0));
      k.boundBackward(Tensor.zeros(0, 5), none, Tensor.zeros(0, 5));
      k.doublyReparameterizedBackward(none, 0, Tensor.zeros(0, 3), Tensor.zeros(0, 3));
      k.tailIndex(none, Tensor.zeros(0), Tensor.zeros(0));
      BoundStream stream = new BoundStream(0, 0);
      k.push(stream, none);
      k.finish(stream, none, Tensor.zeros(0));
    }
  }
}
