package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.Tolerance;
import java.util.Arrays;

/**
 * Bounds of Σ|terms| of what flows compute, from norms: a sum's rounding errors are multiples of
 * it. Errors of what a term is made of (a dot product inside a tanh) are counted by the magnitude
 * of that.
 */
final class FlowTerms {
  /** What gradients are accumulated into: normal numbers, all below this. */
  private static final double START = 6;

  private FlowTerms() {}

  static double norm(double[] x, int from, int n) {
    double sum = 0;
    for (int i = from; i < from + n; i++) {
      sum += x[i] * x[i];
    }
    return Math.sqrt(sum);
  }

  private static double[] started(int n) {
    double[] terms = new double[n];
    Arrays.fill(terms, START);
    return terms;
  }

  private static Tolerance elements(double... terms) {
    return new Tolerance(1e-5, 1e-5, terms);
  }

  private static Tolerance gradients(double... terms) {
    return new Tolerance(1e-5, 1e-4, terms);
  }

  /** Tolerances of what planar steps write: z', logDet, dz, du, dw, db. */
  record Planar(
      Tolerance z, Tolerance logDet, Tolerance dz, Tolerance du, Tolerance dw, Tolerance db) {
    static Planar of(Tensor z, Tensor u, Tensor w, Tensor b, Tensor dzOut, Tensor dLogDet) {
      return new PlanarBounds(z, u, w, b, dzOut, dLogDet).tolerances();
    }
  }

  /**
   * |dx| from the log-determinant is at most |dLogDet|·|c|/√p and h/det at most 1/p, since t² + hp
   * is at least 2|t|√(hp); a step multiplies the norm of a gradient by at most 1 + ‖û‖·‖w‖.
   */
  private static final class PlanarBounds {
    private final int d;
    private final int s;
    private final int k;
    private final double[] z;
    private final double[] u;
    private final double[] w;
    private final double[] b;
    private final double[] g;
    private final double[] l;
    private final double[] toZ;
    private final double[] zOut;
    private final double[] logDet;
    private final double[] du;
    private final double[] dw;
    private final double[] db;

    PlanarBounds(Tensor z, Tensor u, Tensor w, Tensor b, Tensor dzOut, Tensor dLogDet) {
      this.d = z.columns();
      this.s = u.rows() == 0 ? 0 : b.size() / u.rows();
      this.k = FlowKernels.rowsPerParameter(z, u);
      this.z = Doubles.read(z);
      this.u = Doubles.read(u);
      this.w = Doubles.read(w);
      this.b = Doubles.read(b);
      this.g = Doubles.read(dzOut);
      this.l = Doubles.read(dLogDet);
      toZ = started(z.size());
      zOut = started(z.size());
      logDet = started(z.rows());
      du = started(u.size());
      dw = started(u.size());
      db = started(b.size());
    }

    Planar tolerances() {
      for (int r = 0; r < l.length; r++) {
        row(r);
      }
      return new Planar(
          elements(zOut),
          elements(logDet),
          gradients(toZ),
          gradients(du),
          gradients(dw),
          gradients(db));
    }

    private void row(int r) {
      double size = norm(z, r * d, d);
      double toOut = norm(g, r * d, d);
      double growth = 1;
      double argument = 1;
      for (int j = 0; j < s; j++) {
        PlanarReference.Step step = PlanarReference.step(u, w, b, r / k * s + j, d);
        double wn = norm(step.w(), 0, d);
        double un = norm(step.uHat(), 0, d);
        argument += wn * size + Math.abs(step.b());
        size += un;
        growth *= 1 + un * wn;
        toOut += wn * Math.abs(l[r]) * Math.abs(step.c()) / Math.sqrt(step.p());
        logDet[r] += argument * Math.abs(step.c()) / Math.sqrt(step.p());
      }
      for (int i = 0; i < d; i++) {
        zOut[r * d + i] += growth * (size + argument);
        toZ[r * d + i] += growth * toOut * argument;
      }
      for (int j = 0; j < s; j++) {
        parameters(r / k * s + j, Math.abs(l[r]), size, growth * toOut * argument);
      }
    }

    private void parameters(int unit, double toLog, double size, double toOut) {
      PlanarReference.Step step = PlanarReference.step(u, w, b, unit, d);
      double wn = norm(step.w(), 0, d);
      double toX =
          norm(step.uHat(), 0, d) * toOut + toLog * Math.abs(step.c()) / Math.sqrt(step.p());
      double n = step.n() == 0 ? Double.POSITIVE_INFINITY : step.n();
      double toA = toLog / step.p() + wn * toOut / n;
      db[unit] += toX;
      for (int i = unit * d; i < (unit + 1) * d; i++) {
        du[i] += toOut + toA * Math.abs(w[i]);
        dw[i] +=
            toX * size
                + Math.abs(step.e()) * toOut * (1 + 2 * wn * Math.abs(w[i]) / n)
                + toA * Math.abs(u[i]);
      }
    }
  }

