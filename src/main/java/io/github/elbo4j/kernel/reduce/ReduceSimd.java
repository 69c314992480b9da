package io.github.elbo4j.kernel.reduce;

import io.github.elbo4j.kernel.BlockSums;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * {@link ReduceKernels}: sums on vectors and threads; the rest are plain loops over [B,D], which C2
 * turns into vectors by itself. Column means are in double and in the order of the reference, so
 * that every backend agrees on which dimensions are free.
 */
public final class ReduceSimd extends ReduceKernels {
  @Override
  protected void doAddSum(Tensor x, float weight, Tensor out) {
    add(out, weight * BlockSums.sum(x));
  }

  @Override
  protected void doAddSumBackward(Tensor dOut, float weight, Tensor dx) {
    float g = weight * dOut.array()[dOut.offset()];
    float[] a = dx.array();
    int from = dx.offset();
    int n = dx.size();
    for (int i = 0; i < n; i++) {
      a[from + i] += g;
    }
  }

  @Override
  protected void doFreeBits(Tensor klPerDim, float lambda, float weight, Tensor out) {
    int d = klPerDim.columns();
    double[] means = columnMeans(klPerDim);
    double sum = 0;
    for (int j = 0; j < d; j++) {
      sum += Math.max(lambda, means[j]);
    }
    add(out, weight * sum);
  }

  @Override
  protected void doFreeBitsBackward(
      Tensor klPerDim, float lambda, float weight, Tensor dOut, Tensor dKlPerDim) {
    int d = klPerDim.columns();
    int rows = klPerDim.rows();
    double[] means = columnMeans(klPerDim);
    float[] gate = Scratch.get().floats(0, d);
    float g = weight * dOut.array()[dOut.offset()] / rows;
    for (int j = 0; j < d; j++) {
      gate[j] = means[j] <= lambda ? 0f : g;
    }
    float[] a = dKlPerDim.array();
    for (int b = 0; b < rows; b++) {
      int at = dKlPerDim.offset() + b * d;
      for (int j = 0; j < d; j++) {
        a[at + j] += gate[j];
      }
    }
  }

  /** In the calling thread's scratch. */
  private static double[] columnMeans(Tensor x) {
    int d = x.columns();
    double[] means = Scratch.get().doubles(0, d);
    Arrays.fill(means, 0, d, 0);
    float[] a = x.array();
    for (int b = 0; b < x.rows(); b++) {
      int at = x.offset() + b * d;
      for (int j = 0; j < d; j++) {
        means[j] += a[at + j];
      }
    }
    for (int j = 0; j < d; j++) {
      means[j] /= x.rows();
    }
    return means;
  }

  private static void add(Tensor out, double term) {
    out.array()[out.offset()] = (float) (out.array()[out.offset()] + term);
  }
}
