package io.github.elbo4j.kernel.covariance;

import static java.lang.Math.exp;
import static java.lang.Math.log;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.random.RandomReference;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The law for {@link CovarianceKernels}: pure functions in double. Arrays are dense and row-major;
 * {@code b}, {@code k}, {@code d} are data points, samples a point and dimensions.
 */
public final class CovarianceReference extends CovarianceKernels {
  private static final double LOG_2PI = log(2 * Math.PI);

  /**
   * The factors of a batch.
   *
   * @param l [b, d, d], 0 above the diagonal
   * @param inverse [b, d], 1/L_dd
   * @param logDiagonal [b, d], log L_dd
   */
  record Factors(double[] l, double[] inverse, double[] logDiagonal, int d) {
    static Factors packed(double[] logSigma, double[] lower, int d) {
      double[] l = new double[logSigma.length * d];
      double[] inverse = new double[logSigma.length];
      for (int p = 0, next = 0; p < logSigma.length; p++) { // p = b·d + i
        for (int j = 0; j < p % d; j++) {
          l[p * d + j] = lower[next++];
        }
        l[p * d + p % d] = float32(exp(logSigma[p]));
        inverse[p] = float32(exp(-logSigma[p]));
      }
      return new Factors(l, inverse, logSigma, d);
    }

    static Factors full(double[] factor, int d) {
      double[] l = factor.clone();
      double[] inverse = new double[d == 0 ? 0 : factor.length / d];
      double[] logs = new double[inverse.length];
      for (int p = 0; p < inverse.length; p++) {
        inverse[p] = float32(1 / factor[p * d + p % d]);
        logs[p] = log(factor[p * d + p % d]);
        java.util.Arrays.fill(l, p * d + p % d + 1, (p + 1) * d, 0);
      }
      return new Factors(l, inverse, logs, d);
    }

    /** L_ij of data point b. */
    double at(int b, int i, int j) {
      return l[(b * d + i) * d + j];
    }
  }

  private static double float32(double x) {
    return x > Float.MAX_VALUE ? Double.POSITIVE_INFINITY : x;
  }

  /** L·x of each row, [b·k, d]. */
  static double[] multiply(Factors f, double[] x, int k) {
    int d = f.d;
    double[] y = new double[x.length];
    for (int p = 0; p < x.length; p++) {
      for (int j = 0; j <= p % d; j++) {
        y[p] += f.at(p / d / k, p % d, j) * x[p / d * d + j];
      }
    }
    return y;
  }

  /** L⁻¹·x of each row, by forward substitution. */
  static double[] solve(Factors f, double[] x, int k) {
    int d = f.d;
    double[] y = x.clone();
    for (int p = 0; p < x.length; p++) {
      int b = p / d / k;
      for (int j = 0; j < p % d; j++) {
        y[p] -= f.at(b, p % d, j) * y[p / d * d + j];
      }
      y[p] *= f.inverse[b * d + p % d];
    }
    return y;
  }

  /** L⁻ᵀ·x of each row, by backward substitution. */
  static double[] solveTransposed(Factors f, double[] x, int k) {
    int d = f.d;
    double[] w = x.clone();
    for (int p = x.length - 1; p >= 0; p--) {
      int b = p / d / k;
      for (int j = p % d + 1; j < d; j++) {
        w[p] -= f.at(b, j, p % d) * w[p / d * d + j];
      }
      w[p] *= f.inverse[b * d + p % d];
    }
    return w;
  }

  /** z = mu + L·eps, [b·k, d]. */
  static double[] sample(double[] mu, Factors f, double[] eps, int k) {
    double[] z = multiply(f, eps, k);
    for (int i = 0; i < z.length; i++) {
      z[i] += mu[i / f.d / k * f.d + i % f.d];
    }
    return z;
  }

  /** KL to the standard normal of each data point. */
  static double[] klToStandard(double[] mu, Factors f) {
    int d = f.d;
    double[] kl = new double[mu.length / Math.max(1, d)];
    for (int b = 0; b < kl.length; b++) {
      double logDet = sum(f.logDiagonal, b * d, d);
      double squares = squares(f.l, b * d * d, d * d) + squares(mu, b * d, d);
      kl[b] = 0.5 * (squares - d) - Math.min(logDet, Float.MAX_VALUE); // ∞ − ∞ is +∞ here
    }
    return kl;
  }

  /** −½ Σ_d ( x² + log 2π ) of each row. */
  static double[] standardLogDensity(double[] x, int d) {
    double[] logs = new double[x.length / Math.max(1, d)];
    for (int r = 0; r < logs.length; r++) {
      logs[r] = -0.5 * (squares(x, r * d, d) + d * LOG_2PI);
    }
    return logs;
  }

