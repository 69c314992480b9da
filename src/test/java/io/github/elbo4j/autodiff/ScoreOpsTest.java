package io.github.elbo4j.autodiff;

import static io.github.elbo4j.kernel.Doubles.read;
import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Log-probabilities and codebooks on the tape against formulas in double. */
class ScoreOpsTest {
  private static final int B = 3;
  private static final int D = 5;

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void gaussianLogProb(int k) {
    Tensor z = normal(1, 1, B * k, D);
    Tensor mu = normal(2, 1, B, D);
    Tensor logVar = normal(3, 0.7, B, D);
    check(
        "gaussianLogProb",
        (tape, p) -> Formulas.project(tape, ScoreOps.gaussianLogProb(tape, p[0], p[1], p[2])),
        p -> Formulas.project(Formulas.logDensity(p[0], p[1], p[2], k, D)),
        z,
        mu,
        logVar);
    check(
        "gaussianLogProb of constants",
        (tape, p) ->
            Formulas.project(tape, ScoreOps.gaussianLogProb(tape, Var.constant(z), p[0], p[1])),
        p -> Formulas.project(Formulas.logDensity(read(z), p[0], p[1], k, D)),
        mu,
        logVar);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void bernoulliLogProb(int k) {
    Tensor x = normal(4, 1, B * k, D);
    for (int i = 0; i < x.size(); i++) {
      x.array()[i] = x.get(i) > 0 ? 1 : 0;
    }
    check(
        "bernoulliLogProb",
        (tape, p) -> Formulas.project(tape, ScoreOps.bernoulliLogProb(tape, x, p[0])),
        p -> {
          double[] logQ = new double[B * k];
          for (int i = 0; i < x.size(); i++) {
            double l = p[0][i / D / k * D + i % D];
            logQ[i / D] += x.get(i) * l - Math.log(1 + Math.exp(l));
          }
          return Formulas.project(logQ);
        },
        normal(5, 1, B, D));
  }

  @Test
  void lookup() {
    int[] index = {3, 0, 3, 1};
    check(
        "lookup",
        (tape, p) -> Formulas.project(tape, CodebookOps.lookup(tape, p[0], index)),
        p -> {
          double[] rows = new double[index.length * D];
          for (int i = 0; i < rows.length; i++) {
            rows[i] = p[0][index[i / D] * D + i % D];
          }
          return Formulas.project(rows);
        },
        normal(6, 1, 4, D));
  }

  /** The value is the entry, the gradient that of the identity, added to what is there. */
  @Test
  void quantizeIsStraightThrough() {
    Tensor z = Tensor.of(new float[] {0.9f, 0.1f, -2, 5}, 0, 2, 2);
    Tensor codebook = Tensor.of(new float[] {-1, 4, 1, 0}, 0, 2, 2);
    Tensor dZ = Tensor.of(new float[] {10, 10, 10, 10}, 0, 2, 2);
    int[] index = new int[2];
    Tape tape = new Tape(Backends.simd());
    Var out = CodebookOps.quantize(tape, Var.parameter(z, dZ), codebook, index);
    tape.backward(ReduceOps.weightedSum(tape, out, 3));
    assertThat(index).containsExactly(1, 0);
    assertThat(out.value().toArray()).containsExactly(1, 0, -1, 4);
    assertThat(dZ.toArray()).containsExactly(13, 13, 13, 13);
  }
}
