package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link SylvesterKernels} in double: the law. {@code k} rows of z share a row of parameters,
 * {@code d} dimensions, {@code h} reflections.
 */
public final class SylvesterReference extends SylvesterKernels {
  /** All parameters, dense. */
  record Parameters(double[] v, double[] r1, double[] r2, double[] b, int h, int k, int d) {
    /** Entry (i, j) of a matrix of row {@code point}: tanh on its diagonal, nothing below. */
    double entry(double[] matrix, int point, int i, int j) {
      double x = matrix[(point * d + i) * d + j];
      return i > j ? 0 : i == j ? Math.tanh(x) : x;
    }

    /** 1 + r1_ii·r2_ii = cosh(x + y)/(cosh x·cosh y), without cancellation. */
    double q(int point, int i) {
      double x = r1[(point * d + i) * d + i];
      double y = r2[(point * d + i) * d + i];
      double e = Math.exp(-2 * Math.abs(x));
      double f = Math.exp(-2 * Math.abs(y));
      double q = 2 * (x < 0 == y < 0 ? 1 + e * f : e + f) / ((1 + e) * (1 + f));
      return Math.max(q, FlowKernels.SMALLEST_SOFTPLUS);
    }
  }

  /** What a row goes through: y = Qᵀz, t = tanh(R2·y + b), and R1·t. */
  private record Row(double[] y, double[] t, double[] o) {
    static Row of(Parameters p, double[] y, int point) {
      double[] t = new double[p.d];
      double[] o = new double[p.d];
      for (int i = p.d - 1; i >= 0; i--) {
        double pre = p.b[point * p.d + i];
        for (int j = i; j < p.d; j++) {
          pre += p.entry(p.r2, point, i, j) * y[j];
        }
        t[i] = Math.tanh(pre);
        for (int j = i; j < p.d; j++) {
          o[i] += p.entry(p.r1, point, i, j) * t[j];
        }
      }
      return new Row(y, t, o);
    }

    double logDet(Parameters p, int point) {
      double sum = 0;
      for (int i = 0; i < p.d; i++) {
        sum += Math.log(det(p, point, i));
      }
      return sum;
    }

    double det(Parameters p, int point, int i) {
      return t[i] * t[i] + (1 - t[i]) * (1 + t[i]) * p.q(point, i);
    }
  }

  /** Row r of x, times Qᵀ or Q. */
  private static double[] rotated(Parameters p, double[] x, int r, int point, boolean lastFirst) {
    double[] y = new double[p.d];
    System.arraycopy(x, r * p.d, y, 0, p.d);
    double[] v = new double[p.h * p.d];
    System.arraycopy(p.v, point * v.length, v, 0, v.length);
    HouseholderReference.reflect(y, v, p.h, 1, p.d, lastFirst);
    return y;
  }

  static double[] forward(double[] z, Parameters p, int rows, double @Nullable [] logDet) {
    double[] out = z.clone();
    for (int r = 0; r < rows; r++) {
      int point = r / p.k;
      Row row = Row.of(p, rotated(p, z, r, point, false), point);
      double[] o = rotated(p, row.o, 0, point, true);
      for (int i = 0; i < p.d; i++) {
        out[r * p.d + i] += o[i];
      }
      if (logDet != null) {
        logDet[r] += row.logDet(p, point);
      }
    }
    return out;
  }

  static double[] inverse(double[] zOut, Parameters p, int rows, double @Nullable [] logDet) {
    double[] z = new double[zOut.length];
    for (int r = 0; r < rows; r++) {
      int point = r / p.k;
      double[] y = rotated(p, zOut, r, point, false);
      solve(y, p, point);
      if (logDet != null) {
        logDet[r] -= Row.of(p, y, point).logDet(p, point);
      }
      System.arraycopy(rotated(p, y, 0, point, true), 0, z, r * p.d, p.d);
    }
    return z;
  }

  /** From y' = y + R1·tanh(R2·y + b) to y, in place. */
  private static void solve(double[] y, Parameters p, int point) {
    double[] t = new double[p.d];
    for (int i = p.d - 1; i >= 0; i--) {
      double rest = y[i];
      double pre = p.b[point * p.d + i];
      for (int j = i + 1; j < p.d; j++) {
        rest -= p.entry(p.r1, point, i, j) * t[j];
        pre += p.entry(p.r2, point, i, j) * y[j];
      }
      double x = TanhRoot.of(p.q(point, i), p.entry(p.r2, point, i, i) * rest + pre);
      t[i] = Math.tanh(x);
      y[i] = rest - p.entry(p.r1, point, i, i) * t[i];
    }
  }

