package io.github.elbo4j.kernel.divergence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold of a kernel matrix, and what is refused. */
class ProcessPropertiesTest {
  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor normal(long seed, int... dims) {
    SplittableRandom random = new SplittableRandom(seed);
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aKernelMatrixIsSymmetricAndPositiveSemidefinite(Backend k) {
    int n = 37;
    Tensor x = normal(1, n, 3);
    Tensor matrix = Tensor.zeros(n, n);
    Tensor logVariance = Tensor.of(new float[] {0.5f}, 0, 1);
    k.process().ard(x, null, normal(2, 3), logVariance, 1e-4f, matrix);
    RealMatrix m = new Array2DRowRealMatrix(n, n);
    for (int i = 0; i < n; i++) {
      assertThat((double) matrix.get(i * n + i)).isCloseTo(Math.exp(0.5) + 1e-4, within(1e-6));
      for (int j = 0; j < n; j++) {
        assertThat(matrix.get(i * n + j)).isEqualTo(matrix.get(j * n + i));
        m.setEntry(i, j, matrix.get(i * n + j));
      }
    }
    for (double eigenvalue : new EigenDecompositionSymmetric(m).getEigenvalues()) {
      assertThat(eigenvalue).isPositive();
    }
  }

  /** A coordinate of weight 0 changes nothing. */
  @ParameterizedTest
  @MethodSource("backends")
  void anIrrelevantCoordinateChangesNothing(Backend k) {
    Tensor x = normal(3, 5, 2);
    Tensor moved = Tensor.of(x.toArray(), 0, 5, 2);
    for (int i = 0; i < 5; i++) {
      moved.array()[2 * i + 1] += 10 * i;
    }
    Tensor logWeight = Tensor.of(new float[] {0, Float.NEGATIVE_INFINITY}, 0, 2);
    Tensor one = Tensor.zeros(1);
    Tensor a = Tensor.zeros(5, 5);
    Tensor b = Tensor.zeros(5, 5);
    k.process().ard(x, null, logWeight, one, 0, a);
    k.process().ard(moved, null, logWeight, one, 0, b);
    assertThat(b.toArray()).containsExactly(a.toArray(), within(1e-6f));
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void badArgumentsAreRefused() {
    ProcessKernels k = Backends.simd().process();
    Tensor x = Tensor.zeros(3, 2);
    Tensor y = Tensor.zeros(4, 2);
    Tensor w = Tensor.zeros(2);
    Tensor one = Tensor.zeros(1);
    refused(
        () -> k.ard(x, y, w, one, 0.1f, Tensor.zeros(3, 4)),
        "ard: jitter 0.1 must be finite, >= 0, and 0 unless y is null (x itself)");
    refused(() -> k.ard(x, y, w, one, 0, Tensor.zeros(4, 3)), "ard: k [4,3] must be [3,4]");
    refused(
        () -> k.ard(x, null, Tensor.zeros(3), one, 0, Tensor.zeros(3, 3)),
        "ard: logWeight [3] must have 2 elements");
    refused(
        () -> k.ardBackward(x, null, w, one, Tensor.zeros(3, 3), null, y, null, null),
        "ardBackward: dY must be null where y is");
    refused(
        () -> k.conditionalVariance(y, one, Tensor.zeros(4)),
        "conditionalVariance: variance [4] must have 2 elements");
    refused(
        () -> k.conditionalCovariance(Tensor.zeros(3, 3), y, Tensor.zeros(3, 3)),
        "conditionalCovariance: k [3,3] must be [2,2]");
  }
}