  /** log N(L·eps; 0, L·Lᵀ) of each row. */
  static double[] logQ(Factors f, double[] eps, int k) {
    double[] logQ = standardLogDensity(eps, f.d);
    for (int r = 0; r < logQ.length; r++) {
      logQ[r] -= sum(f.logDiagonal, r / k * f.d, f.d);
    }
    return logQ;
  }

  /** log N(x; mu, L·Lᵀ) of each row. */
  static double[] logDensity(double[] x, double[] mu, Factors f, int k) {
    return logQ(f, solve(f, centred(x, mu, f.d, k), k), k);
  }

  private static double[] centred(double[] x, double[] mu, int d, int k) {
    double[] c = new double[x.length];
    for (int i = 0; i < c.length; i++) {
      c[i] = x[i] - mu[i / d / k * d + i % d];
    }
    return c;
  }

  /** The gradients a backward pass receives; null is left out. */
  record Upstream(
      double @Nullable [] z,
      double @Nullable [] kl,
      double @Nullable [] logQ,
      double @Nullable [] logP) {}

  /**
   * What is added to the gradients of one Gaussian a data point.
   *
   * @param mu [b, d]
   * @param factor [b, d, d], on and below the diagonal
   * @param logDiagonal [b, d]: to log L_dd beside what comes through L
   */
  record Gradients(double[] mu, double[] factor, double[] logDiagonal) {
    static Gradients of(int b, int d) {
      return new Gradients(new double[b * d], new double[b * d * d], new double[b * d]);
    }

    /** Adds Σ_k u·vᵀ on and below the diagonal, and Σ_k u to mu. */
    void addOuter(double[] u, double[] v, int d, int k) {
      for (int p = 0; p < u.length; p++) {
        int i = p / d / k * d + p % d;
        mu[i] += u[p];
        for (int j = 0; j <= p % d; j++) {
          factor[i * d + j] += u[p] * v[p / d * d + j];
        }
      }
    }

    /**
     * The gradient to logSigma, [b, d]; whether any came through the factor, else 0·∞ is left out.
     */
    double[] toLogSigma(Factors f, boolean throughFactor) {
      double[] g = logDiagonal.clone();
      for (int p = 0; throughFactor && p < g.length; p++) {
        g[p] += factor[p * f.d + p % f.d] * f.l[p * f.d + p % f.d];
      }
      return g;
    }

    /** The gradient to the packed entries below the diagonal. */
    double[] toLower(int d) {
      double[] g = new double[mu.length * Math.max(0, d - 1) / 2];
      for (int p = 0, next = 0; p < mu.length; p++) {
        for (int j = 0; j < p % d; j++) {
          g[next++] = factor[p * d + j];
        }
      }
      return g;
    }

    /** The gradient to the full factor. */
    double[] toFull(Factors f) {
      double[] g = factor.clone();
      for (int p = 0; p < mu.length; p++) {
        g[p * f.d + p % f.d] += logDiagonal[p] * f.inverse[p];
      }
      return g;
    }
  }

  /** Gradients of the sample, its divergence and its log densities. */
  static Gradients backward(
      double[] mu, Factors f, double[] eps, double[] z, Upstream up, boolean stl, int k) {
    int d = f.d;
    int b = mu.length / Math.max(1, d);
    Gradients out = Gradients.of(b, d);
    double[] throughQ = up.logQ != null && stl ? solveTransposed(f, eps, k) : null;
    double[] g = new double[z.length];
    for (int i = 0; i < g.length; i++) {
      g[i] = up.z == null ? 0 : up.z[i];
      g[i] -= up.logP == null ? 0 : up.logP[i / d] * z[i];
      g[i] -= throughQ == null || up.logQ == null ? 0 : up.logQ[i / d] * throughQ[i];
    }
    if (up.z != null || up.logP != null || throughQ != null) {
      out.addOuter(g, eps, d, k);
    }
    for (int i = 0; up.logQ != null && !stl && i < z.length; i++) {
      out.logDiagonal[i / d / k * d + i % d] -= up.logQ[i / d];
    }
    for (int p = 0; up.kl != null && p < mu.length; p++) {
      out.mu[p] += up.kl[p / d] * mu[p];
      out.logDiagonal[p] -= up.kl[p / d];
      for (int j = 0; j <= p % d; j++) {
        out.factor[p * d + j] += up.kl[p / d] * f.l[p * d + j];
      }
    }
    return out;
  }

