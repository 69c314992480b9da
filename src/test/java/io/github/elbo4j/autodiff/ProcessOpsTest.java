package io.github.elbo4j.autodiff;

import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.lang.management.ManagementFactory;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Conditioned Gaussian processes against another library's inverse matrices. */
class ProcessOpsTest {
  private static final int M = 4;
  private static final int R = 3;
  private static final int C = 2;
  private static final int D = 2;
  private static final double JITTER = 0.1;

  /** Of N(K_ps·(K_ss + jitter)⁻¹·t, K_pp − K_ps·(K_ss + jitter)⁻¹·K_sp). */
  private record Exact(double[] mean, double[] variance) {}

  private static RealMatrix kernel(double[] x, double[] y, double[] w, double logVariance) {
    RealMatrix k = new Array2DRowRealMatrix(x.length / C, y.length / C);
    for (int i = 0; i < k.getRowDimension(); i++) {
      for (int j = 0; j < k.getColumnDimension(); j++) {
        double exponent = logVariance;
        for (int c = 0; c < C; c++) {
          exponent -= 0.5 * Math.exp(w[c]) * Math.pow(x[i * C + c] - y[j * C + c], 2);
        }
        k.setEntry(i, j, Math.exp(exponent));
      }
    }
    return k;
  }

  private static Exact exact(double[][] p) {
    RealMatrix ss = kernel(p[0], p[0], p[3], p[4][0]);
    for (int i = 0; i < M; i++) {
      ss.addToEntry(i, i, JITTER);
    }
    RealMatrix inverse = new LUDecomposition(ss).getSolver().getInverse();
    RealMatrix ps = kernel(p[2], p[0], p[3], p[4][0]);
    RealMatrix t = new Array2DRowRealMatrix(M, D);
    for (int i = 0; i < M * D; i++) {
      t.setEntry(i / D, i % D, p[1][i]);
    }
    RealMatrix mean = ps.multiply(inverse).multiply(t);
    RealMatrix known = ps.multiply(inverse).multiply(ps.transpose());
    double[] means = new double[R * D];
    double[] variances = new double[R];
    for (int i = 0; i < means.length; i++) {
      means[i] = mean.getEntry(i / D, i % D);
    }
    for (int r = 0; r < R; r++) {
      variances[r] = Math.exp(p[4][0]) - known.getEntry(r, r);
    }
    return new Exact(means, variances);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void conditional(boolean ofMean) {
    check(
        ofMean ? "mean" : "variance",
        (tape, p) -> {
          var conditional =
              ProcessOps.conditional(tape, p[0], p[1], p[2], p[3], p[4], (float) JITTER);
          return Formulas.project(tape, ofMean ? conditional.mean() : conditional.variance());
        },
        p -> Formulas.project(ofMean ? exact(p).mean : exact(p).variance),
        normal(1, 1, M, C),
        normal(2, 1, M, D),
        normal(3, 1, R, C),
        normal(4, 0.3, C),
        normal(5, 0.3, 1));
  }

  /** At a known point, with next to no jitter, the value is known. */
  @Test
  void knownPointsAreInterpolated() {
    Tensor known = normal(6, 2, M, C);
    Tensor values = normal(7, 1, M, D);
    Tape tape = new Tape(Backends.simd());
    Var zero = Var.constant(Tensor.zeros(1));
    Var weights = Var.constant(Tensor.zeros(C));
    Var at = Var.constant(known);
    var conditional =
        ProcessOps.conditional(tape, at, Var.constant(values), at, weights, zero, 1e-6f);
    for (int i = 0; i < M * D; i++) {
      assertThat(conditional.mean().value().get(i)).isCloseTo(values.get(i), within(1e-3f));
    }
    for (int r = 0; r < M; r++) {
      assertThat(conditional.variance().value().get(r)).isBetween(0f, 1e-4f);
    }
  }

  /** The views of a reshape are made once, as the tape promises. */
  @Test
  @Tag("allocation")
  void aSecondReshapeAllocatesNothing() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Tape tape = new Tape(Backends.simd());
    Var x = Var.parameter(normal(8, 1, 3, 4), Tensor.zeros(3, 4));
    long bytes = Long.MAX_VALUE;
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (bytes > 0 && System.nanoTime() < deadline) {
      bytes = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 2000; i++) {
        tape.reset();
        Var out = ShapeOps.reshape(tape, x, 4, 3);
        tape.backward(ReduceOps.weightedSum(tape, out, 1));
      }
      bytes = threads.getCurrentThreadAllocatedBytes() - bytes;
    }
    assertThat(bytes).isZero();
  }

  @Test
  void shapesAreChecked() {
    Tape tape = new Tape(Backends.simd());
    Var x = Var.constant(Tensor.zeros(4, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShapeOps.reshape(tape, x, 5, 2))
        .withMessage("reshape: x [4,3] must have the 10 elements of [5,2]");
    Var one = Var.constant(Tensor.zeros(1));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ProcessOps.conditional(
                    tape,
                    x,
                    Var.constant(Tensor.zeros(3, 1)),
                    x,
                    Var.constant(Tensor.zeros(3)),
                    one,
                    0))
        .withMessage("conditional: values [3,1] must have a row for each of known [4,3]");
  }
}
