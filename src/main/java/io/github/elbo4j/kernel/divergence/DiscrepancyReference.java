package io.github.elbo4j.kernel.divergence;

import static io.github.elbo4j.kernel.Doubles.accumulate;
import static io.github.elbo4j.kernel.Doubles.like;
import static io.github.elbo4j.kernel.Doubles.read;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link DiscrepancyKernels} in double: the law. */
public final class DiscrepancyReference extends DiscrepancyKernels {
  /** Σ_scales k(s). */
  static double kernel(Kernel kind, float[] scales, double s) {
    double sum = 0;
    for (double c : scales) {
      sum += kind == Kernel.RBF ? Math.exp(-s / (2 * c)) : c / (c + s);
    }
    return sum;
  }

  /** Σ_scales k'(s). */
  static double slope(Kernel kind, float[] scales, double s) {
    double sum = 0;
    for (double c : scales) {
      sum += kind == Kernel.RBF ? -Math.exp(-s / (2 * c)) / (2 * c) : -c / ((c + s) * (c + s));
    }
    return sum;
  }

  static double squaredDistance(double[] x, int i, double[] y, int j, int d) {
    double sum = 0;
    for (int c = 0; c < d; c++) {
      double difference = x[i * d + c] - y[j * d + c];
      sum += difference * difference;
    }
    return sum;
  }

  /** Σ_{i,j} k(x_i, y_j), without i = j where {@code others}. */
  static double sum(double[] x, double[] y, int d, Kernel kind, float[] scales, boolean others) {
    double sum = 0;
    for (int i = 0; i < x.length / d; i++) {
      for (int j = 0; j < y.length / d; j++) {
        sum += others && i == j ? 0 : kernel(kind, scales, squaredDistance(x, i, y, j, d));
      }
    }
    return sum;
  }

  static double mmd(double[] x, double[] y, int d, Kernel kind, float[] scales, boolean unbiased) {
    int n = x.length / d;
    int m = y.length / d;
    return sum(x, x, d, kind, scales, unbiased) / pairsOfOne(n, unbiased)
        + sum(y, y, d, kind, scales, unbiased) / pairsOfOne(m, unbiased)
        - 2 * sum(x, y, d, kind, scales, false) / ((double) n * m);
  }

  /** dX += factor·Σ_j k'(x_i, y_j)·(x_i − y_j). */
  static void addSlopes(
      double[] x, double[] y, int d, Kernel kind, float[] scales, double factor, double[] dX) {
    for (int i = 0; i < x.length / d; i++) {
      for (int j = 0; j < y.length / d; j++) {
        double weight = factor * slope(kind, scales, squaredDistance(x, i, y, j, d));
        for (int c = 0; c < d; c++) {
          dX[i * d + c] += weight * (x[i * d + c] - y[j * d + c]);
        }
      }
    }
  }

  /** The gradient with respect to x, times g. */
  static void backward(
      double[] x,
      double[] y,
      int d,
      Kernel kind,
      float[] scales,
      boolean unbiased,
      double g,
      double[] dX) {
    int n = x.length / d;
    addSlopes(x, x, d, kind, scales, 4 * g / pairsOfOne(n, unbiased), dX);
    int m = y.length / d;
    addSlopes(x, y, d, kind, scales, -4 * g / ((double) n * m), dX);
  }

  @Override
  protected void doMmd(
      Tensor x, Tensor y, Kernel kernel, float[] scales, boolean unbiased, Tensor mmd) {
    mmd.array()[mmd.offset()] =
        (float) mmd(read(x), read(y), x.columns(), kernel, scales, unbiased);
  }

  @Override
  protected void doMmdBackward(
      Tensor x,
      Tensor y,
      Kernel kernel,
      float[] scales,
      boolean unbiased,
      Tensor dMmd,
      @Nullable Tensor dX,
      @Nullable Tensor dY) {
    double[] toX = like(dX);
    double[] toY = like(dY);
    double[] a = read(x);
    double[] b = read(y);
    int d = x.columns();
    if (toX != null) {
      backward(a, b, d, kernel, scales, unbiased, dMmd.get(0), toX);
    }
    if (toY != null) {
      backward(b, a, d, kernel, scales, unbiased, dMmd.get(0), toY);
    }
    accumulate(toX, dX);
    accumulate(toY, dY);
  }
}
