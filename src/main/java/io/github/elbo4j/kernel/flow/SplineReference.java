package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link SplineKernels} in double: the law. {@code raw} are the 3K − 1 parameters of one element:
 * widths, heights, derivatives.
 */
public final class SplineReference extends SplineKernels {
  /** What f, or its inverse, gives: the value and log f' at the point on the x axis. */
  record Point(double value, double logSlope) {}

  /** Softmax of {@code k} of the raw parameters. */
  static double[] softmax(double[] raw, int from, int k) {
    double most = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < k; j++) {
      most = Math.max(most, raw[from + j]);
    }
    double[] p = new double[k];
    double sum = 0;
    for (int j = 0; j < k; j++) {
      p[j] = Math.exp(raw[from + j] - most);
      sum += p[j];
    }
    for (int j = 0; j < k; j++) {
      p[j] /= sum;
    }
    return p;
  }

  /** Sizes of the bins from their softmax. */
  static double[] sizes(double[] softmax, double bound) {
    double[] sizes = new double[softmax.length];
    for (int j = 0; j < sizes.length; j++) {
      sizes[j] = 2 * bound * (MIN_BIN + (1 - sizes.length * (double) MIN_BIN) * softmax[j]);
    }
    return sizes;
  }

  /** The left end of bin {@code k}. */
  static double knot(double[] sizes, double bound, int k) {
    double knot = -bound;
    for (int j = 0; j < k; j++) {
      knot += sizes[j];
    }
    return knot;
  }

  /** The bin that {@code v} lies in; the first where it is NaN. */
  static int bin(double[] sizes, double bound, double v) {
    int k = 0;
    while (k + 1 < sizes.length && v >= knot(sizes, bound, k + 1)) {
      k++;
    }
    return k;
  }

  /** d_k. */
  static double derivative(double[] raw, int bins, int k) {
    return k == 0 || k == bins ? 1 : MIN_DERIVATIVE + ReferenceMath.softplus(raw[2 * bins + k - 1]);
  }

  /** One bin: its left ends, sizes and the derivatives at both. */
  record Bin(int k, double x, double w, double y, double h, double d0, double d1) {
    double s() {
      return h / w;
    }

    /** s + (d1 + d0 − 2s)·u(1−u). */
    double below(double u) {
      return s() + (d1 + d0 - 2 * s()) * u * (1 - u);
    }

    /** s·u² + d0·u(1−u). */
    double above(double u) {
      return s() * u * u + d0 * u * (1 - u);
    }

    /** d1·u² + 2s·u(1−u) + d0·(1−u)². */
    double rise(double u) {
      return d1 * u * u + 2 * s() * u * (1 - u) + d0 * (1 - u) * (1 - u);
    }

    double logSlope(double u) {
      return Math.log(s() * s() * rise(u) / (below(u) * below(u)));
    }

    /** The u with f = v, from the larger of the two roots' forms. */
    double solve(double v) {
      double eta = (v - y) / h;
      double p = d0 * (1 - eta) - d1 * eta;
      double root = Math.sqrt(p * p + 4 * s() * s() * eta * (1 - eta));
      return p >= 0
          ? 2 * s() * eta / (2 * s() * eta + root + p)
          : (root - p) / (2 * s() * (1 - eta) + root - p);
    }
  }

  /** The bin of x, or, with {@code inverse}, of a value on the y axis. */
  static Bin find(double v, double[] raw, int bins, double bound, boolean inverse) {
    double[] w = sizes(softmax(raw, 0, bins), bound);
    double[] h = sizes(softmax(raw, bins, bins), bound);
    int k = bin(inverse ? h : w, bound, v);
    double d0 = derivative(raw, bins, k);
    double d1 = derivative(raw, bins, k + 1);
    return new Bin(k, knot(w, bound, k), w[k], knot(h, bound, k), h[k], d0, d1);
  }

  /** f(v), or its inverse. */
  static Point transform(double v, double[] raw, int bins, double bound, boolean inverse) {
    if (Math.abs(v) > bound) {
      return new Point(v, 0);
    }
    Bin b = find(v, raw, bins, bound, inverse);
    double u = inverse ? b.solve(v) : (v - b.x) / b.w;
    return inverse
        ? new Point(b.x + b.w * u, b.logSlope(u))
        : new Point(b.y + b.h * b.above(u) / b.below(u), b.logSlope(u));
  }

  /** Gradients to the ends, sizes and derivatives of a bin, and to its input. */
  record Slopes(double v, double x, double w, double y, double h, double d0, double d1) {}

  /**
   * Of {@code g·f + gLog·log f'} at u in a bin, or of {@code g·f⁻¹ − gLog·log f'} where u was found
   * from a value on the y axis.
   */
  static Slopes slopes(Bin b, double u, double g, double gLog, boolean inverse) {
    double v = 1 - u;
    double s = b.s();
    double below = b.below(u);
    double above = b.above(u);
    double rise = b.rise(u);
    double slope = s * s * rise / (below * below);
    double riseU = 2 * b.d1 * u + 2 * s * (1 - 2 * u) - 2 * b.d0 * v;
    double logU = riseU / rise - 2 * (b.d1 + b.d0 - 2 * s) * (1 - 2 * u) / below;
    double input = inverse ? (g - gLog * logU / b.w) / slope : g * slope + gLog * logU / b.w;
    double toF = inverse ? -input : g;
    double toLog = inverse ? -gLog : gLog;
    double toU = toF * slope * b.w + toLog * logU;
    double fS = b.h * (u * u * below - above * (1 - 2 * u * v)) / (below * below);
    double logS = 2 / s + 2 * u * v / rise - 2 * (1 - 2 * u * v) / below;
    double toS = toF * fS + toLog * logS;
    double fD0 = b.h * u * v * (below - above) / (below * below);
    double fD1 = -b.h * u * v * above / (below * below);
    return new Slopes(
        input,
        -toU / b.w,
        -(toU * u + toS * s) / b.w,
        toF,
        toF * above / below + toS / b.w,
        toF * fD0 + toLog * (v * v / rise - 2 * u * v / below),
        toF * fD1 + toLog * (u * u / rise - 2 * u * v / below));
  }

  /**
   * Adds the gradients of one element to those of its parameters; returns that of its input. With
   * {@code inverse}, gLog is the gradient of −log f'.
   */
  static double backward(
      double v,
      double[] raw,
      int bins,
      double bound,
      boolean inverse,
      double g,
      double gLog,
      double[] dRaw) {
    if (Math.abs(v) > bound) {
      return g;
    }
    Bin b = find(v, raw, bins, bound, inverse);
    Slopes to = slopes(b, inverse ? b.solve(v) : (v - b.x) / b.w, g, gLog, inverse);
    softmaxBackward(softmax(raw, 0, bins), b.k, to.x, to.w, bound, dRaw, 0);
    softmaxBackward(softmax(raw, bins, bins), b.k, to.y, to.h, bound, dRaw, bins);
    if (b.k > 0) {
      int at = 2 * bins + b.k - 1;
      dRaw[at] += to.d0 * ReferenceMath.sigmoid(raw[at]);
    }
    if (b.k + 1 < bins) {
      int at = 2 * bins + b.k;
      dRaw[at] += to.d1 * ReferenceMath.sigmoid(raw[at]);
    }
    return to.v;
  }

  /** From the left end and the size of bin {@code k} to the numbers before the softmax. */
  private static void softmaxBackward(
      double[] p, int k, double toKnot, double toSize, double bound, double[] dRaw, int from) {
    double mean = toSize * p[k];
    for (int j = 0; j < k; j++) {
      mean += toKnot * p[j];
    }
    double scale = 2 * bound * (1 - p.length * (double) MIN_BIN);
    for (int j = 0; j < p.length; j++) {
      double g = j < k ? toKnot : j == k ? toSize : 0;
      dRaw[from + j] += scale * p[j] * (g - mean);
    }
  }

  /** The parameters of transformed dimension {@code i} of {@code dt} in row {@code r}. */
  private static double[] raw(double[] params, int r, int i, int dt, int bins) {
    double[] raw = new double[3 * bins - 1];
    for (int j = 0; j < raw.length; j++) {
      raw[j] = params[(r * raw.length + j) * dt + i];
    }
    return raw;
  }

  @Override
  protected void doTransform(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      boolean inverse,
      Tensor out,
      @Nullable Tensor logDet) {
    int d = z.columns();
    int[] index = new int[d];
    transformed(mask, params, bins, index);
    int dt = params.columns() / (3 * bins - 1);
    double[] p = Doubles.read(params);
    double[] values = Doubles.read(z);
    double[] logs = new double[z.rows()];
    for (int r = 0; r < z.rows(); r++) {
      for (int i = 0; i < dt; i++) {
        int at = r * d + index[i];
        Point point = transform(values[at], raw(p, r, i, dt, bins), bins, bound, inverse);
        values[at] = point.value;
        logs[r] += inverse ? -point.logSlope : point.logSlope;
      }
    }
    Doubles.write(values, out);
    Doubles.accumulate(logs, logDet);
  }

  @Override
  protected void doTransformBackward(
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      float bound,
      boolean inverse,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dParams) {
    int d = z.columns();
    int[] index = new int[d];
    transformed(mask, params, bins, index);
    int dt = params.columns() / (3 * bins - 1);
    double[] p = Doubles.read(params);
    double[] x = Doubles.read(z);
    double[] gz = dOut == null ? new double[x.length] : Doubles.read(dOut);
    double[] gp = new double[p.length];
    for (int r = 0; r < z.rows(); r++) {
      double gLog = dLogDet == null ? 0 : dLogDet.get(r);
      for (int i = 0; i < dt; i++) {
        int at = r * d + index[i];
        double[] dRaw = new double[3 * bins - 1];
        double[] raw = raw(p, r, i, dt, bins);
        gz[at] = backward(x[at], raw, bins, bound, inverse, gz[at], gLog, dRaw);
        for (int j = 0; j < dRaw.length; j++) {
          gp[(r * dRaw.length + j) * dt + i] = dRaw[j];
        }
      }
    }
    Doubles.accumulate(gz, dZ);
    Doubles.accumulate(gp, dParams);
  }
}
