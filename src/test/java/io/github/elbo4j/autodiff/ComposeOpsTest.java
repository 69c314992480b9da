package io.github.elbo4j.autodiff;

import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Value and gradient of the pieces that put models together, against formulas in double. */
class ComposeOpsTest {
  private static final int B = 3;
  private static final int D = 5;

  private static double[] array(int n, IntToDoubleFunction f) {
    return IntStream.range(0, n).mapToDouble(f).toArray();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sumsOfMatricesAndVectors(boolean matrix) {
    int[] dims = matrix ? new int[] {B, D} : new int[] {B * D};
    Tensor c = normal(3, 1, dims);
    check(
        "sum of two",
        (tape, p) -> Formulas.project(tape, ComposeOps.sum(tape, p[0], 2, p[1], -0.5f)),
        p -> Formulas.project(array(B * D, i -> 2 * p[0][i] - 0.5 * p[1][i])),
        normal(1, 1, dims),
        normal(2, 1, dims));
    check(
        "sum of three",
        (tape, p) ->
            Formulas.project(tape, ComposeOps.sum(tape, p[0], 2, p[1], -0.5f, p[2], 0.25f)),
        p -> Formulas.project(array(B * D, i -> 2 * p[0][i] - 0.5 * p[1][i] + 0.25 * p[2][i])),
        normal(1, 1, dims),
        normal(2, 1, dims),
        c);
    check(
        "sum of one with itself and a constant",
        (tape, p) ->
            Formulas.project(tape, ComposeOps.sum(tape, p[0], 2, Var.constant(c), 1, p[0], -0.5f)),
        p -> Formulas.project(array(B * D, i -> 1.5 * p[0][i] + c.get(i))),
        normal(1, 1, dims));
  }

  @Test
  void aSumKeepsItsRank() {
    Tape tape = new Tape(Backends.simd());
    Var vector = Var.constant(Tensor.zeros(4));
    Var matrix = Var.constant(Tensor.zeros(2, 2));
    assertThat(ComposeOps.sum(tape, vector, 1, vector, 1).value().shape().rank()).isEqualTo(1);
    assertThat(ComposeOps.sum(tape, matrix, 1, matrix, 1).value().shape().rank()).isEqualTo(2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ComposeOps.sum(tape, vector, 1, matrix, 1))
        .withMessage("sum: b [2,2] must equal a [4]");
  }

  @Test
  void scaleByAFactorInMemory() {
    Tensor factor = Tensor.of(new float[] {-1.25f}, 0, 1);
    check(
        "scale",
        (tape, p) -> Formulas.project(tape, ComposeOps.scale(tape, p[0], factor)),
        p -> Formulas.project(array(B * D, i -> -1.25 * p[0][i])),
        normal(1, 1, B, D));
  }

  @Test
  void products() {
    check(
        "product",
        (tape, p) -> Formulas.project(tape, ComposeOps.product(tape, p[0], p[1])),
        p -> Formulas.project(array(B * D, i -> p[0][i] * p[1][i])),
        normal(1, 1, B, D),
        normal(2, 1, B, D));
    check(
        "square",
        (tape, p) -> Formulas.project(tape, ComposeOps.product(tape, p[0], p[0])),
        p -> Formulas.project(array(B * D, i -> p[0][i] * p[0][i])),
        normal(1, 1, B, D));
  }

  @ParameterizedTest
  @CsvSource({"3,3", "6,3", "3,9"})
  void concatRepeatsTheRowsOfTheShorter(int rowsA, int rowsB) {
    int rows = Math.max(rowsA, rowsB);
    int c = D + 2;
    check(
        "concat",
        (tape, p) -> Formulas.project(tape, ComposeOps.concat(tape, p[0], p[1])),
        p ->
            Formulas.project(
                array(
                    rows * c,
                    i ->
                        i % c < D
                            ? p[0][i / c / (rows / rowsA) * D + i % c]
                            : p[1][i / c / (rows / rowsB) * 2 + i % c - D])),
        normal(1, 1, rowsA, D),
        normal(2, 1, rowsB, 2));
  }

  @Test
  void concatRefusesRowsThatDoNotFit() {
    Tape tape = new Tape(Backends.simd());
    Var four = Var.constant(Tensor.zeros(4, 1));
    Var three = Var.constant(Tensor.zeros(3, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ComposeOps.concat(tape, three, four))
        .withMessage("concat: b has 4 rows, which must be a whole multiple of the 3 rows of a");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ComposeOps.columns(tape, four, 1, 1))
        .withMessage("columns: 1 columns from 1 on must lie in x [4,1]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ComposeOps.repeatRows(tape, four, 0))
        .withMessage("repeatRows: samples 0 must be >= 1");
  }

  @Test
  void slices() {
    check(
        "columns",
        (tape, p) -> Formulas.project(tape, ComposeOps.columns(tape, p[0], 1, 3)),
        p -> Formulas.project(array(B * 3, i -> p[0][i / 3 * D + 1 + i % 3])),
        normal(1, 1, B, D));
  }

  @Test
  void repeatedRows() {
    check(
        "repeatRows",
        (tape, p) -> Formulas.project(tape, ComposeOps.repeatRows(tape, p[0], 4)),
        p -> Formulas.project(array(4 * B * D, i -> p[0][Formulas.point(i, 4, D)])),
        normal(1, 1, B, D));
  }

  @Test
  void sumsOfRows() {
    check(
        "rowSums",
        (tape, p) -> Formulas.project(tape, ComposeOps.rowSums(tape, p[0])),
        p -> Formulas.project(Formulas.rowSums(p[0], D)),
        normal(1, 1, B, D));
  }

  @ParameterizedTest
  @ValueSource(strings = {"both", "mu", "logVar"})
  void mergedGaussians(String output) {
    check(
        "mergeGaussians " + output,
        (tape, p) -> {
          ComposeOps.Merged m = ComposeOps.mergeGaussians(tape, p[0], p[1], p[2], p[3]);
          Var mu = Formulas.project(tape, m.mu());
          Var logVar = Formulas.project(tape, m.logVar());
          return switch (output) {
            case "both" -> ReduceOps.weightedSum(tape, mu, 1, logVar, 1);
            case "mu" -> mu;
            default -> logVar;
          };
        },
        p -> {
          DoubleUnaryOperator precision = v -> Math.exp(-v);
          double[] mu =
              array(
                  B * D,
                  i -> {
                    double first = precision.applyAsDouble(p[1][i]);
                    double second = precision.applyAsDouble(p[3][i]);
                    return (p[0][i] * first + p[2][i] * second) / (first + second);
                  });
          double[] logVar =
              array(
                  B * D,
                  i ->
                      -Math.log(
                          precision.applyAsDouble(p[1][i]) + precision.applyAsDouble(p[3][i])));
          return (output.equals("logVar") ? 0 : Formulas.project(mu))
              + (output.equals("mu") ? 0 : Formulas.project(logVar));
        },
        normal(1, 1, B, D),
        normal(2, 1, B, D),
        normal(3, 1, B, D),
        normal(4, 1, B, D));
  }

  /** One of the four is a parameter, the others are data: as with a fixed prior. */
  @Test
  void oneParameterOfMergedGaussians() {
    Tensor zeros = Tensor.zeros(B, D);
    check(
        "mergeGaussians with the standard normal",
        (tape, p) -> {
          Var zero = Var.constant(zeros);
          return Formulas.project(
              tape, ComposeOps.mergeGaussians(tape, zero, zero, zero, p[0]).logVar());
        },
        p -> Formulas.project(array(B * D, i -> -Math.log(1 + Math.exp(-p[0][i])))),
        normal(1, 1, B, D));
  }

  /** A variable in two of the roles, and in all four: its gradient is the sum over them. */
  @Test
  void oneVariableInSeveralRolesOfMergedGaussians() {
    check(
        "mergeGaussians of a mean that is the other's variance",
        (tape, p) ->
            Formulas.project(tape, ComposeOps.mergeGaussians(tape, p[0], p[1], p[2], p[0]).mu()),
        p ->
            Formulas.project(
                array(
                    B * D,
                    i -> {
                      double first = Math.exp(-p[1][i]);
                      double second = Math.exp(-p[0][i]);
                      return (p[0][i] * first + p[2][i] * second) / (first + second);
                    })),
        normal(1, 1, B, D),
        normal(2, 1, B, D),
        normal(3, 1, B, D));
    check(
        "mergeGaussians of one with itself",
        (tape, p) ->
            Formulas.project(
                tape, ComposeOps.mergeGaussians(tape, p[0], p[0], p[0], p[0]).logVar()),
        p -> Formulas.project(array(B * D, i -> p[0][i] - Math.log(2))),
        normal(1, 1, B, D));
  }

  /** With the covariance as muᵀ·(I − 1·1ᵀ/B)·mu/B. */
  private static double penalty(double[] x, int rows, double lambdaOff, double lambdaDiag) {
    RealMatrix mu = new Array2DRowRealMatrix(rows, D);
    for (int i = 0; i < x.length; i++) {
      mu.setEntry(i / D, i % D, x[i]);
    }
    RealMatrix centring = MatrixUtils.createRealIdentityMatrix(rows).scalarAdd(-1.0 / rows);
    RealMatrix c = mu.transpose().multiply(centring).multiply(mu).scalarMultiply(1.0 / rows);
    double sum = 0;
    for (int i = 0; i < D; i++) {
      for (int j = 0; j < D; j++) {
        sum +=
            i == j
                ? lambdaDiag * Math.pow(c.getEntry(i, i) - 1, 2)
                : lambdaOff * Math.pow(c.getEntry(i, j), 2);
      }
    }
    return sum;
  }

  @Test
  void covariancePenalty() {
    check(
        "covariancePenalty",
        (tape, p) ->
            ReduceOps.weightedSum(tape, ComposeOps.covariancePenalty(tape, p[0], 10, 0.5f), -0.75f),
        p -> -0.75 * penalty(p[0], 7, 10, 0.5),
        normal(1, 1, 7, D));
  }

  @Test
  void nothingPassesADetachedValue() {
    check(
        "product with itself held fixed",
        (tape, p) -> {
          Var square = ComposeOps.product(tape, p[0], ComposeOps.detach(tape, p[0]));
          return ComposeOps.columns(tape, square, 0, 1);
        },
        p -> p[0][0] * 3,
        Tensor.of(new float[] {3}, 0, 1, 1));
  }

  @Test
  void shuffledColumnsKeepTheirElements() {
    for (Backend backend : new Backend[] {Backends.reference(), Backends.simd()}) {
      Tape tape = new Tape(backend);
      Tensor z = normal(1, 1, 50, D);
      Var parameter = Var.parameter(z, Tensor.zeros(50, D));
      Var shuffled = ComposeOps.shuffleColumns(tape, parameter, new NoiseKey(1, 2));
      assertThat(shuffled.needsGradient()).isFalse();
      for (int column = 0; column < D; column++) {
        int j = column;
        double[] before = array(50, i -> z.get(i * D + j));
        double[] after = array(50, i -> shuffled.value().get(i * D + j));
        assertThat(after).containsExactlyInAnyOrder(before).isNotEqualTo(before);
      }
    }
  }

  /** Every operation. */
  private static void step(Tape tape, Var small, Var large, Tensor factor, NoiseKey noise) {
    tape.reset();
    Var repeated = ComposeOps.repeatRows(tape, small, 2);
    Var scaled = ComposeOps.scale(tape, ComposeOps.sum(tape, large, 2, repeated, -1), factor);
    Var three = ComposeOps.sum(tape, scaled, 1, large, 1, ComposeOps.detach(tape, large), -1);
    Var both = ComposeOps.concat(tape, ComposeOps.product(tape, three, large), small);
    Var part = ComposeOps.columns(tape, both, 2, D);
    ComposeOps.Merged merged = ComposeOps.mergeGaussians(tape, part, large, large, three);
    Var shuffled = ComposeOps.shuffleColumns(tape, merged.mu(), noise);
    Var sums = ComposeOps.rowSums(tape, ComposeOps.product(tape, merged.logVar(), shuffled));
    Var penalty = ComposeOps.covariancePenalty(tape, merged.mu(), 0.1f, 0.1f);
    tape.backward(ReduceOps.weightedSum(tape, sums, 0.01f, penalty, 0.01f));
  }

  @Test
  @Tag("allocation")
  void aStepAllocatesNothing() {
    Tensor factor = Tensor.of(new float[] {0.5f}, 0, 1);
    NoiseKey noise = new NoiseKey(1, 1);
    Tape tape = new Tape(Backends.simd());
    Var small = Var.parameter(normal(1, 1, 20, D), Tensor.zeros(20, D));
    Var large = Var.parameter(normal(2, 1, 40, D), Tensor.zeros(40, D));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = 1;
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (bytes > 0 && System.nanoTime() < deadline) {
      for (int i = 0; i < 2000; i++) {
        step(tape, small, large, factor, noise.at(i));
      }
      bytes = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 100; i++) {
        step(tape, small, large, factor, noise.at(i));
      }
      bytes = threads.getCurrentThreadAllocatedBytes() - bytes;
    }
    assertThat(bytes).isZero();
  }
}
