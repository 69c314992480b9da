package io.github.elbo4j.kernel.gaussian;

import static java.lang.Math.exp;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.random.RandomReference;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The law for {@link GaussianKernels}: pure functions in double, one an output. Arrays are dense
 * and row-major; {@code b}, {@code k}, {@code d} are data points, samples a point and dimensions.
 */
public final class GaussianReference extends GaussianKernels {
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  /** z [b·k, d]. */
  static double[] sample(double[] mu, double[] logVar, double[] eps, int k, int d) {
    double[] z = new double[eps.length];
    for (int i = 0; i < z.length; i++) {
      int p = point(i, k, d);
      z[i] = mu[p] + float32Exp(0.5 * logVar[p]) * eps[i];
    }
    return z;
  }

  /** KL to the standard normal of each dimension, [b, d]. */
  static double[] klPerDim(double[] mu, double[] logVar) {
    double[] kl = new double[mu.length];
    for (int i = 0; i < kl.length; i++) {
      kl[i] = 0.5 * (mu[i] * mu[i] + spread(logVar[i]));
    }
    return kl;
  }

  /** log q(z|x) of each row, [b·k]. */
  static double[] logQ(double[] logVar, double[] eps, int k, int d) {
    double[] logQ = new double[d == 0 ? 0 : eps.length / d];
    for (int i = 0; i < eps.length; i++) {
      logQ[i / d] -= 0.5 * (eps[i] * eps[i] + LOG_2PI + logVar[point(i, k, d)]);
    }
    return logQ;
  }

  /** log N(z; 0, I) of each row, [b·k]. */
  static double[] logP(double[] z, int d) {
    double[] logP = new double[d == 0 ? 0 : z.length / d];
    for (int i = 0; i < z.length; i++) {
      logP[i / d] -= 0.5 * (z[i] * z[i] + LOG_2PI);
    }
    return logP;
  }

  /** Sums of rows of {@code d} elements into {@code out}, which has one element a row. */
  static void rowSums(double[] x, int d, double[] out) {
    for (int i = 0; i < x.length; i++) {
      out[i / d] += x[i];
    }
  }

  /** {@code exp(x) − 1 − x}, which is +∞ for +∞. */
  private static double spread(double x) {
    return x == Double.POSITIVE_INFINITY ? x : exp(x) - 1 - x;
  }

  /** {@code exp(x)} with the range of a float32: the contract's +∞ begins where float32 ends. */
  private static double float32Exp(double x) {
    return float32(exp(x));
  }

  private static double float32(double positive) {
    return positive > Float.MAX_VALUE ? Double.POSITIVE_INFINITY : positive;
  }

  /** The gradients a backward pass receives; null is left out. */
  record Upstream(
      double @Nullable [] z,
      double @Nullable [] kl,
      double @Nullable [] klPerDim,
      double @Nullable [] logQ,
      double @Nullable [] logP) {}

  /** Accumulates into dMu and dLogVar, [b, d]. */
  static void backward(
      double[] mu,
      double[] logVar,
      double[] z,
      Upstream up,
      boolean stickTheLanding,
      int k,
      int d,
      double[] dMu,
      double[] dLogVar) {
    for (int i = 0; i < z.length; i++) {
      int p = point(i, k, d);
      int r = i / d;
      double g = at(up.z, i);
      boolean reached = up.z != null;
      if (up.logP != null) {
        g -= up.logP[r] * z[i];
        reached = true;
      }
      if (up.logQ != null && stickTheLanding) {
        g -= up.logQ[r] * (z[i] - mu[p]) * float32Exp(-logVar[p]);
        reached = true;
      } else if (up.logQ != null) {
        dLogVar[p] -= 0.5 * up.logQ[r];
      }
      if (reached) { // 0·∞ would be NaN
        dMu[p] += g;
        dLogVar[p] += 0.5 * g * (z[i] - mu[p]);
      }
    }
    if (up.kl == null && up.klPerDim == null) {
      return;
    }
    for (int p = 0; p < mu.length; p++) {
      double g = at(up.kl, p / d) + at(up.klPerDim, p);
      dMu[p] += g * mu[p];
      dLogVar[p] += g * 0.5 * (float32Exp(logVar[p]) - 1);
    }
  }

  /**
   * KL to N(priorMu, exp(priorLogVar)) of each dimension, [b, d]; a prior of d elements is shared.
   */
  static double[] klToPriorPerDim(
      double[] mu, double[] logVar, double[] priorMu, double[] priorLogVar) {
    double[] kl = new double[mu.length];
    for (int i = 0; i < kl.length; i++) {
      int q = i % priorMu.length;
      double scaled = (mu[i] - priorMu[q]) * float32Exp(-0.5 * priorLogVar[q]);
      kl[i] = 0.5 * (spread(logVar[i] - priorLogVar[q]) + scaled * scaled);
    }
    return kl;
  }

  /** Accumulates into dMu, dLogVar [b, d] and into dPriorMu, dPriorLogVar (the prior's shape). */
  static void klToPriorBackward(
      double[] mu,
      double[] logVar,
      double[] priorMu,
      double[] priorLogVar,
      Upstream up,
      int d,
      double[] dMu,
      double[] dLogVar,
      double[] dPriorMu,
      double[] dPriorLogVar) {
    if (up.kl == null && up.klPerDim == null) {
      return;
    }
    for (int i = 0; i < mu.length; i++) {
      int q = i % priorMu.length;
      double g = at(up.kl, i / d) + at(up.klPerDim, i);
      double rate = float32Exp(-0.5 * priorLogVar[q]);
      double scaled = (mu[i] - priorMu[q]) * rate;
      double ratio = float32Exp(logVar[i] - priorLogVar[q]);
      dMu[i] += g * scaled * rate;
      dPriorMu[q] -= g * scaled * rate;
      dLogVar[i] += g * 0.5 * (ratio - 1);
      dPriorLogVar[q] += g * 0.5 * (1 - float32(ratio + scaled * scaled));
    }
  }

