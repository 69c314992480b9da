package io.github.elbo4j.kernel.reduce;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** The law for {@link ReduceKernels}: pure functions in double. */
public final class ReduceReference extends ReduceKernels {
  /** weight·Σ x. */
  static double weightedSum(double[] x, double weight) {
    double sum = 0;
    for (double value : x) {
      sum += value;
    }
    return weight * sum;
  }

  /** Its gradient with respect to each element. */
  static double sumSlope(double weight, double dOut) {
    return weight * dOut;
  }

  /** Mean of each of {@code d} columns. */
  static double[] columnMeans(double[] x, int rows, int d) {
    double[] means = new double[d];
    for (int i = 0; i < x.length; i++) {
      means[i % d] += x[i];
    }
    for (int j = 0; j < d; j++) {
      means[j] /= rows;
    }
    return means;
  }

  /** weight·Σ_d max(λ, mean[d]). */
  static double freeBits(double[] klPerDim, int rows, int d, double lambda, double weight) {
    double sum = 0;
    for (double mean : columnMeans(klPerDim, rows, d)) {
      sum += Math.max(lambda, mean);
    }
    return weight * sum;
  }

  /** Its gradient, [rows, d]. */
  static double[] freeBitsGradient(
      double[] klPerDim, int rows, int d, double lambda, double weight, double dOut) {
    double[] means = columnMeans(klPerDim, rows, d);
    double[] gradient = new double[klPerDim.length];
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] = means[i % d] <= lambda ? 0 : weight * dOut / rows;
    }
    return gradient;
  }

  @Override
  protected void doAddSum(Tensor x, float weight, Tensor out) {
    Doubles.accumulate(new double[] {weightedSum(Doubles.read(x), weight)}, out);
  }

  @Override
  protected void doAddSumBackward(Tensor dOut, float weight, Tensor dx) {
    double[] gradient = new double[dx.size()];
    Arrays.fill(gradient, sumSlope(weight, dOut.get(0)));
    Doubles.accumulate(gradient, dx);
  }

  @Override
  protected void doFreeBits(Tensor klPerDim, float lambda, float weight, Tensor out) {
    double[] kl = Doubles.read(klPerDim);
    double term = freeBits(kl, klPerDim.rows(), klPerDim.columns(), lambda, weight);
    Doubles.accumulate(new double[] {term}, out);
  }

  @Override
  protected void doFreeBitsBackward(
      Tensor klPerDim, float lambda, float weight, Tensor dOut, Tensor dKlPerDim) {
    double[] kl = Doubles.read(klPerDim);
    int rows = klPerDim.rows();
    Doubles.accumulate(
        freeBitsGradient(kl, rows, klPerDim.columns(), lambda, weight, dOut.get(0)), dKlPerDim);
  }
}
