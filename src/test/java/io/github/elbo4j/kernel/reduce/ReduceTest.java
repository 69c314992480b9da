package io.github.elbo4j.kernel.reduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values worked out by hand, edges and contracts of the reductions, on every backend. */
class ReduceTest {
  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void freeBitsByHand(Backend k) {
    // means 2, 0.25 and exactly λ = 0.5
    Tensor kl = Tensor.of(new float[] {1, 0.5f, 0.25f, 3, 0, 0.75f}, 0, 2, 3);
    Tensor out = Tensor.zeros(1);
    out.fill(10);
    k.reduce().freeBits(kl, 0.5f, 2, out);
    assertThat(out.get(0)).isEqualTo(10 + 2 * (2 + 0.5f + 0.5f));
    Tensor dOut = Tensor.of(new float[] {3}, 0, 1);
    Tensor dKl = Tensor.zeros(2, 3);
    k.reduce().freeBitsBackward(kl, 0.5f, 2, dOut, dKl);
    assertThat(dKl.toArray()).containsExactly(3, 0, 0, 3, 0, 0);
  }

  /** One float32 chain of so many terms is wrong in the third digit. */
  @ParameterizedTest
  @MethodSource("backends")
  void longSumsKeepTheirPrecision(Backend k) {
    int n = 3_000_000;
    Tensor x = Tensor.zeros(n);
    x.fill(0.1f);
    Tensor out = Tensor.zeros(1);
    k.reduce().addSum(x, 1, out);
    assertThat((double) out.get(0)).isCloseTo(n * (double) 0.1f, within(1e-6 * n * 0.1));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void nanStaysNan(Backend k) {
    Tensor x = Tensor.of(new float[] {1, Float.NaN}, 0, 1, 2);
    Tensor out = Tensor.zeros(1);
    k.reduce().addSum(x, 0.5f, out);
    assertThat(out.get(0)).isNaN();
    out.fill(0);
    k.reduce().freeBits(x, 5, 1, out);
    assertThat(out.get(0)).isNaN();
  }

  @Test
  void contractsNameTheArgument() {
    ReduceKernels k = Backends.simd().reduce();
    Tensor one = Tensor.zeros(1);
    Tensor kl = Tensor.zeros(3, 2);
    refused(() -> k.addSum(kl, 1, kl), "addSum: out [3,2] must have 1 elements");
    refused(() -> k.addSum(one, 1, one), "addSum: out must not share memory with x");
    refused(() -> k.addSumBackward(kl, 1, kl), "addSumBackward: dOut [3,2] must have 1 elements");
    refused(() -> k.addSumBackward(one, 1, one), "addSumBackward: dx must not share memory with");
    refused(
        () -> k.freeBits(Tensor.zeros(0, 20), 1, 1, one),
        "freeBits: klPerDim [0,20] must have at least one row");
    refused(() -> k.freeBits(kl, -1, 1, one), "freeBits: lambda -1.0 must be finite and >= 0");
    refused(() -> k.freeBits(kl, Float.NaN, 1, one), "freeBits: lambda NaN must be finite");
    refused(
        () -> k.freeBitsBackward(kl, 1, 1, one, Tensor.zeros(2, 3)),
        "freeBitsBackward: dKlPerDim [2,3] must equal klPerDim [3,2]");
    refused(
        () -> k.freeBitsBackward(kl, 1, 1, one, kl),
        "freeBitsBackward: dKlPerDim must not share memory with klPerDim");
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessageStartingWith(message);
  }
}
