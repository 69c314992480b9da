package io.github.elbo4j.kernel.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Masks that are not of their parameters: an error where they can be looked at, NaN elsewhere. */
@Tag("cuda")
class SplineDeviceTest {
  private static final int R = 3;
  private static final int D = 5;
  private static final int BINS = 4;
  private static final Backend CUDA = CudaBackend.get();

  /** Two dimensions have parameters. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 5})
  void maskThatSetsAnotherNumberOfDimensions(int set) {
    Tensor mask = Tensor.zeros(D);
    for (int i = 0; i < set; i++) {
      mask.array()[i] = 1;
    }
    Tensor there = CUDA.memory().allocate(D);
    CUDA.memory().copy(mask, there);
    Tensor z = Tensor.zeros(R, D);
    Tensor params = Tensor.zeros(R, SplineKernels.parameters(BINS, 2));
    Tensor out = Tensor.zeros(R, D);
    Tensor logDet = Tensor.zeros(R);
    Tensor dZ = Tensor.zeros(R, D);
    Tensor dParams = Tensor.zeros(R, params.columns());
    Tensor[] results = {out, logDet, dZ, dParams};
    SplineKernels spline = CUDA.spline();
    spline.transform(z, params, there, BINS, 3, out, logDet);
    spline.transformBackward(z, params, there, BINS, 3, z, null, dZ, dParams);
    for (Tensor result : results) {
      for (float x : result.toArray()) {
        assertThat(Float.isNaN(x)).isEqualTo(set != 2);
      }
    }
    if (set != 2) {
      assertThatThrownBy(() -> spline.transform(z, params, mask, BINS, 3, out, logDet))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("for the %d dimensions that the mask sets".formatted(set));
    }
  }
}
