package io.github.elbo4j.kernel.discrete;

import static java.lang.Math.exp;
import static java.lang.Math.log;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.kernel.ReferenceMath;
import org.jspecify.annotations.Nullable;

/**
 * The mathematics of {@link ConcreteReference}: pure functions in double on dense arrays. Logits
 * have {@code columns} elements a data point; samples have {@code k} rows a data point.
 */
final class ConcreteLaw {
  /** Sizes of a call: samples a point, elements a row, categories a variable. */
  record Sizes(int k, int columns, int c) {
    /** The logit that element {@code i} of a sample belongs to. */
    int point(int i) {
      return i / columns / k * columns + i % columns;
    }
  }

  /** The gradients of the parameters of one call, accumulated. */
  record Gradients(double[] logAlpha, double[] sample, double[] tau) {
    static Gradients zeros(double[] logAlpha, double[] sample) {
      return new Gradients(new double[logAlpha.length], new double[sample.length], new double[1]);
    }
  }

  private ConcreteLaw() {}

  /** The uniforms of elements 0 … n−1. */
  static double[] uniforms(NoiseKey noise, int n) {
    double[] u = new double[n];
    for (int i = 0; i < n; i++) {
      u[i] = Philox.uniform(Philox.bits(noise, i));
    }
    return u;
  }

  /** logAlpha + G. */
  static double[] perturbed(double[] logAlpha, double[] u, Sizes s) {
    double[] z = new double[u.length];
    for (int i = 0; i < z.length; i++) {
      z[i] = logAlpha[s.point(i)] - log(-log(u[i]));
    }
    return z;
  }

