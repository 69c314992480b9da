package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.kernel.ReferenceMath.sigmoid;

import org.jspecify.annotations.Nullable;

/**
 * Planar steps in double. Arrays are dense and row-major; {@code k} rows of z share a row of
 * parameters, {@code d} dimensions, {@code s} steps.
 */
final class PlanarReference {
  private PlanarReference() {}

  /**
   * What one step makes of its parameters.
   *
   * @param a wᵀu
   * @param n ‖w‖², 0 where it counts as 0
   * @param p 1 + wᵀû, a softplus
   * @param e û = u + e·w
   */
  record Step(double a, double n, double p, double e, double[] w, double[] uHat, double b) {
    double c() {
      return p - 1;
    }

    /** ∂(wᵀz')/∂(wᵀz) = 1 + (1 − t²)·c, as a sum of positive numbers. */
    double det(double t) {
      return t * t + slope(t) * p;
    }

    static double slope(double t) {
      return (1 - t) * (1 + t);
    }
  }

  static Step step(double[] u, double[] w, double[] b, int index, int d) {
    double a = FlowReference.dot(w, index * d, u, index * d, d);
    double n = FlowReference.square(FlowReference.dot(w, index * d, w, index * d, d));
    double p = n == 0 ? 1 : Double.isNaN(n) ? n : FlowReference.softplus(a);
    double e = n == 0 ? 0 : (FlowReference.softplus(-a) - 1) / n;
    double[] weights = new double[d];
    double[] uHat = new double[d];
    for (int i = 0; i < d; i++) {
      weights[i] = w[index * d + i];
      uHat[i] = u[index * d + i] + e * weights[i];
    }
    return new Step(a, n, p, e, weights, uHat, b[index]);
  }

  /** The inputs of all steps and, last, the output; the log-determinants are added. */
  static double[][] forward(
      double[] z,
      double[] u,
      double[] w,
      double[] b,
      int s,
      int k,
      int d,
      double @Nullable [] logDet) {
    double[][] path = new double[s + 1][];
    path[0] = z;
    for (int j = 0; j < s; j++) {
      path[j + 1] = path[j].clone();
      for (int r = 0; r < rows(b, s, k); r++) {
        Step step = step(u, w, b, r / k * s + j, d);
        double x = FlowReference.dot(step.w, 0, path[j], r * d, d) + step.b;
        move(path[j + 1], r, d, step, Math.tanh(x));
        addLogDet(logDet, r, 1, step.det(Math.tanh(x)));
      }
    }
    return path;
  }

  static double[] inverse(
      double[] zOut,
      double[] u,
      double[] w,
      double[] b,
      int s,
      int k,
      int d,
      double @Nullable [] logDet) {
    double[] z = zOut.clone();
    for (int r = 0; r < rows(b, s, k); r++) {
      for (int j = s - 1; j >= 0; j--) {
        Step step = step(u, w, b, r / k * s + j, d);
        double y = FlowReference.dot(step.w, 0, z, r * d, d) + step.b;
        double t = Math.tanh(TanhRoot.of(step.p, y));
        move(z, r, d, step, -t);
        addLogDet(logDet, r, -1, step.det(t));
      }
    }
    return z;
  }

  private static void move(double[] z, int r, int d, Step step, double t) {
    for (int i = 0; i < d; i++) {
      z[r * d + i] += step.uHat[i] * t;
    }
  }

  private static void addLogDet(double @Nullable [] logDet, int r, int sign, double det) {
    if (logDet != null) {
      logDet[r] += sign * Math.log(det);
    }
  }

  /** With d = 0 the array of z does not tell the number of rows. */
  private static int rows(double[] b, int s, int k) {
    return s == 0 ? 0 : b.length / s * k;
  }

  /** Accumulates into du, dw, db and returns dz. */
  static double[] backward(
      double[] z,
      double[] u,
      double[] w,
      double[] b,
      int s,
      int k,
      int d,
      double[] dzOut,
      double[] dLogDet,
      double[] du,
      double[] dw,
      double[] db) {
    double[][] path = forward(z, u, w, b, s, k, d, null);
    double[] g = dzOut.clone();
    for (int j = s - 1; j >= 0; j--) {
      for (int p = 0; p < b.length / s; p++) {
        backwardStep(path[j], u, w, b, p * s + j, p * k, (p + 1) * k, d, g, dLogDet, du, dw, db);
      }
    }
    return g;
  }

  /** Turns the gradients g of what leaves the step into those of what enters it. */
  private static void backwardStep(
      double[] z,
      double[] u,
      double[] w,
      double[] b,
      int index,
      int first,
      int end,
      int d,
      double[] g,
      double[] dLogDet,
      double[] du,
      double[] dw,
      double[] db) {
    Step step = step(u, w, b, index, d);
    double[] toUHat = new double[d];
    double toC = 0;
    for (int r = first; r < end; r++) {
      double t = Math.tanh(FlowReference.dot(step.w, 0, z, r * d, d) + step.b);
      double h = Step.slope(t);
      double det = step.det(t);
      double toX =
          h * FlowReference.dot(step.uHat, 0, g, r * d, d)
              - 2 * dLogDet[r] * t * h * step.c() / det;
      toC += dLogDet[r] * h / det;
      db[index] += toX;
      for (int i = 0; i < d; i++) {
        toUHat[i] += t * g[r * d + i];
        dw[index * d + i] += z[r * d + i] * toX;
        g[r * d + i] += step.w[i] * toX;
      }
    }
    throughUHat(step, toUHat, toC, u, index, d, du, dw);
  }

  /** From û and c = wᵀû to u and w. */
  private static void throughUHat(
      Step step,
      double[] toUHat,
      double toC,
      double[] u,
      int index,
      int d,
      double[] du,
      double[] dw) {
    boolean straight = step.n == 0; // û = u, c = 0
    double toE = straight ? 0 : FlowReference.dot(toUHat, 0, step.w, 0, d);
    double toN = straight ? 0 : -toE * step.e / step.n;
    double toA = straight ? 0 : sigmoid(step.a) * toC - sigmoid(-step.a) * toE / step.n;
    for (int i = 0; i < d; i++) {
      du[index * d + i] += toUHat[i] + toA * step.w[i];
      dw[index * d + i] += step.e * toUHat[i] + toA * u[index * d + i] + 2 * toN * step.w[i];
    }
  }
}
