package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.covariance.CovarianceReference.Factors;
import io.github.elbo4j.testkit.Tolerance;

/**
 * Running bounds on the rounding errors of triangular arithmetic, in units of {@link
 * Tolerance#sum}: the sum of the absolute terms that an element is made of, those included that its
 * own inputs were wrong by. A substitution passes errors on, so bounds are computed along with it.
 */
final class CovarianceTerms {
  private CovarianceTerms() {}

  /** Of Σ_j≤i L_ij·x_j, given the terms of x. */
  static double[] product(Factors f, double[] x, int k) {
    int d = f.d();
    double[] terms = new double[x.length];
    for (int p = 0; p < x.length; p++) {
      for (int j = 0; j <= p % d; j++) {
        terms[p] += Math.abs(f.at(p / d / k, p % d, j)) * x[p / d * d + j];
      }
    }
    return terms;
  }

  /** Of y = L⁻¹·x, given y itself and the terms of x; the value itself is counted in. */
  static double[] solved(Factors f, double[] y, double[] x, int k) {
    int d = f.d();
    double[] terms = x.clone();
    for (int p = 0; p < x.length; p++) {
      int b = p / d / k;
      for (int j = 0; j < p % d; j++) {
        int q = p / d * d + j;
        terms[p] += Math.abs(f.at(b, p % d, j)) * (Math.abs(y[q]) + terms[q]);
      }
      terms[p] = terms[p] * f.inverse()[b * d + p % d] + Math.abs(y[p]);
    }
    return terms;
  }

  /** Of w = L⁻ᵀ·y likewise. */
  static double[] solvedTransposed(Factors f, double[] w, double[] y, int k) {
    int d = f.d();
    double[] terms = y.clone();
    for (int p = w.length - 1; p >= 0; p--) {
      int b = p / d / k;
      for (int j = p % d + 1; j < d; j++) {
        int q = p / d * d + j;
        terms[p] += Math.abs(f.at(b, j, p % d)) * (Math.abs(w[q]) + terms[q]);
      }
      terms[p] = terms[p] * f.inverse()[b * d + p % d] + Math.abs(w[p]);
    }
    return terms;
  }

  static double[] abs(double[] x) {
    double[] a = new double[x.length];
    for (int i = 0; i < a.length; i++) {
      a[i] = Math.abs(x[i]);
    }
    return a;
  }

  /** a + b, element by element. */
  static double[] plus(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  /** start + x, element by element. */
  static double[] plus(double start, double[] x) {
    double[] a = new double[x.length];
    for (int i = 0; i < a.length; i++) {
      a[i] = start + x[i];
    }
    return a;
  }

  /** Σ_d of scale·x_d² of each row. */
  static double[] squares(double[] x, int rows) {
    double[] sums = new double[rows];
    for (int i = 0; i < x.length; i++) {
      sums[i / (x.length / rows)] += x[i] * x[i];
    }
    return sums;
  }

  /** start + Σ_k u_i·v_j of each point, [b, d, d]. */
  static double[] outer(double start, double[] u, double[] v, int d, int k) {
    double[] sums = new double[u.length / k * d];
    java.util.Arrays.fill(sums, start);
    for (int p = 0; p < u.length; p++) {
      int row = (p / d / k * d + p % d) * d;
      for (int j = 0; j < d; j++) {
        sums[row + j] += u[p] * v[p / d * d + j];
      }
    }
    return sums;
  }

  /** start + Σ_k u of each point. */
  static double[] sums(double start, double[] u, int d, int k) {
    double[] sums = new double[u.length / k];
    java.util.Arrays.fill(sums, start);
    for (int p = 0; p < u.length; p++) {
      sums[p / d / k * d + p % d] += u[p];
    }
    return sums;
  }

  /** The entries below the diagonal of [b, d, d], packed. */
  static double[] packed(double[] full, int d) {
    double[] packed = new double[d == 0 ? 0 : full.length / d * (d - 1) / 2];
    for (int p = 0, next = 0; d > 0 && p < full.length / d; p++) {
      for (int j = 0; j < p % d; j++) {
        packed[next++] = full[p * d + j];
      }
    }
    return packed;
  }
}
