package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.MatrixLayout.LANES;
import static io.github.elbo4j.kernel.covariance.MatrixLayout.MATRICES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What is refused, and how that is said. */
class CholeskyContractTest {
  private static final String SHARE = " must not share memory with ";

  private final CholeskyKernels kernels = Backends.simd().cholesky();
  private final Tensor a = Tensor.zeros(3, 4, 4);
  private final Tensor l = Tensor.zeros(3, 16);
  private final Tensor x = Tensor.zeros(3, 4, 2);
  private final Tensor lanes = Tensor.zeros(1, 256);
  private final int[] status = new int[3];

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void shapesOfMatrices() {
    String square = " must be [B,D,D] or [B,D·D]";
    refused(
        () -> kernels.factor(MATRICES, Tensor.zeros(3, 4, 5), l, status),
        "factor: a [3,4,5]" + square);
    refused(
        () -> kernels.factor(MATRICES, Tensor.zeros(3, 15), l, status),
        "factor: a [3,15]" + square);
    refused(() -> kernels.factor(MATRICES, Tensor.zeros(16), l, status), "factor: a [16]" + square);
    refused(
        () -> kernels.factor(LANES, a, lanes, status), "factor: a [3,4,4] must be [B/16,D·D·16]");
    refused(
        () -> kernels.factor(LANES, Tensor.zeros(1, 255), lanes, status),
        "factor: a [1,255] must be [B/16,D·D·16]");
    refused(
        () -> kernels.factor(MATRICES, Tensor.zeros(3, 0), l, status),
        "factor: a has order 0, which must be 1 … 512");
    refused(
        () -> kernels.factor(MATRICES, Tensor.zeros(1, 513, 513), l, status),
        "factor: a has order 513, which must be 1 … 512");
    refused(
        () -> kernels.factor(MATRICES, a, Tensor.zeros(3, 25), status),
        "factor: l [3,25] must equal a [3,4,4]");
    refused(
        () -> kernels.factor(MATRICES, a, Tensor.zeros(2, 16), status),
        "factor: l [2,16] must equal a [3,4,4]");
    refused(
        () -> kernels.factorBackward(MATRICES, l, Tensor.zeros(3, 9), a),
        "factorBackward: dL [3,9] must equal l [3,16]");
    refused(
        () -> kernels.factorBackward(MATRICES, l, a, Tensor.zeros(3, 9)),
        "factorBackward: dA [3,9] must equal l [3,16]");
  }

  @Test
  void counts() {
    refused(
        () -> kernels.factor(MATRICES, a, l, new int[2]),
        "factor: status has 2 elements, must have 3 as a has");
    refused(
        () -> kernels.factor(LANES, lanes, lanes, new int[17]),
        "factor: status has 17 elements, must fill the 1 groups of a");
    refused(
        () -> kernels.logDet(MATRICES, l, Tensor.zeros(4)),
        "logDet: out has 4 elements, must have 3 as l has");
    refused(
        () -> kernels.logDetBackward(LANES, lanes, Tensor.zeros(0), Tensor.zeros(1, 256)),
        "logDetBackward: g has 0 elements, must fill the 1 groups of l");
  }

  @Test
  void shapesOfRightHandSides() {
    String wanted = " must be [3,4,M] or [3,4·M]";
    for (Tensor wrong :
        new Tensor[] {Tensor.zeros(3, 5, 2), Tensor.zeros(2, 8), Tensor.zeros(3, 9)}) {
      refused(
          () -> kernels.solve(MATRICES, LinearSystem.FULL, l, wrong, x),
          "solve: y " + wrong.shape() + wanted);
    }
    refused(
        () -> kernels.solve(MATRICES, LinearSystem.FULL, l, x, Tensor.zeros(3, 12)),
        "solve: x [3,12] must equal y [3,4,2]");
    refused(
        () -> kernels.solve(LANES, LinearSystem.FULL, lanes, x, x),
        "solve: y [3,4,2] must be [1,4·M·16]");
    Tensor other = Tensor.zeros(3, 4);
    refused(
        () -> kernels.solveBackward(MATRICES, LinearSystem.FULL, l, x, other, null, null),
        "solveBackward: dX [3,4] must equal x [3,4,2]");
    refused(
        () ->
            kernels.solveBackward(
                MATRICES, LinearSystem.FULL, l, x, Tensor.zeros(3, 8), other, null),
        "solveBackward: dL [3,4] must equal l [3,16]");
    refused(
        () ->
            kernels.solveBackward(
                MATRICES, LinearSystem.FULL, l, x, Tensor.zeros(3, 8), null, other),
        "solveBackward: dY [3,4] must equal x [3,4,2]");
  }

  @Test
  void shapesOfPacking() {
    refused(
        () -> kernels.pack(a, Tensor.zeros(2, 256)),
        "pack: packed [2,256] must be [1,256] for [3,4,4]");
    refused(
        () -> kernels.unpack(Tensor.zeros(1, 240), a),
        "unpack: packed [1,240] must be [1,256] for [3,4,4]");
  }

  @Test
  void outputsStandAlone() {
    Tensor shifted = Tensor.of(new float[50], 0, 3, 16);
    Tensor moved = Tensor.of(shifted.array(), 1, 3, 16);
    refused(
        () -> kernels.factor(MATRICES, shifted, moved, status),
        "factor: l must be a itself or share no memory with it");
    refused(() -> kernels.factorBackward(MATRICES, l, a, l), "factorBackward: dA" + SHARE + "l");
    refused(() -> kernels.factorBackward(MATRICES, l, a, a), "factorBackward: dA" + SHARE + "dL");
    Tensor part = Tensor.of(l.array(), 0, 3, 4, 2);
    refused(
        () -> kernels.solve(MATRICES, LinearSystem.LOWER, l, x, part), "solve: x" + SHARE + "l");
    Tensor dX = Tensor.zeros(3, 8);
    refused(
        () -> kernels.solveBackward(MATRICES, LinearSystem.LOWER, l, x, dX, l, null),
        "solveBackward: dL" + SHARE + "l");
    refused(
        () -> kernels.solveBackward(MATRICES, LinearSystem.LOWER, l, x, dX, null, x),
        "solveBackward: dY" + SHARE + "x");
    refused(
        () -> kernels.logDetBackward(MATRICES, l, Tensor.zeros(3), l),
        "logDetBackward: dL" + SHARE + "l");
    refused(
        () -> kernels.logDet(MATRICES, l, Tensor.of(l.array(), 0, 3)), "logDet: out" + SHARE + "l");
    refused(() -> kernels.pack(lanes, Tensor.of(lanes.array(), 0, 1, 4096)), message());
  }

  private static String message() {
    return "Tensor: shape [1,4096] needs 4096 elements from offset 0, the array has 256";
  }

  @Test
  void theExceptionNamesMatrixAndMinor() {
    CholeskyKernels.requirePositiveDefinite(new int[] {0, 0});
    assertThatExceptionOfType(NotPositiveDefiniteException.class)
        .isThrownBy(() -> CholeskyKernels.requirePositiveDefinite(new int[] {0, 3, 1}))
        .withMessage(
            "matrix 1 is not positive definite: its leading minor of order 3 is not, or not finite")
        .satisfies(
            e -> {
              assertThat(e.index()).isEqualTo(1);
              assertThat(e.minor()).isEqualTo(3);
            });
  }
}
