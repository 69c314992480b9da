package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.Tolerance;
import java.util.Arrays;

/** Bounds of Σ|terms| of what a Sylvester step computes, from norms; see {@link FlowTerms}. */
record SylvesterTerms(
    Tolerance z,
    Tolerance logDet,
    Tolerance dz,
    Tolerance dv,
    Tolerance dr1,
    Tolerance dr2,
    Tolerance db,
    Tolerance inverse) {
  /** What gradients are accumulated into: normal numbers, all below this. */
  private static final double START = 6;

  static SylvesterTerms of(
      Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor dzOut, Tensor dLogDet) {
    int d = z.columns();
    int h = FlowKernels.reflections("terms", z, v);
    int k = FlowKernels.rowsPerParameter(z, v);
    var p =
        new SylvesterReference.Parameters(
            Doubles.read(v), Doubles.read(r1), Doubles.read(r2), Doubles.read(b), h, k, d);
    double[] x = Doubles.read(z);
    double[] g = Doubles.read(dzOut);
    double[][] t = new double[8][];
    int[] sizes = {
      z.size(), z.rows(), z.size(), v.size(), r1.size(), r2.size(), b.size(), z.size()
    };
    for (int i = 0; i < t.length; i++) {
      t[i] = new double[sizes[i]];
      Arrays.fill(t[i], START);
    }
    for (int r = 0; r < z.rows(); r++) {
      row(p, r, FlowTerms.norm(x, r * d, d), FlowTerms.norm(g, r * d, d), dLogDet.get(r), t);
    }
    return new SylvesterTerms(
        new Tolerance(1e-5, 1e-5, t[0]),
        new Tolerance(1e-5, 1e-5, t[1]),
        new Tolerance(1e-5, 1e-4, t[2]),
        new Tolerance(1e-5, 1e-4, t[3]),
        new Tolerance(1e-5, 1e-4, t[4]),
        new Tolerance(1e-5, 1e-4, t[5]),
        new Tolerance(1e-5, 1e-4, t[6]),
        new Tolerance(1e-5, 1e-5, t[7]));
  }

  private static void row(
      SylvesterReference.Parameters p, int r, double size, double toOut, double l, double[][] t) {
    int d = p.d();
    int point = r / p.k();
    double first = FlowTerms.norm(p.r1(), point * d * d, d * d) + 1;
    double second = FlowTerms.norm(p.r2(), point * d * d, d * d) + 1;
    double reflected = 1 + 6 * p.h();
    double a = reflected * (1 + second * size + FlowTerms.norm(p.b(), point * d, d));
    double logs = 0;
    double worst = 1;
    for (int i = 0; i < d; i++) {
      double q = p.q(point, i);
      logs += Math.abs(q - 1) / Math.sqrt(q);
      worst = Math.max(worst, 1 / q);
    }
    double o = first * Math.sqrt(d);
    double toPre = (first * toOut + Math.abs(l) * logs) * a;
    fill(t[0], r * d, d, reflected * (size + first * (Math.sqrt(d) + a)));
    fill(t[7], r * d, d, worst * reflected * (size + first * (Math.sqrt(d) + a)));
    t[1][r] += d + logs * a;
    fill(t[2], r * d, d, reflected * (toOut + second * toPre));
    fill(t[4], point * d * d, d * d, reflected * toOut * a + Math.abs(l) * worst);
    fill(t[5], point * d * d, d * d, reflected * toPre * size + Math.abs(l) * worst);
    fill(t[6], point * d, d, toPre);
    for (int j = point * p.h(); j < (point + 1) * p.h(); j++) {
      double v = FlowTerms.norm(p.v(), j * d, d);
      fill(t[3], j * d, d, 4 / v * reflected * (toOut * o * a + second * toPre * size));
    }
  }

  private static void fill(double[] terms, int from, int n, double more) {
    for (int i = from; i < from + n; i++) {
      terms[i] += more;
    }
  }
}
