package io.github.elbo4j.kernel.divergence;

import static io.github.elbo4j.kernel.Doubles.accumulate;
import static io.github.elbo4j.kernel.Doubles.like;
import static io.github.elbo4j.kernel.Doubles.read;
import static io.github.elbo4j.kernel.Doubles.write;

import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@link ProcessKernels} in double: the law. */
public final class ProcessReference extends ProcessKernels {
  /** K[i,j] of N by M points of {@code logWeight.length} coordinates, without jitter. */
  static double[] ard(double[] x, double[] y, double[] logWeight, double logVariance) {
    int c = logWeight.length;
    int m = y.length / c;
    double[] k = new double[x.length / c * m];
    for (int at = 0; at < k.length; at++) {
      double exponent = logVariance;
      for (int q = 0; q < c; q++) {
        double difference = x[at / m * c + q] - y[at % m * c + q];
        exponent -= 0.5 * Math.exp(logWeight[q]) * difference * difference;
      }
      k[at] = Math.exp(exponent);
    }
    return k;
  }

  /** Adds the gradients; null ones are not wanted, and dX and dY may be one array. */
  static void ardBackward(
      double[] x,
      double[] y,
      double[] logWeight,
      double logVariance,
      double[] dK,
      double @Nullable [] dX,
      double @Nullable [] dY,
      double @Nullable [] dLogWeight,
      double @Nullable [] dLogVariance) {
    int c = logWeight.length;
    int m = y.length / c;
    double[] k = ard(x, y, logWeight, logVariance);
    for (int at = 0; at < k.length; at++) {
      double g = dK[at] * k[at];
      if (dLogVariance != null) {
        dLogVariance[0] += g;
      }
      for (int q = 0; q < c; q++) {
        int i = at / m * c + q;
        int j = at % m * c + q;
        double difference = x[i] - y[j];
        double t = g * Math.exp(logWeight[q]) * difference;
        if (dX != null) {
          dX[i] -= t;
        }
        if (dY != null) {
          dY[j] += t;
        }
        if (dLogWeight != null) {
          dLogWeight[q] -= 0.5 * t * difference;
        }
      }
    }
  }

  /** exp(logVariance) − Σ_i V[i,r]², not below 0 (NaN stays NaN). */
  static double[] conditionalVariance(double[] v, int columns, double logVariance) {
    double[] variance = new double[columns];
    Arrays.fill(variance, Math.exp(logVariance));
    for (int i = 0; i < v.length; i++) {
      variance[i % columns] -= v[i] * v[i];
    }
    for (int r = 0; r < columns; r++) {
      variance[r] = Math.max(variance[r], 0);
    }
    return variance;
  }

  /** −2·v·g, with g of the column: the gradient where no variance is 0. */
  static double[] conditionalVarianceGradient(double[] v, double[] g) {
    double[] dV = v.clone();
    for (int i = 0; i < dV.length; i++) {
      dV[i] *= -2 * g[i % g.length];
    }
    return dV;
  }

  /** k − VᵀV for V of {@code r} columns. */
  static double[] conditionalCovariance(double[] k, double[] v, int r) {
    double[] covariance = k.clone();
    for (int at = 0; at < k.length; at++) {
      for (int row = 0; row < v.length; row += r) {
        covariance[at] -= v[row + at / r] * v[row + at % r];
      }
    }
    return covariance;
  }

  /** −V·(G + Gᵀ). */
  static double[] conditionalCovarianceGradient(double[] v, double[] g, int r) {
    double[] dV = new double[v.length];
    for (int i = 0; i < v.length; i++) {
      for (int s = 0; s < r; s++) {
        dV[i] -= v[i / r * r + s] * (g[s * r + i % r] + g[i % r * r + s]);
      }
    }
    return dV;
  }

  @Override
  protected void doArd(
      Tensor x, @Nullable Tensor y, Tensor logWeight, Tensor logVariance, float jitter, Tensor k) {
    double[] a = read(x);
    double[] matrix = ard(a, y == null ? a : read(y), read(logWeight), logVariance.get(0));
    for (int i = 0; y == null && i < k.rows(); i++) {
      matrix[i * k.columns() + i] += jitter;
    }
    write(matrix, k);
  }

  @Override
  protected void doArdBackward(
      Tensor x,
      @Nullable Tensor y,
      Tensor logWeight,
      Tensor logVariance,
      Tensor dK,
      @Nullable Tensor dX,
      @Nullable Tensor dY,
      @Nullable Tensor dLogWeight,
      @Nullable Tensor dLogVariance) {
    double[] a = read(x);
    double[] toX = like(dX);
    double[] toY = y == null ? toX : like(dY);
    double[] toWeight = like(dLogWeight);
    double[] toVariance = like(dLogVariance);
    ardBackward(
        a,
        y == null ? a : read(y),
        read(logWeight),
        logVariance.get(0),
        read(dK),
        toX,
        toY,
        toWeight,
        toVariance);
    accumulate(toX, dX);
    accumulate(toY, dY);
    accumulate(toWeight, dLogWeight);
    accumulate(toVariance, dLogVariance);
  }

  @Override
  protected void doConditionalVariance(Tensor v, Tensor logVariance, Tensor variance) {
    write(conditionalVariance(read(v), variance.size(), logVariance.get(0)), variance);
  }

  @Override
  protected void doConditionalVarianceBackward(
      Tensor v,
      Tensor logVariance,
      Tensor variance,
      Tensor dVariance,
      @Nullable Tensor dV,
      @Nullable Tensor dLogVariance) {
    double[] g = read(dVariance);
    double[] toLogVariance = new double[1];
    for (int r = 0; r < g.length; r++) {
      g[r] = variance.get(r) == 0 ? 0 : g[r];
      toLogVariance[0] += Math.exp(logVariance.get(0)) * g[r];
    }
    accumulate(dV == null ? null : conditionalVarianceGradient(read(v), g), dV);
    accumulate(toLogVariance, dLogVariance);
  }

  @Override
  protected void doConditionalCovariance(Tensor k, Tensor v, Tensor covariance) {
    write(conditionalCovariance(read(k), read(v), v.columns()), covariance);
  }

  @Override
  protected void doConditionalCovarianceBackward(
      Tensor v, Tensor dCovariance, @Nullable Tensor dK, @Nullable Tensor dV) {
    double[] g = read(dCovariance);
    accumulate(dK == null ? null : g, dK);
    accumulate(dV == null ? null : conditionalCovarianceGradient(read(v), g, v.columns()), dV);
  }
}
