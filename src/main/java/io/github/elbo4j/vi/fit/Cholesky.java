package io.github.elbo4j.vi.fit;

import org.jspecify.annotations.Nullable;

/** {@code A = L·Lᵀ} of a symmetric positive definite matrix, row-major, in double. */
public final class Cholesky {
  private final double[] l;
  private final int n;

  private Cholesky(double[] l, int n) {
    this.l = l;
    this.n = n;
  }

  /**
   * Factors a matrix; null when it is not positive definite or not finite.
   *
   * @param a read, [n,n]; what stands above the diagonal is not used
   */
  public static @Nullable Cholesky of(double[] a, int n) {
    double[] l = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double s = a[i * n + j];
        for (int k = 0; k < j; k++) {
          s -= l[i * n + k] * l[j * n + k];
        }
        l[i * n + j] = i == j ? Math.sqrt(s) : s / l[j * n + j];
      }
      if (!(l[i * n + i] > 0 && l[i * n + i] < Double.POSITIVE_INFINITY)) {
        return null;
      }
    }
    return new Cholesky(l, n);
  }

  /** L, 0 above its diagonal: this object's own array. */
  double[] factor() {
    return l;
  }

  /** {@code log det A}. */
  public double logDet() {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += 2 * Math.log(l[i * n + i]);
    }
    return sum;
  }

  /** Replaces {@code y} by {@code L⁻¹·y}. */
  public void solveLower(double[] y) {
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        y[i] -= l[i * n + k] * y[k];
      }
      y[i] /= l[i * n + i];
    }
  }

  /** Replaces {@code y} by {@code L⁻ᵀ·y}. */
  public void solveTransposed(double[] y) {
    for (int i = n - 1; i >= 0; i--) {
      y[i] /= l[i * n + i];
      for (int k = 0; k < i; k++) { // along a row of L, as it lies in memory
        y[k] -= l[i * n + k] * y[i];
      }
    }
  }

  /** Replaces {@code y} by {@code A⁻¹·y}. */
  public void solve(double[] y) {
    solveLower(y);
    solveTransposed(y);
  }

  /** {@code A⁻¹ = L⁻ᵀ·L⁻¹}, [n,n]. */
  public double[] inverse() {
    double[] lower = inverseFactor();
    double[] inverse = new double[n * n];
    for (int k = 0; k < n; k++) {
      for (int i = 0; i <= k; i++) {
        double f = lower[k * n + i];
        for (int j = 0; j <= i; j++) {
          inverse[i * n + j] += f * lower[k * n + j];
        }
      }
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        inverse[j * n + i] = inverse[i * n + j];
      }
    }
    return inverse;
  }

  /** L⁻¹, row by row: row i is (e_i − Σ_k L_ik row k) / L_ii. */
  private double[] inverseFactor() {
    double[] lower = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        double f = l[i * n + k];
        for (int j = 0; j <= k; j++) {
          lower[i * n + j] -= f * lower[k * n + j];
        }
      }
      lower[i * n + i] = 1;
      for (int j = 0; j <= i; j++) {
        lower[i * n + j] /= l[i * n + i];
      }
    }
    return lower;
  }
}