  /** Accumulates into dv, dr1, dr2, db and returns dz. */
  static double[] backward(
      double[] z,
      Parameters p,
      int rows,
      double[] dzOut,
      double[] dLogDet,
      double[] dv,
      double[] dr1,
      double[] dr2,
      double[] db) {
    double[] dz = dzOut.clone();
    for (int r = 0; r < rows; r++) {
      int point = r / p.k;
      Row row = Row.of(p, rotated(p, z, r, point, false), point);
      double[] g = new double[p.d];
      System.arraycopy(dzOut, r * p.d, g, 0, p.d);
      throughReflections(p, rotated(p, row.o, 0, point, true), point, true, g, dv);
      double[] dy = backwardRow(row, p, point, g, dLogDet[r], dr1, dr2, db);
      throughReflections(p, row.y, point, false, dy, dv);
      for (int i = 0; i < p.d; i++) {
        dz[r * p.d + i] += dy[i];
      }
    }
    return dz;
  }

  private static void throughReflections(
      Parameters p, double[] left, int point, boolean lastFirst, double[] g, double[] dv) {
    int n = p.h * p.d;
    double[] v = new double[n];
    double[] sums = new double[n];
    System.arraycopy(p.v, point * n, v, 0, n);
    HouseholderReference.backward(left.clone(), v, p.h, 1, p.d, lastFirst, g, sums);
    for (int i = 0; i < n; i++) {
      dv[point * n + i] += sums[i];
    }
  }

  /** From the gradient g of R1·t to that of y. */
  private static double[] backwardRow(
      Row row,
      Parameters p,
      int point,
      double[] g,
      double toLogDet,
      double[] dr1,
      double[] dr2,
      double[] db) {
    double[] dy = new double[p.d];
    for (int i = 0; i < p.d; i++) {
      double t = row.t[i];
      double slope = (1 - t) * (1 + t);
      double toQ = toLogDet * slope / row.det(p, point, i);
      double toT = 0;
      for (int j = 0; j <= i; j++) {
        toT += p.entry(p.r1, point, j, i) * g[j];
        int at = (point * p.d + j) * p.d + i;
        double to = g[j] * t;
        dr1[at] += i == j ? diagonal(p.r1, at, to + toQ * p.entry(p.r2, point, i, i)) : to;
      }
      double toPre = slope * toT - 2 * t * (p.q(point, i) - 1) * toQ;
      db[point * p.d + i] += toPre;
      for (int j = i; j < p.d; j++) {
        dy[j] += p.entry(p.r2, point, i, j) * toPre;
        int at = (point * p.d + i) * p.d + j;
        double to = toPre * row.y[j];
        dr2[at] += i == j ? diagonal(p.r2, at, to + toQ * p.entry(p.r1, point, i, i)) : to;
      }
    }
    return dy;
  }

  /** Through the tanh of a diagonal. */
  private static double diagonal(double[] raw, int at, double gradient) {
    double t = Math.tanh(raw[at]);
    return gradient * (1 - t) * (1 + t);
  }

  private static Parameters read(Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b) {
    return new Parameters(
        Doubles.read(v),
        Doubles.read(r1),
        Doubles.read(r2),
        Doubles.read(b),
        FlowKernels.reflections("sylvester", z, v),
        FlowKernels.rowsPerParameter(z, v),
        z.columns());
  }

  @Override
  protected void doSylvester(
      Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor zOut, @Nullable Tensor logDet) {
    double[] sums = Doubles.like(logDet);
    Doubles.write(forward(Doubles.read(z), read(z, v, r1, r2, b), z.rows(), sums), zOut);
    Doubles.accumulate(sums, logDet);
  }

  @Override
  protected void doSylvesterInverse(
      Tensor zOut, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor z, @Nullable Tensor logDet) {
    double[] sums = Doubles.like(logDet);
    Doubles.write(inverse(Doubles.read(zOut), read(z, v, r1, r2, b), z.rows(), sums), z);
    Doubles.accumulate(sums, logDet);
  }

  @Override
  protected void doSylvesterBackward(
      Tensor z,
      Tensor v,
      Tensor r1,
      Tensor r2,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dv,
      @Nullable Tensor dr1,
      @Nullable Tensor dr2,
      @Nullable Tensor db) {
    double[] toV = new double[v.size()];
    double[] toR1 = new double[r1.size()];
    double[] toR2 = new double[r2.size()];
    double[] toB = new double[b.size()];
    double[] toZ =
        backward(
            Doubles.read(z),
            read(z, v, r1, r2, b),
            z.rows(),
            FlowReference.readOrZeros(dzOut, z.size()),
            FlowReference.readOrZeros(dLogDet, z.rows()),
            toV,
            toR1,
            toR2,
            toB);
    Doubles.accumulate(toZ, dz);
    Doubles.accumulate(toV, dv);
    Doubles.accumulate(toR1, dr1);
    Doubles.accumulate(toR2, dr2);
    Doubles.accumulate(toB, db);
  }
}
