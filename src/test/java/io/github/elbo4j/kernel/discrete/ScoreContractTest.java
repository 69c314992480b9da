package io.github.elbo4j.kernel.discrete;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What score-function pieces and codebooks refuse, and how that is said. */
class ScoreContractTest {
  private final ScoreKernels score = Backends.simd().score();
  private final CodebookKernels codebook = Backends.simd().codebook();
  private final Tensor z = Tensor.zeros(6, 5);
  private final Tensor mu = Tensor.zeros(3, 5);
  private final Tensor perRow = Tensor.zeros(6);

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void shapes() {
    refused(
        () -> score.gaussianLogProb(Tensor.zeros(6, 4), mu, mu, perRow),
        "gaussianLogProb: z [6,4] must have 5 columns");
    refused(
        () -> score.gaussianLogProb(Tensor.zeros(7, 5), mu, mu, perRow),
        "gaussianLogProb: z has 7 rows, which must be a whole multiple of the 3 rows of mu");
    refused(
        () -> score.gaussianLogProb(z, mu, z, perRow),
        "gaussianLogProb: logVar [6,5] must equal mu [3,5]");
    refused(
        () -> score.bernoulliLogProbBackward(z, mu, Tensor.zeros(3), Tensor.zeros(3, 5)),
        "bernoulliLogProbBackward: dLogQ [3] must have 6 elements");
    refused(
        () -> score.gaussianLogProbBackward(z, mu, mu, perRow, null, Tensor.zeros(3, 5), null),
        "gaussianLogProbBackward: dMu and dLogVar must be given together or not at all");
    refused(
        () -> score.leaveOneOut(Tensor.zeros(4, 1), Tensor.zeros(4, 1)),
        "leaveOneOut: f [4,1] must have at least 2 samples (columns)");
    refused(() -> score.vimco(z, null, mu), "vimco: signal [3,5] must equal logW [6,5]");
    refused(
        () -> score.controlVariate(z, Tensor.zeros(6, 5), mu, null),
        "controlVariate: coefficient [3,5] must have 6 elements");
  }

  @Test
  void outputsShareNoMemory() {
    Tensor h = Tensor.zeros(6, 5);
    refused(() -> score.vimco(z, null, z), "vimco: signal must not share memory with logW");
    refused(
        () -> score.controlVariate(z, h, perRow, h),
        "controlVariate: controlled must not share memory with h");
  }

  @Test
  void codebooks() {
    int[] index = new int[6];
    refused(
        () -> codebook.nearest(z, Tensor.zeros(0, 5), index, null),
        "nearest: codebook [0,5] must have at least one entry");
    refused(
        () -> codebook.nearest(z, mu, new int[5], null),
        "nearest: index has 5 entries, which must be 6");
    refused(
        () -> codebook.lookup(mu, new int[] {0, 1, 2, 3, 0, 0}, z),
        "lookup: index[3] is 3, which must be in [0,3)");
    refused(
        () -> codebook.lookupBackward(new int[] {-1, 0, 0, 0, 0, 0}, z, mu),
        "lookupBackward: index[0] is -1, which must be in [0,3)");
    refused(
        () -> codebook.usage(index, z, Tensor.zeros(4), mu),
        "usage: counts [4] must have 3 elements");
    Tensor n = Tensor.zeros(3);
    refused(
        () -> codebook.movingAverage(n, mu, 1, 1, n, mu, mu),
        "movingAverage: decay 1.0 must be in [0,1)");
    refused(
        () -> codebook.movingAverage(n, mu, 0, 0, n, mu, mu),
        "movingAverage: smoothing 0.0 must be > 0 and finite");
  }
}
