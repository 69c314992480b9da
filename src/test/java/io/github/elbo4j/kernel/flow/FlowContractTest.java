package io.github.elbo4j.kernel.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What flows refuse, and what they leave alone. */
class FlowContractTest {
  private final FlowKernels kernels = Backends.simd().flow();
  private final SylvesterKernels sylvester = Backends.simd().sylvester();
  private final Tensor z = Tensor.zeros(6, 5);
  private final Tensor out = Tensor.zeros(6, 5);
  private final Tensor u = Tensor.zeros(3, 5);
  private final Tensor w = Tensor.zeros(3, 5);
  private final Tensor b = Tensor.zeros(3);
  private final Tensor g = Tensor.zeros(6, 5);

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  @Test
  void planar() {
    refused(
        () -> kernels.planar(z, Tensor.zeros(4, 5), w, b, out, null),
        "planar: z has 6 rows, which must be a whole multiple of the 4 rows of u");
    refused(
        () -> kernels.planar(z, u, w, Tensor.zeros(3, 2), out, null),
        "planar: u [3,5] must have 10 columns");
    refused(
        () -> kernels.planar(z, u, w, Tensor.zeros(4), out, null),
        "planar: b [4] must have 3 elements");
    refused(
        () -> kernels.planar(z, u, Tensor.zeros(1, 5), b, out, null),
        "planar: w [1,5] must equal u [3,5]");
    refused(
        () -> kernels.planar(z, u, w, b, Tensor.zeros(5, 5), null),
        "planar: zOut [5,5] must equal z [6,5]");
    refused(
        () -> kernels.planar(z, u, w, b, out, Tensor.zeros(5)),
        "planar: logDet [5] must have 6 elements");
    refused(() -> kernels.planar(z, u, w, b, u, null), "planar: zOut [3,5] must equal z [6,5]");
    refused(
        () -> kernels.planarBackward(z, u, w, b, g, null, null, Tensor.zeros(3, 5), null, null),
        "planarBackward: du and dw must be given together or not at all");
    refused(
        () -> kernels.planarBackward(z, u, w, b, g, null, g, null, null, null),
        "planarBackward: dz must not share memory with dzOut");
  }

  @Test
  void radialAndHouseholder() {
    refused(
        () -> kernels.radial(z, Tensor.zeros(3, 4), b, b, out, null),
        "radial: z0 [3,4] must have 5 columns");
    refused(
        () -> kernels.radial(z, u, Tensor.zeros(2), b, out, null),
        "radial: alphaHat [2] must have 3 elements");
    refused(
        () -> kernels.householder(z, Tensor.zeros(3, 7), out),
        "householder: v [3,7] must have a multiple of 5 columns");
    refused(
        () -> kernels.householderBackward(z, u, g, z, null),
        "householderBackward: dz must not share memory with zOut");
  }

  @Test
  void sylvester() {
    Tensor matrices = Tensor.zeros(3, 25);
    refused(
        () -> sylvester.sylvester(z, u, Tensor.zeros(3, 5), matrices, u, out, null),
        "sylvester: r1 [3,5] must be [3,25]");
    refused(
        () -> sylvester.sylvester(z, u, matrices, matrices, b, out, null),
        "sylvester: b [3] must be [3,5]");
    refused(
        () ->
            sylvester.sylvesterBackward(
                z, u, matrices, matrices, w, g, null, null, u, null, null, null),
        "sylvesterBackward: dv and dr1 must be given together or not at all");
  }

  /** No gradient arrives, or there are no rows: nothing is written. */
  @Test
  void nothingToDo() {
    for (Backend k : List.of(Backends.reference(), Backends.simd())) {
      Tensor kept = Tensor.of(new float[] {1, 2, 3, 4, 5}, 0, 1, 5);
      Tensor none = Tensor.zeros(0, 5);
      Tensor one = Tensor.zeros(1, 5);
      Tensor bias = Tensor.zeros(1);
      Tensor dBias = Tensor.zeros(1);
      Tensor dw = Tensor.zeros(1, 5);
      k.flow().planar(none, one, one, bias, Tensor.zeros(0, 5), Tensor.zeros(0));
      k.flow().planarBackward(none, one, one, bias, none, null, null, kept, dw, dBias);
      k.flow().planarBackward(z, one, one, bias, null, null, null, kept, dw, dBias);
      k.flow().radialBackward(none, one, bias, bias, none, null, null, kept, dBias, b(1));
      k.flow().householderBackward(none, one, Tensor.zeros(0, 5), null, kept);
      assertThat(kept.toArray()).containsExactly(1, 2, 3, 4, 5);
    }
  }

  private static Tensor b(int n) {
    return Tensor.zeros(n);
  }
}