  /** Gradients of {@link #logDensity} to mu and the factor; that to x is added to {@code dX}. */
  static Gradients logDensityBackward(
      double[] x, double[] mu, Factors f, double[] dLogProb, int k, double[] dX) {
    int d = f.d;
    double[] y = solve(f, centred(x, mu, d, k), k);
    double[] w = solveTransposed(f, y, k);
    Gradients out = Gradients.of(mu.length / Math.max(1, d), d);
    for (int i = 0; i < w.length; i++) {
      w[i] *= dLogProb[i / d];
      dX[i] -= w[i];
      out.logDiagonal[i / d / k * d + i % d] -= dLogProb[i / d];
    }
    out.addOuter(w, y, d, k);
    return out;
  }

  /** L₂⁻¹·[ L₁ | mu₂ − mu₁ ] of data point b, the columns as rows: [d + 1, d]. */
  static double[] whitened(double[] mu1, Factors f1, double[] mu2, Factors f2, int b) {
    int d = f1.d;
    int b2 = mu2.length == d ? 0 : b;
    double[] columns = new double[(d + 1) * d];
    for (int i = 0; i < d; i++) {
      for (int c = 0; c <= i; c++) {
        columns[c * d + i] = f1.at(b, i, c);
      }
      columns[d * d + i] = mu2[b2 * d + i] - mu1[b * d + i];
    }
    return solve(one(f2, b2), columns, d + 1);
  }

  private static Factors one(Factors f, int b) {
    int d = f.d;
    return new Factors(
        java.util.Arrays.copyOfRange(f.l, b * d * d, (b + 1) * d * d),
        java.util.Arrays.copyOfRange(f.inverse, b * d, (b + 1) * d),
        java.util.Arrays.copyOfRange(f.logDiagonal, b * d, (b + 1) * d),
        d);
  }

  /** KL of each data point's Gaussian to the second. */
  static double[] kl(double[] mu1, Factors f1, double[] mu2, Factors f2) {
    int d = f1.d;
    double[] kl = new double[mu1.length / Math.max(1, d)];
    for (int b = 0; b < kl.length; b++) {
      int b2 = mu2.length == d ? 0 : b;
      double[] m = whitened(mu1, f1, mu2, f2, b);
      double logRatio = sum(f2.logDiagonal, b2 * d, d) - sum(f1.logDiagonal, b * d, d);
      kl[b] = 0.5 * (squares(m, 0, m.length) - d) + logRatio;
    }
    return kl;
  }

  /** Gradients of {@link #kl} to the first Gaussian and, summed where it is shared, the second. */
  static Gradients[] klBackward(double[] mu1, Factors f1, double[] mu2, Factors f2, double[] dKl) {
    int d = f1.d;
    Gradients first = Gradients.of(dKl.length, d);
    Gradients second = Gradients.of(mu2.length / Math.max(1, d), d);
    for (int b = 0; d > 0 && b < dKl.length; b++) {
      int b2 = mu2.length == d ? 0 : b;
      double[] m = whitened(mu1, f1, mu2, f2, b);
      double[] p = solveTransposed(one(f2, b2), m, d + 1);
      for (int i = 0; i < d; i++) {
        first.mu[b * d + i] -= dKl[b] * p[d * d + i];
        second.mu[b2 * d + i] += dKl[b] * p[d * d + i];
        first.logDiagonal[b * d + i] -= dKl[b];
        second.logDiagonal[b2 * d + i] += dKl[b];
        for (int j = 0; j <= i; j++) {
          first.factor[(b * d + i) * d + j] += dKl[b] * p[j * d + i];
          double dot = p[d * d + i] * m[d * d + j];
          for (int c = 0; c <= j; c++) {
            dot += p[c * d + i] * m[c * d + j];
          }
          second.factor[(b2 * d + i) * d + j] -= dKl[b] * dot;
        }
      }
    }
    return new Gradients[] {first, second};
  }

  private static double sum(double[] a, int from, int n) {
    double sum = 0;
    for (int i = from; i < from + n; i++) {
      sum += a[i];
    }
    return sum;
  }

  private static double squares(double[] a, int from, int n) {
    double sum = 0;
    for (int i = from; i < from + n; i++) {
      sum += a[i] * a[i];
    }
    return sum;
  }

  // ---- the hooks ----

  private static int samples(Tensor rows, Tensor mu) {
    return mu.rows() == 0 ? 1 : rows.rows() / mu.rows();
  }

