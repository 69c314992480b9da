package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The law for {@link CholeskyKernels}: pure functions in double on one matrix, row-major; {@code d}
 * is the order, {@code m} the number of right-hand sides.
 */
public final class CholeskyReference extends CholeskyKernels {
  /** Factors {@code a} in place, 0 above the diagonal; returns the status. */
  static int factor(double[] a, int d) {
    for (int i = 0; i < d; i++) {
      for (int j = 0; j <= i; j++) {
        double s = a[i * d + j];
        for (int k = 0; k < j; k++) {
          s -= a[i * d + k] * a[j * d + k];
        }
        a[i * d + j] = i == j ? Math.sqrt(s) : s / a[j * d + j];
      }
      Arrays.fill(a, i * d + i + 1, (i + 1) * d, 0);
      double pivot = a[i * d + i];
      if (!(pivot > 0 && pivot <= Float.MAX_VALUE)) {
        for (int r = 0; r < d; r++) {
          Arrays.fill(a, r * d, r * d + r + 1, Double.NaN);
          Arrays.fill(a, r * d + r + 1, (r + 1) * d, 0);
        }
        return i + 1;
      }
    }
    return 0;
  }

  /** {@code L⁻¹·y} in place, [d, m]. */
  static void solveLower(double[] l, double[] y, int d, int m) {
    for (int i = 0; i < d; i++) {
      for (int c = 0; c < m; c++) {
        for (int k = 0; k < i; k++) {
          y[i * m + c] -= l[i * d + k] * y[k * m + c];
        }
        y[i * m + c] /= l[i * d + i];
      }
    }
  }

  /** {@code L⁻ᵀ·y} in place, [d, m]. */
  static void solveTransposed(double[] l, double[] y, int d, int m) {
    for (int i = d - 1; i >= 0; i--) {
      for (int c = 0; c < m; c++) {
        for (int k = i + 1; k < d; k++) {
          y[i * m + c] -= l[k * d + i] * y[k * m + c];
        }
        y[i * m + c] /= l[i * d + i];
      }
    }
  }

  /** The solution of a system, [d, m]. */
  static double[] solve(LinearSystem system, double[] l, double[] y, int d, int m) {
    double[] x = y.clone();
    if (system != LinearSystem.TRANSPOSED) {
      solveLower(l, x, d, m);
    }
    if (system != LinearSystem.LOWER) {
      solveTransposed(l, x, d, m);
    }
    return x;
  }

  /** {@code Lᵀ·x}, [d, m]. */
  static double[] timesTransposed(double[] l, double[] x, int d, int m) {
    double[] y = new double[d * m];
    for (int i = 0; i < d; i++) {
      for (int k = i; k < d; k++) {
        for (int c = 0; c < m; c++) {
          y[i * m + c] += l[k * d + i] * x[k * m + c];
        }
      }
    }
    return y;
  }

  /** {@code dL −= tril(u·vᵀ)} for u, v [d, m]. */
  private static void subtractProduct(double[] u, double[] v, int d, int m, double[] dL) {
    for (int i = 0; i < d; i++) {
      for (int j = 0; j <= i; j++) {
        for (int c = 0; c < m; c++) {
          dL[i * d + j] -= u[i * m + c] * v[j * m + c];
        }
      }
    }
  }

  /** Accumulates into dL and dY. */
  static void solveBackward(
      LinearSystem system,
      double[] l,
      double[] x,
      double[] dX,
      int d,
      int m,
      double[] dL,
      double[] dY) {
    double[] g = dX.clone();
    if (system != LinearSystem.LOWER) {
      solveLower(l, g, d, m);
      subtractProduct(x, g, d, m, dL);
    }
    if (system != LinearSystem.TRANSPOSED) {
      solveTransposed(l, g, d, m);
      double[] of = system == LinearSystem.LOWER ? x : timesTransposed(l, x, d, m);
      subtractProduct(g, of, d, m, dL);
    }
    for (int i = 0; i < g.length; i++) {
      dY[i] += g[i];
    }
  }