  /** min(max(raw, low), high); a NaN compares false twice and stays. */
  static double clamp(double raw, double low, double high) {
    return raw < low ? low : raw > high ? high : raw;
  }

  /** Derivative of the clamp. */
  static double clampSlope(double raw, double low, double high) {
    return raw < low || raw > high ? 0 : 1;
  }

  private static int point(int i, int k, int d) {
    return i / d / k * d + i % d;
  }

  private static double at(double @Nullable [] a, int i) {
    return a == null ? 0 : a[i];
  }

  @Override
  protected void doReparameterize(
      Tensor mu,
      Tensor logVar,
      Tensor eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    forward(mu, logVar, Doubles.read(eps), z, kl, klPerDim, logQ, logP);
  }

  @Override
  protected void doReparameterizeDrawn(
      Tensor mu,
      Tensor logVar,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    double[] eps = new double[z.size()];
    for (int i = 0; i < eps.length; i++) {
      eps[i] = RandomReference.normal(noise, i);
    }
    forward(mu, logVar, eps, z, kl, klPerDim, logQ, logP);
  }

  private static void forward(
      Tensor mu,
      Tensor logVar,
      double[] eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    int d = mu.columns();
    int k = mu.rows() == 0 ? 1 : z.rows() / mu.rows();
    double[] m = Doubles.read(mu);
    double[] lv = Doubles.read(logVar);
    double[] sample = sample(m, lv, eps, k, d);
    Doubles.write(sample, z);
    writeKl(klPerDim(m, lv), d, kl, klPerDim);
    if (logQ != null) {
      logQ.fill(0);
      Doubles.write(logQ(lv, eps, k, d), logQ);
    }
    if (logP != null) {
      logP.fill(0);
      Doubles.write(logP(sample, d), logP);
    }
  }

  private static void writeKl(
      double[] perDim, int d, @Nullable Tensor kl, @Nullable Tensor klPerDim) {
    Doubles.write(perDim, klPerDim);
    if (kl != null) {
      double[] sums = new double[kl.size()];
      rowSums(perDim, d, sums);
      Doubles.write(sums, kl);
    }
  }

  @Override
  protected void doReparameterizeBackward(
      Tensor mu,
      Tensor logVar,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogVar) {
    Upstream up =
        new Upstream(
            Doubles.readOptional(dz),
            Doubles.readOptional(dKl),
            Doubles.readOptional(dKlPerDim),
            Doubles.readOptional(dLogQ),
            Doubles.readOptional(dLogP));
    double[] gMu = new double[dMu.size()];
    double[] gLogVar = new double[dMu.size()];
    backward(
        Doubles.read(mu),
        Doubles.read(logVar),
        Doubles.read(z),
        up,
        stickTheLanding,
        mu.rows() == 0 ? 1 : z.rows() / mu.rows(),
        mu.columns(),
        gMu,
        gLogVar);
    Doubles.accumulate(gMu, dMu);
    Doubles.accumulate(gLogVar, dLogVar);
  }

  @Override
  protected void doKlToPrior(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim) {
    double[] perDim =
        klToPriorPerDim(
            Doubles.read(mu),
            Doubles.read(logVar),
            Doubles.read(priorMu),
            Doubles.read(priorLogVar));
    writeKl(perDim, mu.columns(), kl, klPerDim);
  }

  @Override
  protected void doKlToPriorBackward(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      Tensor dMu,
      Tensor dLogVar,
      @Nullable Tensor dPriorMu,
      @Nullable Tensor dPriorLogVar) {
    double[] gMu = new double[mu.size()];
    double[] gLogVar = new double[mu.size()];
    double[] gPriorMu = new double[priorMu.size()];
    double[] gPriorLogVar = new double[priorMu.size()];
    klToPriorBackward(
        Doubles.read(mu),
        Doubles.read(logVar),
        Doubles.read(priorMu),
        Doubles.read(priorLogVar),
        new Upstream(null, Doubles.readOptional(dKl), Doubles.readOptional(dKlPerDim), null, null),
        mu.columns(),
        gMu,
        gLogVar,
        gPriorMu,
        gPriorLogVar);
    Doubles.accumulate(gMu, dMu);
    Doubles.accumulate(gLogVar, dLogVar);
    Doubles.accumulate(gPriorMu, dPriorMu);
    Doubles.accumulate(gPriorLogVar, dPriorLogVar);
  }

  @Override
  protected void doClampLogVar(Tensor raw, float low, float high, Tensor bounded) {
    double[] x = Doubles.read(raw);
    for (int i = 0; i < x.length; i++) {
      x[i] = clamp(x[i], low, high);
    }
    Doubles.write(x, bounded);
  }

  @Override
  protected void doClampLogVarBackward(
      Tensor raw, float low, float high, Tensor dBounded, Tensor dRaw) {
    double[] g = Doubles.read(dBounded);
    for (int i = 0; i < g.length; i++) {
      g[i] *= clampSlope(raw.get(i), low, high);
    }
    Doubles.accumulate(g, dRaw);
  }
}
