package io.github.elbo4j.kernel.dense;

import static java.lang.Math.exp;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The law for {@link DenseKernels}: pure functions in double. Arrays are dense and row-major. */
public final class DenseReference extends DenseKernels {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double SQRT_2PI = Math.sqrt(2 * Math.PI);

  /** op(a)·op(b), [m, n], over k terms. */
  static double[] product(
      double[] a, boolean transposeA, double[] b, boolean transposeB, int m, int n, int k) {
    double[] c = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int p = 0; p < k; p++) {
        double factor = transposeA ? a[p * m + i] : a[i * k + p];
        for (int j = 0; j < n; j++) {
          c[i * n + j] += factor * (transposeB ? b[j * k + p] : b[p * n + j]);
        }
      }
    }
    return c;
  }

  /** x·w + bias, [rows, n], w [k, n]. */
  static double[] affine(double[] x, double[] w, double @Nullable [] bias, int rows, int n, int k) {
    double[] pre = product(x, false, w, false, rows, n, k);
    for (int i = 0; bias != null && i < pre.length; i++) {
      pre[i] += bias[i % n];
    }
    return pre;
  }

  /** f(v). */
  static double value(Activation f, double v) {
    return switch (f) {
      case NONE -> v;
      case RELU -> v < 0 ? 0 : v; // a NaN compares false and stays
      case TANH -> Math.tanh(v);
      case SIGMOID -> ReferenceMath.sigmoid(v);
      case SOFTPLUS -> ReferenceMath.softplus(v);
      case ELU -> v > 0 ? v : Math.expm1(v);
      case GELU -> v * normalDistribution(v);
      case SILU -> v * ReferenceMath.sigmoid(v);
    };
  }

  /** f'(v) from the value y = f(v), or from v where the activation needs it. */
  static double slope(Activation f, double v, double y) {
    return switch (f) {
      case NONE -> 1;
      case RELU -> y > 0 ? 1 : y <= 0 ? 0 : y;
      case TANH -> 1 - y * y;
      case SIGMOID -> y * (1 - y);
      case SOFTPLUS -> -Math.expm1(-y);
      case ELU -> y > 0 ? 1 : y + 1;
      case GELU -> normalDistribution(v) + v * exp(-0.5 * v * v) / SQRT_2PI;
      case SILU -> ReferenceMath.sigmoid(v) * (1 + v * ReferenceMath.sigmoid(-v));
    };
  }

  /** Φ(v). */
  private static double normalDistribution(double v) {
    return 0.5 * ReferenceMath.erfc(-v * SQRT_HALF);
  }

  /** dY ⊙ f'; {@code pre} is null where f does not need it. */
  static double[] preGradient(Activation f, double @Nullable [] pre, double[] y, double[] dY) {
    double[] g = new double[y.length];
    for (int i = 0; i < g.length; i++) {
      g[i] = dY[i] * slope(f, pre == null ? Double.NaN : pre[i], y[i]);
    }
    return g;
  }

  /** Sums over the rows of a [rows, n]. */
  static double[] columnSums(double[] a, int n) {
    double[] sums = new double[n];
    for (int i = 0; i < a.length; i++) {
      sums[i % n] += a[i];
    }
    return sums;
  }

  @Override
  protected void doForward(
      Tensor x, Tensor w, @Nullable Tensor bias, Activation f, @Nullable Tensor pre, Tensor y) {
    double[] v =
        affine(
            Doubles.read(x),
            Doubles.read(w),
            Doubles.readOptional(bias),
            x.rows(),
            w.columns(),
            x.columns());
    Doubles.write(v, pre);
    for (int i = 0; i < v.length; i++) {
      v[i] = value(f, v[i]);
    }
    Doubles.write(v, y);
  }

  @Override
  protected void doBackward(
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      boolean accumulateX,
      @Nullable Tensor dX,
      boolean accumulateParameters,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    int rows = x.rows();
    int in = x.columns();
    int out = w.columns();
    double[] g = preGradient(f, Doubles.readOptional(pre), Doubles.read(y), Doubles.read(dY));
    Doubles.write(g, dPre);
    if (dX != null) {
      put(product(g, false, Doubles.read(w), true, rows, in, out), accumulateX, dX);
    }
    if (dW != null) {
      put(product(Doubles.read(x), true, g, false, in, out, rows), accumulateParameters, dW);
    }
    if (dBias != null) {
      put(columnSums(g, out), accumulateParameters, dBias);
    }
  }

  @Override
  protected void doGemm(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, boolean accumulate, Tensor c) {
    int m = c.rows();
    int n = c.columns();
    int k = transposeA ? a.rows() : a.columns();
    put(product(Doubles.read(a), transposeA, Doubles.read(b), transposeB, m, n, k), accumulate, c);
  }

  /** x[r] + c[r / k], of n columns. */
  static double[] conditioned(double[] x, double[] c, int k, int n) {
    double[] pre = x.clone();
    for (int i = 0; i < pre.length; i++) {
      pre[i] += c[i / n / k * n + i % n];
    }
    return pre;
  }

  /** Sums over the k rows of each point, [rows / k, n]. */
  static double[] pointSums(double[] g, int k, int n) {
    double[] sums = new double[g.length / k];
    for (int i = 0; i < g.length; i++) {
      sums[i / n / k * n + i % n] += g[i];
    }
    return sums;
  }

  @Override
  protected void doMask(Tensor mask, Tensor w) {
    for (int i = 0; i < w.size(); i++) {
      if (mask.get(i) == 0) {
        w.array()[w.offset() + i] = 0;
      }
    }
  }

  @Override
  protected void doCondition(Tensor x, Tensor c, Activation f, @Nullable Tensor pre, Tensor y) {
    int k = samples(c, y);
    double[] v = conditioned(Doubles.read(x), Doubles.read(c), k, y.columns());
    Doubles.write(v, pre);
    for (int i = 0; i < v.length; i++) {
      v[i] = value(f, v[i]);
    }
    Doubles.write(v, y);
  }

  @Override
  protected void doConditionBackward(
      Activation f, @Nullable Tensor pre, Tensor y, Tensor dY, Tensor dPre, @Nullable Tensor dC) {
    double[] g = preGradient(f, Doubles.readOptional(pre), Doubles.read(y), Doubles.read(dY));
    Doubles.write(g, dPre);
    if (dC != null) {
      Doubles.accumulate(pointSums(g, samples(dC, y), y.columns()), dC);
    }
  }

  private static int samples(Tensor points, Tensor rows) {
    return points.rows() == 0 ? 1 : rows.rows() / points.rows();
  }

  private static void put(double[] values, boolean accumulate, Tensor t) {
    if (accumulate) {
      Doubles.accumulate(values, t);
    } else {
      Doubles.write(values, t);
    }
  }
}
