package io.github.elbo4j.autodiff;

import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;

import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels.Kernel;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Terms that compare samples, on the tape, against formulas in double. */
class DivergenceOpsTest {
  private static final int B = 4;
  private static final int D = 3;
  private static final double N = 100;

  /** Σ over r of {@code project}ed logsumexp_j of the pairs, for all dimensions or each. */
  private static double[] aggregated(double[][] p, boolean joint) {
    double[] logQ = new double[joint ? B : B * D];
    for (int at = 0; at < logQ.length; at++) {
      double sum = 0;
      for (int j = 0; j < B; j++) {
        double logDensity = -Math.log(N * B);
        for (int i = 0; i < D; i++) {
          if (joint || i == at % D) {
            double z = p[0][(joint ? at : at / D) * D + i];
            double variance = Math.exp(p[2][j * D + i]);
            double distance = z - p[1][j * D + i];
            logDensity -= 0.5 * (distance * distance / variance + Math.log(2 * Math.PI * variance));
          }
        }
        sum += Math.exp(logDensity);
      }
      logQ[at] = Math.log(sum);
    }
    return logQ;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aggregatedPosterior(boolean joint) {
    check(
        "aggregatedPosterior",
        (tape, p) -> {
          var q =
              DivergenceOps.aggregatedPosterior(
                  tape, p[0], p[1], p[2], (long) N, Weighting.WEIGHTED);
          return Formulas.project(tape, joint ? q.logQ() : q.logQPerDim());
        },
        p -> Formulas.project(aggregated(p, joint)),
        normal(1, 1, B, D),
        normal(2, 1, B, D),
        normal(3, 0.5, B, D));
  }

  @Test
  void mmd() {
    Tensor x = normal(4, 1, 5, D);
    Tensor y = normal(5, 1, 4, D);
    check(
        "mmd",
        (tape, p) ->
            ReduceOps.weightedSum(
                tape,
                DivergenceOps.mmd(tape, p[0], p[1], Kernel.RBF, new float[] {2}, false),
                1.5f),
        p -> 1.5 * (mean(p[0], p[0]) + mean(p[1], p[1]) - 2 * mean(p[0], p[1])),
        x,
        y);
  }

  private static double mean(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length / D; i++) {
      for (int j = 0; j < y.length / D; j++) {
        double square = 0;
        for (int c = 0; c < D; c++) {
          square += Math.pow(x[i * D + c] - y[j * D + c], 2);
        }
        sum += Math.exp(-square / 4);
      }
    }
    return sum / ((double) x.length / D * y.length / D);
  }

  private static double[] kernel(double[] x, double[] y, double[] logWeight, double logVariance) {
    int m = y.length / D;
    double[] k = new double[x.length / D * m];
    for (int at = 0; at < k.length; at++) {
      double exponent = logVariance;
      for (int c = 0; c < D; c++) {
        double distance = x[at / m * D + c] - y[at % m * D + c];
        exponent -= 0.5 * Math.exp(logWeight[c]) * distance * distance;
      }
      k[at] = Math.exp(exponent);
    }
    return k;
  }

  @Test
  void ard() {
    check(
        "ard of two sets",
        (tape, p) -> Formulas.project(tape, ProcessOps.ard(tape, p[0], p[1], p[2], p[3], 0)),
        p -> Formulas.project(kernel(p[0], p[1], p[2], p[3][0])),
        normal(6, 1, 5, D),
        normal(7, 1, 4, D),
        normal(8, 0.5, D),
        normal(9, 0.5, 1));
    check(
        "ard of one set",
        (tape, p) -> Formulas.project(tape, ProcessOps.ard(tape, p[0], null, p[1], p[2], 0)),
        p -> Formulas.project(kernel(p[0], p[0], p[1], p[2][0])),
        normal(10, 1, 5, D),
        normal(11, 0.5, D),
        normal(12, 0.5, 1));
  }

  @Test
  void conditionals() {
    int m = 2;
    int r = 3;
    Tensor v = normal(13, 0.3, m, r);
    check(
        "conditionalVariance",
        (tape, p) -> Formulas.project(tape, ProcessOps.conditionalVariance(tape, p[0], p[1])),
        p -> {
          double[] variance = new double[r];
          for (int c = 0; c < r; c++) {
            variance[c] = Math.exp(p[1][0]) - p[0][c] * p[0][c] - p[0][r + c] * p[0][r + c];
          }
          return Formulas.project(variance);
        },
        v,
        normal(14, 0.1, 1));
    check(
        "conditionalCovariance",
        (tape, p) -> Formulas.project(tape, ProcessOps.conditionalCovariance(tape, p[0], p[1])),
        p -> {
          double[] covariance = p[0].clone();
          for (int at = 0; at < r * r; at++) {
            for (int i = 0; i < m; i++) {
              covariance[at] -= p[1][i * r + at / r] * p[1][i * r + at % r];
            }
          }
          return Formulas.project(covariance);
        },
        normal(15, 1, r, r),
        v);
  }
}