  private static double[] transposed(double[] a, int d) {
    double[] t = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      t[i % d * d + i / d] = a[i];
    }
    return t;
  }

  /** {@code dA += ½(P + Pᵀ), P = L⁻ᵀ·Φ(Lᵀ·dL)·L⁻¹}; of dL the lower triangle is read. */
  static void factorBackward(double[] l, double[] dL, int d, double[] dA) {
    double[] lower = dL.clone();
    for (int i = 0; i < d; i++) {
      Arrays.fill(lower, i * d + i + 1, (i + 1) * d, 0);
    }
    double[] p = timesTransposed(l, lower, d, d);
    for (int i = 0; i < d; i++) {
      Arrays.fill(p, i * d + i + 1, (i + 1) * d, 0);
      p[i * d + i] /= 2;
    }
    solveTransposed(l, p, d, d);
    double[] t = transposed(p, d); // P = Z·L⁻¹ is Pᵀ = L⁻ᵀ·Zᵀ
    solveTransposed(l, t, d, d);
    for (int i = 0; i < d * d; i++) {
      dA[i] += 0.5 * (t[i] + t[i % d * d + i / d]);
    }
  }

  /** {@code 2·Σ log L_ii}. */
  static double logDet(double[] l, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum += 2 * Math.log(l[i * d + i]);
    }
    return sum;
  }

  /** {@code dL_ii += 2·g/L_ii}. */
  static void logDetBackward(double[] l, double g, int d, double[] dL) {
    for (int i = 0; i < d * d; i += d + 1) {
      dL[i] += 2 * g / l[i];
    }
  }

  // ---- batches: matrix b of either layout to and from one array ----

  private static double[] read(MatrixLayout layout, Tensor t, int b) {
    double[] one = new double[elements(layout, t)];
    for (int e = 0; e < one.length; e++) {
      one[e] = t.array()[place(layout, t, b, e)];
    }
    return one;
  }

  private static void write(double[] one, MatrixLayout layout, Tensor t, int b) {
    for (int e = 0; e < one.length; e++) {
      t.array()[place(layout, t, b, e)] = (float) one[e];
    }
  }

  private static void accumulate(double[] one, MatrixLayout layout, @Nullable Tensor t, int b) {
    for (int e = 0; t != null && e < one.length; e++) {
      if (one[e] != 0) { // what is 0 may be no part of the output
        int at = place(layout, t, b, e);
        t.array()[at] = (float) (t.array()[at] + one[e]);
      }
    }
  }

  private static int place(MatrixLayout layout, Tensor t, int b, int e) {
    int n = elements(layout, t);
    return t.offset()
        + (layout == MatrixLayout.MATRICES ? b * n + e : (b / LANES * n + e) * LANES + b % LANES);
  }

  /** Matrices of a batch, those beyond B of a last group of lanes included. */
  private static int matrices(MatrixLayout layout, Tensor t) {
    return entries(t) * (layout == MatrixLayout.LANES ? LANES : 1);
  }

  @Override
  protected void doPack(Tensor x, Tensor packed) {
    int batch = entries(x);
    for (int b = 0; b < packed.rows() * LANES; b++) {
      int of = b < batch ? b : b / LANES * LANES;
      write(read(MatrixLayout.MATRICES, flat(x), of), MatrixLayout.LANES, packed, b);
    }
  }

  @Override
  protected void doUnpack(Tensor packed, Tensor x) {
    for (int b = 0; b < entries(x); b++) {
      write(read(MatrixLayout.LANES, packed, b), MatrixLayout.MATRICES, flat(x), b);
    }
  }

  /** As [B,N]. */
  private static Tensor flat(Tensor x) {
    int batch = entries(x);
    return Tensor.of(x.array(), x.offset(), batch, batch == 0 ? 0 : x.size() / batch);
  }

  @Override
  protected void doFactor(MatrixLayout layout, Tensor a, Tensor l, int[] status) {
    for (int b = 0; b < matrices(layout, a); b++) {
      double[] one = read(layout, a, b);
      int minor = factor(one, order(layout, a));
      write(one, layout, l, b);
      if (b < status.length) {
        status[b] = minor;
      }
    }
  }

  @Override
  protected void doFactorBackward(MatrixLayout layout, Tensor l, Tensor dL, Tensor dA) {
    int d = order(layout, l);
    for (int b = 0; b < matrices(layout, l); b++) {
      double[] gradient = new double[d * d];
      factorBackward(read(layout, l, b), read(layout, dL, b), d, gradient);
      accumulate(gradient, layout, dA, b);
    }
  }

  @Override
  protected void doSolve(MatrixLayout layout, LinearSystem system, Tensor l, Tensor y, Tensor x) {
    int d = order(layout, l);
    for (int b = 0; b < matrices(layout, l); b++) {
      double[] given = read(layout, y, b);
      write(solve(system, read(layout, l, b), given, d, given.length / d), layout, x, b);
    }
  }

  @Override
  protected void doSolveBackward(
      MatrixLayout layout,
      LinearSystem system,
      Tensor l,
      Tensor x,
      Tensor dX,
      @Nullable Tensor dL,
      @Nullable Tensor dY) {
    int d = order(layout, l);
    int m = elements(layout, x) / d;
    for (int b = 0; b < matrices(layout, l); b++) {
      double[] toL = new double[d * d];
      double[] toY = new double[d * m];
      double[] one = read(layout, l, b);
      solveBackward(system, one, read(layout, x, b), read(layout, dX, b), d, m, toL, toY);
      accumulate(toL, layout, dL, b);
      accumulate(toY, layout, dY, b);
    }
  }

  @Override
  protected void doLogDet(MatrixLayout layout, Tensor l, Tensor out) {
    double[] values = new double[out.size()];
    for (int b = 0; b < values.length; b++) {
      values[b] = logDet(read(layout, l, b), order(layout, l));
    }
    Doubles.write(values, out);
  }

  @Override
  protected void doLogDetBackward(MatrixLayout layout, Tensor l, Tensor g, Tensor dL) {
    int d = order(layout, l);
    for (int b = 0; b < g.size(); b++) {
      double[] gradient = new double[d * d];
      logDetBackward(read(layout, l, b), g.get(b), d, gradient);
      accumulate(gradient, layout, dL, b);
    }
  }
}
