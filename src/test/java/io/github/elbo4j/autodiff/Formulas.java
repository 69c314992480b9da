package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import org.hipparchus.special.Erf;
import org.jspecify.annotations.Nullable;

/** KERNELS.md in double, written out for the tests of the tape. */
final class Formulas {
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  private Formulas() {}

  /** f(x·w + bias), [rows, out]. */
  static double[] dense(double[] x, double[] w, double @Nullable [] bias, Activation f, int out) {
    int in = w.length / out;
    double[] y = new double[x.length / in * out];
    for (int i = 0; i < y.length; i++) {
      double pre = bias == null ? 0 : bias[i % out];
      for (int j = 0; j < in; j++) {
        pre += x[i / out * in + j] * w[j * out + i % out];
      }
      y[i] = activation(f, pre);
    }
    return y;
  }

  static double activation(Activation f, double v) {
    return switch (f) {
      case NONE -> v;
      case RELU -> Math.max(v, 0);
      case TANH -> Math.tanh(v);
      case SIGMOID -> sigmoid(v);
      case SOFTPLUS -> Math.log(1 + Math.exp(v));
      case ELU -> v > 0 ? v : Math.exp(v) - 1;
      case GELU -> v * 0.5 * (1 + Erf.erf(v / Math.sqrt(2)));
      case SILU -> v * sigmoid(v);
    };
  }

  private static double sigmoid(double v) {
    return 1 / (1 + Math.exp(-v));
  }

  /** Index in a [B,D] array of element i of a [B·k,D] array. */
  static int point(int i, int k, int d) {
    return i / d / k * d + i % d;
  }

  static double[] sample(double[] mu, double[] logVar, double[] eps, int k, int d) {
    double[] z = new double[eps.length];
    for (int i = 0; i < z.length; i++) {
      int p = point(i, k, d);
      z[i] = mu[p] + Math.exp(logVar[p] / 2) * eps[i];
    }
    return z;
  }

  /** KL( N(mu, exp(logVar)) ‖ N(priorMu, exp(priorLogVar)) ) of each element; the prior repeats. */
  static double[] klPerDim(double[] mu, double[] logVar, double[] priorMu, double[] priorLogVar) {
    double[] kl = new double[mu.length];
    for (int i = 0; i < kl.length; i++) {
      double variance = Math.exp(priorLogVar[i % priorMu.length]);
      double distance = mu[i] - priorMu[i % priorMu.length];
      kl[i] =
          Math.log(variance) / 2
              - logVar[i] / 2
              + (Math.exp(logVar[i]) + distance * distance) / (2 * variance)
              - 0.5;
    }
    return kl;
  }

  static double[] klPerDim(double[] mu, double[] logVar) {
    return klPerDim(mu, logVar, new double[1], new double[1]);
  }

  /** log N(z; mu, exp(logVar)) of each row of d elements; k rows share mu and logVar. */
  static double[] logDensity(double[] z, double[] mu, double[] logVar, int k, int d) {
    double[] perElement = new double[z.length];
    for (int i = 0; i < z.length; i++) {
      int p = point(i, k, d);
      double distance = z[i] - mu[p];
      perElement[i] = -(LOG_2PI + logVar[p] + distance * distance / Math.exp(logVar[p])) / 2;
    }
    return rowSums(perElement, d);
  }

  /** log p(x|logits) of each row of n elements; k rows share x. */
  static double[] bernoulli(double[] logits, double[] x, int k, int n) {
    double[] perElement = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      double p = sigmoid(logits[i]);
      double target = x[point(i, k, n)];
      perElement[i] = target * Math.log(p) + (1 - target) * Math.log(1 - p);
    }
    return rowSums(perElement, n);
  }

  /** log N(x; mean, exp(logVar)) of each row of n elements; k rows share x, logVar repeats. */
  static double[] gaussian(double[] mean, double[] x, double[] logVar, int k, int n) {
    double[] perElement = new double[mean.length];
    for (int i = 0; i < mean.length; i++) {
      double lv = logVar[i % logVar.length];
      double distance = x[point(i, k, n)] - mean[i];
      perElement[i] = -(LOG_2PI + lv + distance * distance / Math.exp(lv)) / 2;
    }
    return rowSums(perElement, n);
  }

  static double[] rowSums(double[] x, int columns) {
    double[] sums = new double[x.length / columns];
    for (int i = 0; i < x.length; i++) {
      sums[i / columns] += x[i];
    }
    return sums;
  }

  static double sum(double[] x) {
    double sum = 0;
    for (double value : x) {
      sum += value;
    }
    return sum;
  }

  /** The targets of {@link #project}: another number for every element. */
  static Tensor targets(Tensor y) {
    int[] dims = new int[y.shape().rank()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = y.shape().dim(i);
    }
    return TapeCheck.normal(1234, 1.5, dims);
  }

  /**
   * A scalar whose derivative to each element of y is another number, so that no mix-up of elements
   * goes unnoticed: Σ log N(target; y, 1).
   */
  static Var project(Tape tape, Var y) {
    Var unit = Var.constant(Tensor.zeros(1));
    return ReduceOps.weightedSum(
        tape, LikelihoodOps.gaussian(tape, y, targets(y.value()), unit), 1);
  }

  /** The value of {@link #project}. */
  static double project(double[] y) {
    double[] t = Doubles.read(TapeCheck.normal(1234, 1.5, y.length));
    return sum(gaussian(y, t, new double[1], 1, y.length));
  }
}