  private static Factors factors(@Nullable Tensor logSigma, Tensor lower, int d) {
    double[] l = Doubles.read(lower);
    return logSigma == null ? Factors.full(l, d) : Factors.packed(Doubles.read(logSigma), l, d);
  }

  private static double[] noise(@Nullable Tensor eps, @Nullable NoiseKey noise, int n) {
    if (eps != null) {
      return Doubles.read(eps);
    }
    double[] drawn = new double[n];
    for (int i = 0; noise != null && i < n; i++) {
      drawn[i] = RandomReference.normal(noise, i);
    }
    return drawn;
  }

  /** Writes one number a row; rows of no dimensions have the value 0. */
  private static void writeRows(double[] values, @Nullable Tensor t) {
    if (t != null) {
      t.fill(0);
      Doubles.write(values, t);
    }
  }

  @Override
  protected void doReparameterize(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    int k = samples(z, mu);
    Factors f = factors(logSigma, lower, mu.columns());
    double[] e = noise(eps, noise, z.size());
    double[] sample = sample(Doubles.read(mu), f, e, k);
    Doubles.write(sample, z);
    writeRows(klToStandard(Doubles.read(mu), f), kl);
    writeRows(logQ(f, e, k), logQ);
    writeRows(standardLogDensity(sample, f.d), logP);
  }

  @Override
  protected void doReparameterizeBackward(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogSigma,
      Tensor dLower) {
    Factors f = factors(logSigma, lower, mu.columns());
    Upstream up =
        new Upstream(
            Doubles.readOptional(dz),
            Doubles.readOptional(dKl),
            Doubles.readOptional(dLogQ),
            Doubles.readOptional(dLogP));
    double[] e = noise(eps, noise, z.size());
    Gradients g =
        backward(Doubles.read(mu), f, e, Doubles.read(z), up, stickTheLanding, samples(z, mu));
    Doubles.accumulate(g.mu, dMu);
    boolean direct = dLogQ != null && !stickTheLanding;
    boolean through =
        up.z != null || up.kl != null || up.logP != null || (dLogQ != null && !direct);
    Doubles.accumulate(g.toLogSigma(f, through), dLogSigma);
    Doubles.accumulate(g.toLower(f.d), dLower);
  }

  @Override
  protected void doLogDensity(
      Tensor x, Tensor mu, @Nullable Tensor logSigma, Tensor lower, Tensor logProb) {
    Factors f = factors(logSigma, lower, mu.columns());
    writeRows(logDensity(Doubles.read(x), Doubles.read(mu), f, samples(x, mu)), logProb);
  }

  @Override
  protected void doLogDensityBackward(
      Tensor x,
      Tensor mu,
      @Nullable Tensor logSigma,
      Tensor lower,
      Tensor dLogProb,
      @Nullable Tensor dX,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogSigma,
      @Nullable Tensor dLower) {
    Factors f = factors(logSigma, lower, mu.columns());
    double[] toX = new double[x.size()];
    double[] up = Doubles.read(dLogProb);
    Gradients g = logDensityBackward(Doubles.read(x), Doubles.read(mu), f, up, samples(x, mu), toX);
    Doubles.accumulate(toX, dX);
    Doubles.accumulate(g.mu, dMu);
    if (logSigma == null) {
      Doubles.accumulate(g.toFull(f), dLower);
    } else {
      Doubles.accumulate(g.toLogSigma(f, true), dLogSigma);
      Doubles.accumulate(g.toLower(f.d), dLower);
    }
  }

  @Override
  protected void doKl(Tensor mu1, Tensor factor1, Tensor mu2, Tensor factor2, Tensor kl) {
    int d = mu1.columns();
    Factors f1 = factors(null, factor1, d);
    Factors f2 = factors(null, factor2, d);
    writeRows(kl(Doubles.read(mu1), f1, Doubles.read(mu2), f2), kl);
  }

  @Override
  protected void doKlBackward(
      Tensor mu1,
      Tensor factor1,
      Tensor mu2,
      Tensor factor2,
      Tensor dKl,
      Tensor dMu1,
      Tensor dFactor1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dFactor2) {
    int d = mu1.columns();
    Factors f1 = factors(null, factor1, d);
    Factors f2 = factors(null, factor2, d);
    Gradients[] g = klBackward(Doubles.read(mu1), f1, Doubles.read(mu2), f2, Doubles.read(dKl));
    Doubles.accumulate(g[0].mu, dMu1);
    Doubles.accumulate(g[0].toFull(f1), dFactor1);
    Doubles.accumulate(g[1].mu, dMu2);
    Doubles.accumulate(g[1].toFull(f2), dFactor2);
  }
}
