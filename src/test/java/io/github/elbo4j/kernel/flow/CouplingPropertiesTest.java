package io.github.elbo4j.kernel.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What coupling steps are, beside parity: inverses, edges, errors. */
class CouplingPropertiesTest {
  private static final int R = 50;
  private static final int D = 21;

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor of(float... values) {
    return Tensor.of(values, 0, 1, values.length);
  }

  private static Tensor mask() {
    Tensor mask = Tensor.zeros(D);
    for (int i = 0; i < D; i++) {
      mask.array()[i] = i % 3 == 1 ? 0 : 1;
    }
    return mask;
  }

  private static void assertClose(Tensor got, Tensor wanted, double by) {
    for (int i = 0; i < got.size(); i++) {
      assertThat(got.get(i)).as("element %d", i).isCloseTo(wanted.get(i), within((float) by));
    }
  }

  private static void assertZero(Tensor logDet) {
    assertClose(logDet, Tensor.zeros(logDet.size()), 1e-4);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void inversesUndoTheSteps(Backend k) {
    Tensor z = TapeCheck.normal(1, 1, R, D);
    Tensor t = TapeCheck.normal(2, 1, R, D);
    Tensor s = TapeCheck.normal(3, 1, R, D);
    Tensor scale = TapeCheck.normal(4, 1.5, D);
    Tensor moved = Tensor.zeros(R, D);
    Tensor back = Tensor.zeros(R, D);
    Tensor logDet = Tensor.zeros(R);
    k.coupling().additive(z, t, mask(), moved);
    k.coupling().additiveInverse(moved, t, mask(), back);
    assertClose(back, z, 1e-6);
    k.coupling().affine(z, t, s, scale, mask(), moved, logDet);
    assertThat(logDet.get(0)).isNotZero();
    k.coupling().affineInverse(moved, t, s, scale, mask(), back, logDet);
    assertClose(back, z, 1e-4);
    assertZero(logDet);
    k.coupling().gated(z, t, s, moved, logDet);
    assertThat(logDet.get(0)).isNegative();
    k.coupling().gatedInverse(moved, t, s, back, logDet);
    assertClose(back, z, 1e-4);
    assertZero(logDet);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void handComputedSteps(Backend k) {
    Tensor z = of(2, 3, -1);
    Tensor out = Tensor.zeros(1, 3);
    Tensor logDet = Tensor.zeros(1);
    logDet.fill(10);
    k.coupling().affine(z, of(1, 1, 1), of(100, 0, 1), of(0.5f, 2, 1), of(1, 1, 0), out, logDet);
    assertClose(out, of((float) (2 * Math.exp(0.5) + 1), 4, -1), 1e-6);
    assertThat(logDet.get(0)).isCloseTo(10.5f, within(1e-6f));
    logDet.fill(10);
    k.coupling().gated(z, of(5, 5, 5), of(0, (float) Math.log(3), -200), out, logDet);
    assertClose(out, of(3.5f, 3.5f, 5), 1e-6);
    double logs = Math.log(0.5) + Math.log(0.75) - 200;
    assertThat(logDet.get(0)).isCloseTo((float) (10 + logs), within(2e-5f));
  }

  /** sigmoid(−1000) is 0 in every format; its logarithm is not −∞. */
  @ParameterizedTest
  @MethodSource("backends")
  void logOfAClosedGateIsFinite(Backend k) {
    Tensor out = Tensor.zeros(1, 2);
    Tensor logDet = Tensor.zeros(1);
    k.coupling().gated(of(1, 1), of(7, 7), of(-1000, 1000), out, logDet);
    assertThat(out.toArray()).containsExactly(7, 1);
    assertThat(logDet.get(0)).isEqualTo(-1000);
    k.coupling().gatedInverse(of(8, 1), of(7, 7), of(-1000, 1000), out, logDet);
    assertThat(out.toArray()).containsExactly(Float.POSITIVE_INFINITY, 1);
    assertThat(logDet.get(0)).isZero();
    Tensor dS = Tensor.zeros(1, 2);
    Tensor dLogDet = of(1);
    k.coupling().gatedBackward(of(1, 1), of(7, 7), of(-1000, 1000), null, dLogDet, null, null, dS);
    assertThat(dS.toArray()).containsExactly(1, 0);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void nanComesThroughWhereItIsTransformedAndNowhereElse(Backend k) {
    Tensor out = Tensor.zeros(1, 2);
    Tensor logDet = Tensor.zeros(1);
    Tensor nan = of(Float.NaN, Float.NaN);
    k.coupling().affine(of(1, 2), nan, nan, of(1, 1), of(0, 1), out, logDet);
    assertThat(out.toArray()).containsExactly(1, Float.NaN);
    assertThat(logDet.get(0)).isNaN();
    k.coupling().affine(of(1, 2), nan, nan, of(1, 1), of(0, 0), out, null);
    assertThat(out.toArray()).containsExactly(1, 2);
    k.coupling().additive(of(1, 2), nan, of(0, 1), out);
    assertThat(out.toArray()).containsExactly(1, Float.NaN);
  }

  @Test
  void wrongShapesAreNamed() {
    CouplingKernels k = Backends.simd().coupling();
    Tensor z = Tensor.zeros(2, 3);
    Tensor other = Tensor.zeros(2, 4);
    Tensor d = Tensor.zeros(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.additive(z, other, d, Tensor.zeros(2, 3)))
        .withMessage("additive: t [2,4] must equal z [2,3]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.affine(z, z, z, Tensor.zeros(4), d, Tensor.zeros(2, 3), null))
        .withMessage("affine: scale [4] must have 3 elements");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.affineInverse(z, z, z, d, d, Tensor.zeros(2, 3), Tensor.zeros(3)))
        .withMessage("affineInverse: logDet [3] must have 2 elements");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.gatedInverse(z, Tensor.zeros(2, 3), z, other, null))
        .withMessage("gatedInverse: out [2,4] must equal z [2,3]");
    Tensor out = Tensor.zeros(2, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.gated(z, out, z, out, null))
        .withMessage("gated: out must not share memory with m");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.gatedBackward(z, z, z, null, null, out, out, null))
        .withMessage("gatedBackward: dM must not share memory with dZ");
  }
}