  /** Tolerances of what a radial step writes. */
  record Radial(
      Tolerance z,
      Tolerance logDet,
      Tolerance dz,
      Tolerance dz0,
      Tolerance dAlpha,
      Tolerance dBeta) {
    static Radial of(
        Tensor z, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor dzOut, Tensor dLogDet) {
      int d = z.columns();
      int k = FlowKernels.rowsPerParameter(z, z0);
      double[][] t = {
        started(z.size()),
        started(z.rows()),
        started(z.size()),
        started(z0.size()),
        started(z0.rows()),
        started(z0.rows())
      };
      for (int r = 0; r < z.rows(); r++) {
        int point = r / k;
        double alpha = FlowReference.softplus(alphaHat.get(point));
        double p = FlowReference.softplus(betaHat.get(point));
        row(Doubles.read(z), Doubles.read(z0), r, point, d, alpha, p, dzOut, dLogDet, t);
      }
      return new Radial(
          elements(t[0]),
          elements(t[1]),
          gradients(t[2]),
          gradients(t[3]),
          gradients(t[4]),
          gradients(t[5]));
    }

    /** α/A and r/A are at most 1, 1/φ and 1/ψ at most 1 + α/p. */
    private static void row(
        double[] z,
        double[] z0,
        int r,
        int point,
        int d,
        double alpha,
        double p,
        Tensor dzOut,
        Tensor dLogDet,
        double[][] t) {
      double[] e = new double[d];
      double toOut = 0;
      for (int i = 0; i < d; i++) {
        e[i] = Math.abs(z[r * d + i]) + Math.abs(z0[point * d + i]);
        toOut += Math.abs(e[i] * dzOut.get(r * d + i));
      }
      double radius = norm(e, 0, d);
      double phi = 1 + p / alpha;
      double inverse = 1 + alpha / p;
      double toLog = Math.abs(dLogDet.get(r)) * inverse;
      double big = alpha + FlowTerms.norm(difference(z, r, z0, point, d), 0, d);
      double toPhi = toOut + (d + 1) * toLog;
      t[1][r] += (d + 1) * phi * inverse;
      for (int i = 0; i < d; i++) {
        t[0][r * d + i] += (1 + phi) * e[i];
        double g = phi * Math.abs(dzOut.get(r * d + i));
        double along = phi / big * (toPhi + 2 * toLog);
        t[2][r * d + i] += 2 * g + along;
        t[3][point * d + i] += g + along;
      }
      t[4][point] += (phi * toPhi + (p / alpha + 4 + 2 * phi) * toLog) / big;
      t[5][point] += (toPhi + toLog) / big * (1 + radius / big);
    }

    private static double[] difference(double[] z, int r, double[] z0, int point, int d) {
      double[] e = new double[d];
      for (int i = 0; i < d; i++) {
        e[i] = z[r * d + i] - z0[point * d + i];
      }
      return e;
    }
  }

  /** Tolerances of what h reflections write, which keep norms: z' or dz, and dv. */
  static Tolerance reflected(Tensor z, int h) {
    double[] terms = started(z.size());
    double[] x = Doubles.read(z);
    for (int i = 0; i < terms.length; i++) {
      int d = z.columns();
      terms[i] += (1 + 3 * h) * norm(x, i / d * d, d);
    }
    return elements(terms);
  }

  static Tolerance vectors(Tensor z, Tensor v, Tensor g) {
    int d = z.columns();
    int h = d == 0 ? 0 : v.columns() / d;
    int k = FlowKernels.rowsPerParameter(z, v);
    double[] vectors = Doubles.read(v);
    double[] x = Doubles.read(z);
    double[] gradient = Doubles.read(g);
    double[] terms = started(v.size());
    for (int r = 0; d > 0 && r < z.rows(); r++) {
      double product = (1 + 6 * h) * norm(x, r * d, d) * norm(gradient, r * d, d);
      for (int i = r / k * h * d; i < (r / k + 1) * h * d; i++) {
        double size = norm(vectors, i / d * d, d);
        terms[i] += size * size < FlowKernels.SMALLEST_SQUARE ? 0 : 4 / size * product;
      }
    }
    return gradients(terms);
  }
}
