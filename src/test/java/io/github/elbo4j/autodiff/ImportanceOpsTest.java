package io.github.elbo4j.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Importance weights on the tape against formulas in double. */
class ImportanceOpsTest {
  private static final int B = 3;
  private static final int K = 4;

  static List<Backend> backends() {
    return TapeCheck.backends();
  }

  private static double[] renyi(double[] logW, double alpha) {
    double[] bound = new double[B];
    for (int b = 0; b < B; b++) {
      double mean = 0;
      for (int k = 0; k < K; k++) {
        double x = logW[b * K + k];
        mean += (alpha == 1 ? x : Math.exp((1 - alpha) * x)) / K;
      }
      bound[b] = alpha == 1 ? mean : Math.log(mean) / (1 - alpha);
    }
    return bound;
  }

  @ParameterizedTest
  @ValueSource(floats = {-2, 0, 0.5f, 0.9f, 1, 3})
  void bound(float alpha) {
    Tensor logW = TapeCheck.normal(1, 1, B * K);
    TapeCheck.check(
        "bound " + alpha,
        (tape, p) -> Formulas.project(tape, ImportanceOps.bound(tape, p[0], B, alpha).bound()),
        p -> Formulas.project(renyi(p[0], alpha)),
        logW);
  }

  /** logW = 3 z + v: what comes back to v has w̃, what comes back to z is multiplied once more. */
  @ParameterizedTest
  @MethodSource("backends")
  void onlyThePathIsDoublyReparameterized(Backend backend) {
    float alpha = 0.25f;
    Tensor z = TapeCheck.normal(2, 0.4, B * K, 1);
    Tensor dz = Tensor.zeros(B * K, 1);
    Tensor bias = Tensor.of(new float[] {0.5f}, 0, 1, 1);
    Tensor dBias = Tensor.zeros(1, 1);
    Tape tape = new Tape(backend);
    ImportanceOps.Path path = ImportanceOps.path(tape, Var.parameter(z, dz));
    assertThat(path.out().value().toArray()).isEqualTo(z.toArray());
    Var slope = Var.constant(Tensor.of(new float[] {3}, 0, 1, 1));
    Var v = Var.parameter(bias, dBias);
    Var logW = DenseOps.dense(tape, path.out(), slope, v, Activation.NONE);
    ImportanceOps.Bound bound = ImportanceOps.bound(tape, logW, B, alpha);
    path.weightedBy(bound);
    tape.backward(ReduceOps.weightedSum(tape, bound.bound(), 1));
    for (int b = 0; b < B; b++) {
      double sum = 0;
      for (int k = 0; k < K; k++) {
        sum += Math.exp((1 - alpha) * 3 * z.get(b * K + k));
      }
      double squares = 0;
      for (int k = 0; k < K; k++) {
        double w = Math.exp((1 - alpha) * 3 * z.get(b * K + k)) / sum;
        squares += w * w;
        assertThat((double) bound.weights().get(b * K + k)).isCloseTo(w, within(1e-6));
        assertThat((double) dz.get(b * K + k))
            .isCloseTo(3 * (alpha * w + (1 - alpha) * w * w), within(1e-5));
      }
      assertThat((double) bound.ess().get(b)).isCloseTo(1 / squares, within(1e-5));
    }
    assertThat(dBias.get(0)).isCloseTo(B, within(1e-5f)); // Σ w̃
  }

  @Test
  void aPathMustBeToldItsBound() {
    Tape tape = new Tape(Backends.simd());
    ImportanceOps.Path path =
        ImportanceOps.path(tape, Var.parameter(Tensor.zeros(4), Tensor.zeros(4)));
    Var loss = ReduceOps.weightedSum(tape, ImportanceOps.bound(tape, path.out(), 2, 0).bound(), 1);
    assertThatIllegalStateException()
        .isThrownBy(() -> tape.backward(loss))
        .withMessage("backward: a path was not told the bound it is weighted by");
  }

  @Test
  void nodesAreUsedAgain() {
    Tape tape = new Tape(Backends.simd());
    Var z = Var.parameter(TapeCheck.normal(5, 1, 4), Tensor.zeros(4));
    ImportanceOps.Path first = ImportanceOps.path(tape, z);
    ImportanceOps.Bound bound = ImportanceOps.bound(tape, first.out(), 2, 0);
    tape.reset();
    assertThat(ImportanceOps.path(tape, z)).isSameAs(first);
    assertThat(ImportanceOps.bound(tape, first.out(), 2, 0)).isSameAs(bound);
  }
}
