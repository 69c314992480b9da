package io.github.elbo4j.autodiff;

import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.covariance.LinearSystem;
import io.github.elbo4j.kernel.covariance.NotPositiveDefiniteException;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Factors, solves and determinants on the tape against formulas in double. */
class CholeskyOpsTest {
  private static final int B = 2;
  private static final int D = 4;
  private static final int M = 3;

  /** Symmetric, with large diagonals. */
  private static Tensor matrices() {
    Tensor a = normal(1, 0.5, B, D, D);
    for (int b = 0; b < B; b++) {
      for (int i = 0; i < D; i++) {
        for (int j = 0; j < i; j++) {
          a.array()[(b * D + j) * D + i] = a.get((b * D + i) * D + j);
        }
        a.array()[(b * D + i) * D + i] = 3 + i;
      }
    }
    return a;
  }

  /** The factors of ½(x + xᵀ) by the definition, row by row. */
  private static double[] factors(double[] x) {
    double[] l = new double[x.length];
    for (int b = 0; b < B; b++) {
      int o = b * D * D;
      for (int i = 0; i < D; i++) {
        for (int j = 0; j <= i; j++) {
          double s = 0.5 * (x[o + i * D + j] + x[o + j * D + i]);
          for (int k = 0; k < j; k++) {
            s -= l[o + i * D + k] * l[o + j * D + k];
          }
          l[o + i * D + j] = i == j ? Math.sqrt(s) : s / l[o + j * D + j];
        }
      }
    }
    return l;
  }

  /** Gaussian elimination of each system, m right-hand sides. */
  private static double[] solved(double[] matrices, double[] sides) {
    double[] a = matrices.clone();
    double[] y = sides.clone();
    for (int b = 0; b < B; b++) {
      for (int p = 0; p < D; p++) {
        for (int i = 0; i < D; i++) {
          double factor = a[(b * D + i) * D + p] / a[(b * D + p) * D + p];
          for (int j = 0; i != p && j < D; j++) {
            a[(b * D + i) * D + j] -= factor * a[(b * D + p) * D + j];
          }
          for (int c = 0; i != p && c < M; c++) {
            y[(b * D + i) * M + c] -= factor * y[(b * D + p) * M + c];
          }
        }
      }
      for (int i = 0; i < D * M; i++) {
        y[b * D * M + i] /= a[(b * D + i / M) * D + i / M];
      }
    }
    return y;
  }

  private static double[] system(LinearSystem system, double[] x) {
    double[] l = factors(x);
    double[] t = new double[l.length];
    for (int i = 0; i < l.length; i++) {
      t[i / (D * D) * D * D + i % D * D + i / D % D] = l[i];
    }
    return switch (system) {
      case LOWER -> l;
      case TRANSPOSED -> t;
      case FULL -> x;
    };
  }

  @Test
  void factor() {
    check(
        "cholesky",
        (tape, p) -> Formulas.project(tape, CholeskyOps.cholesky(tape, p[0])),
        p -> Formulas.project(factors(p[0])),
        matrices());
  }

  @ParameterizedTest
  @EnumSource
  void solve(LinearSystem system) {
    Tensor y = normal(2, 1, B, D, M);
    check(
        "solve " + system,
        (tape, p) -> {
          Var l = CholeskyOps.cholesky(tape, p[0]);
          return Formulas.project(tape, CholeskyOps.solve(tape, system, l, p[1]));
        },
        p -> Formulas.project(solved(symmetric(system, p[0]), p[1])),
        matrices(),
        y);
    check(
        "solve with given sides " + system,
        (tape, p) -> {
          Var l = CholeskyOps.cholesky(tape, p[0]);
          return Formulas.project(tape, CholeskyOps.solve(tape, system, l, Var.constant(y)));
        },
        p -> Formulas.project(solved(symmetric(system, p[0]), doubles(y))),
        matrices());
    check(
        "solve with a given factor " + system,
        (tape, p) -> {
          Var l = CholeskyOps.cholesky(tape, Var.constant(matrices()));
          return Formulas.project(tape, CholeskyOps.solve(tape, system, l, p[0]));
        },
        p -> Formulas.project(solved(symmetric(system, doubles(matrices())), p[0])),
        y);
  }

  private static double[] symmetric(LinearSystem system, double[] x) {
    double[] s = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      s[i] = 0.5 * (x[i] + x[i / (D * D) * D * D + i % D * D + i / D % D]);
    }
    return system(system, s);
  }

  private static double[] doubles(Tensor t) {
    return io.github.elbo4j.kernel.Doubles.read(t);
  }

  @Test
  void logDet() {
    check(
        "logDet",
        (tape, p) ->
            Formulas.project(tape, CholeskyOps.logDet(tape, CholeskyOps.cholesky(tape, p[0]))),
        p -> {
          double[] l = factors(p[0]);
          double[] sums = new double[B];
          for (int i = 0; i < B * D; i++) {
            sums[i / D] += 2 * Math.log(l[i / D * D * D + i % D * (D + 1)]);
          }
          return Formulas.project(sums);
        },
        matrices());
  }

  @Test
  void aMatrixWithoutAFactor() {
    Tensor a = matrices();
    a.array()[D * D + D + 1] = -1;
    Tape tape = new Tape(Backends.simd());
    assertThatExceptionOfType(NotPositiveDefiniteException.class)
        .isThrownBy(() -> CholeskyOps.cholesky(tape, Var.constant(a)))
        .satisfies(e -> assertThat(e.index() * 10 + e.minor()).isEqualTo(12));
    tape.reset();
    int[] status = new int[B];
    Var l = CholeskyOps.cholesky(tape, Var.constant(a), status);
    assertThat(status).containsExactly(0, 2);
    assertThat(l.value().get(0)).isEqualTo((float) Math.sqrt(3));
  }
}
