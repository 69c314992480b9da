package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Gemm;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * {@link ComposeKernels#covariancePenalty} and its gradient: means in double, the covariance as a
 * matrix product of the deviations from them. What stands in scratch is first the deviations,
 * [B,D], and behind them B·C, [D,D].
 */
final class CovariancePenalty {
  private CovariancePenalty() {}

  static double forward(Tensor mu, float lambdaOff, float lambdaDiag) {
    int rows = mu.rows();
    int d = mu.columns();
    float[] work = products(mu);
    int c = rows * d;
    double diagonal = 0;
    for (int i = 0; i < d; i++) {
      double excess = work[c + i * d + i] / (double) rows - 1;
      diagonal += excess * excess;
      work[c + i * d + i] = 0;
    }
    float[] lanes = Scratch.get().floats(0, SimdMath.L);
    double off = Lanes.sumOfSquares(work, c, d * d, lanes) / ((double) rows * rows);
    return lambdaOff * off + lambdaDiag * diagonal;
  }

  static void backward(Tensor mu, float lambdaOff, float lambdaDiag, float dOut, Tensor dMu) {
    int rows = mu.rows();
    int d = mu.columns();
    float[] work = products(mu);
    int c = rows * d;
    double scale = 4.0 * dOut / rows;
    float off = (float) (scale * lambdaOff / rows);
    for (int i = 0; i < d; i++) {
      int at = c + i * d;
      double excess = work[at + i] / (double) rows - 1;
      for (int j = 0; j < d; j++) {
        work[at + j] *= off;
      }
      work[at + i] = (float) (scale * lambdaDiag * excess);
    }
    Gemm.get()
        .a(false, work, 0, d)
        .b(false, work, c, d)
        .c(true, dMu.array(), dMu.offset(), d)
        .run(rows, d, d);
  }

  private static float[] products(Tensor mu) {
    int rows = mu.rows();
    int d = mu.columns();
    float[] work = Scratch.get().floats(Scratch.HELD, rows * d + d * d);
    centre(mu, work);
    Gemm.get()
        .a(true, work, 0, d)
        .b(false, work, 0, d)
        .c(false, work, rows * d, d)
        .run(/* rows= */ d, /* columns= */ d, /* depth= */ rows);
    return work;
  }

  private static void centre(Tensor mu, float[] out) {
    int rows = mu.rows();
    int d = mu.columns();
    float[] a = mu.array();
    double[] means = Scratch.get().doubles(0, d);
    Arrays.fill(means, 0, d, 0);
    for (int b = 0; b < rows; b++) {
      int at = mu.offset() + b * d;
      for (int j = 0; j < d; j++) {
        means[j] += a[at + j];
      }
    }
    for (int j = 0; j < d; j++) {
      means[j] /= rows;
    }
    for (int b = 0; b < rows; b++) {
      int at = mu.offset() + b * d;
      for (int j = 0; j < d; j++) {
        out[b * d + j] = (float) (a[at + j] - means[j]);
      }
    }
  }
}