  /** x/τ − logsumexp_c( x/τ ) of each variable; NaN for a variable that has a NaN, +∞ or no −∞. */
  static double[] logSoftmax(double[] x, double tau, int c) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] / tau;
    }
    for (int v = 0; v < x.length; v += c) {
      double lse = ReferenceMath.logSumExp(y, v, c);
      for (int i = v; i < v + c; i++) {
        y[i] = Double.isInfinite(lse) ? Double.NaN : y[i] - lse;
      }
    }
    return y;
  }

  static double[] exps(double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = exp(x[i]);
    }
    return y;
  }

  /** The first largest element of each variable; NaN where it has a NaN, +∞ or −∞ alone. */
  static double[] argmax(double[] x, int c) {
    double[] index = new double[x.length / c];
    for (int v = 0; v < index.length; v++) {
      double lse = ReferenceMath.logSumExp(x, v * c, c);
      int best = 0;
      for (int i = 1; i < c; i++) {
        best = x[v * c + i] > x[v * c + best] ? i : best;
      }
      index[v] = Double.isFinite(lse) ? best : Double.NaN;
    }
    return index;
  }

  /** 1 at each variable's index, 0 elsewhere. */
  static double[] oneHot(double[] index, int c) {
    double[] hot = new double[index.length * c];
    for (int i = 0; i < hot.length; i++) {
      double d = index[i / c];
      hot[i] = Double.isNaN(d) ? d : i % c == d ? 1 : 0;
    }
    return hot;
  }

  /** ExpConcrete log density of each row; of y where {@code ofY}. */
  static double[] logDensity(
      double[] logAlpha, double tau, double[] logY, boolean ofY, Sizes s, int rows) {
    double[] sums = new double[rows];
    double[] d = differences(logAlpha, tau, logY, s);
    double constant = ReferenceMath.lgamma(s.c) + (s.c - 1) * log(tau);
    for (int v = 0; v < d.length; v += s.c) {
      double term = constant - s.c * ReferenceMath.logSumExp(d, v, s.c);
      for (int i = v; i < v + s.c; i++) {
        term += d[i] - (ofY ? logY[i] : 0);
      }
      sums[v / s.columns] += term;
    }
    return sums;
  }

  private static double[] differences(double[] logAlpha, double tau, double[] logY, Sizes s) {
    double[] d = new double[logY.length];
    for (int i = 0; i < d.length; i++) {
      d[i] = logAlpha[s.point(i)] - tau * logY[i];
    }
    return d;
  }

  /** Accumulates the gradients of {@link #logDensity}. */
  static void logDensityBackward(
      double[] logAlpha,
      double tau,
      double[] logY,
      boolean ofY,
      double[] dLogDensity,
      Sizes s,
      Gradients out) {
    double[] softmax = exps(logSoftmax(differences(logAlpha, tau, logY, s), 1, s.c));
    for (int i = 0; i < logY.length; i++) {
      double g = dLogDensity[i / s.columns];
      double h = g * (1 - s.c * softmax[i]);
      out.logAlpha[s.point(i)] += h;
      out.sample[i] -= tau * h + (ofY ? g : 0);
      out.tau[0] += (i % s.c == 0 ? g * (s.c - 1) / tau : 0) - h * logY[i];
    }
  }

  /** What reaches a relaxed sample: null is left out. */
  record Upstream(double @Nullable [] logY, double @Nullable [] y, double @Nullable [] logQ) {}

  /** Accumulates the gradients of a sample logY and of its density, by the chain rule. */
  static void sampleBackward(
      double[] logAlpha,
      double tau,
      double[] logY,
      Upstream up,
      boolean stickTheLanding,
      Sizes s,
      Gradients out) {
    double[] g = new double[logY.length];
    for (int i = 0; i < g.length; i++) {
      g[i] = at(up.logY, i) + (up.y == null ? 0 : up.y[i] * exp(logY[i]));
    }
    if (up.logQ != null) {
      Gradients density = Gradients.zeros(logAlpha, logY);
      logDensityBackward(logAlpha, tau, logY, false, up.logQ, s, density);
      add(density.sample, g);
      if (!stickTheLanding) {
        add(density.logAlpha, out.logAlpha);
        add(density.tau, out.tau);
      }
    }
    double[] h = throughSoftmax(logY, g, s.c);
    for (int i = 0; i < h.length; i++) {
      out.logAlpha[s.point(i)] += h[i] / tau;
      out.tau[0] -= h[i] * logY[i] / tau;
    }
  }

  /** g − y·Σ_c g. */
  private static double[] throughSoftmax(double[] logY, double[] g, int c) {
    double[] h = new double[g.length];
    for (int v = 0; v < g.length; v += c) {
      double sum = 0;
      for (int i = v; i < v + c; i++) {
        sum += g[i];
      }
      for (int i = v; i < v + c; i++) {
        h[i] = g[i] - exp(logY[i]) * sum;
      }
    }
    return h;
  }

  /** Perturbed logits given that the largest is category {@code index}. */
  static double[] conditional(double[] logAlpha, double[] index, double[] u, Sizes s) {
    double[] z = new double[u.length];
    for (int v = 0; v < index.length; v++) {
      int from = v * s.c;
      int d = (int) index[v];
      double sum = ReferenceMath.logSumExp(logAlpha, s.point(from), s.c);
      double top = Double.isInfinite(sum) ? Double.NaN : sum - log(-log(u[from + d]));
      for (int i = 0; i < s.c; i++) {
        double other = log(-log(u[from + i])) - logAlpha[s.point(from + i)];
        z[from + i] = i == d ? top : -ReferenceMath.logAddExp(other, -top);
      }
    }
    return z;
  }

  /** Accumulates the gradients of {@link #conditional} and of the relaxed sample made of it. */
  static void conditionalBackward(
      double[] logAlpha,
      double tau,
      double[] z,
      double @Nullable [] logY,
      double @Nullable [] dz,
      double @Nullable [] dLogY,
      Sizes s,
      Gradients out) {
    double[] g = dz == null ? new double[z.length] : dz.clone();
    if (dLogY != null && logY != null) {
      double[] h = throughSoftmax(logY, dLogY, s.c);
      for (int i = 0; i < g.length; i++) {
        g[i] += h[i] / tau;
        out.tau[0] -= h[i] * logY[i] / tau;
      }
    }
    double[] softmax = exps(logSoftmax(logAlpha, 1, s.c));
    for (int v = 0; v < z.length; v += s.c) {
      double top = Double.NEGATIVE_INFINITY;
      for (int i = v; i < v + s.c; i++) {
        top = Math.max(top, z[i]);
      }
      double total = 0;
      for (int i = v; i < v + s.c; i++) {
        total += g[i] * exp(z[i] - top);
      }
      for (int i = v; i < v + s.c; i++) {
        int p = s.point(i);
        out.logAlpha[p] += g[i] * (1 - exp(z[i] - top)) + softmax[p] * total;
      }
    }
  }

  private static double at(double @Nullable [] a, int i) {
    return a == null ? 0 : a[i];
  }

  private static void add(double[] a, double[] to) {
    for (int i = 0; i < a.length; i++) {
      to[i] += a[i];
    }
  }
}
