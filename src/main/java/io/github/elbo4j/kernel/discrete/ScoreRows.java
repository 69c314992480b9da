package io.github.elbo4j.kernel.discrete;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The arithmetic of the score-function pieces on one row of {@code n} elements. */
final class ScoreRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private ScoreRows() {}

  /** out = exp(−logVar). */
  static void precision(float[] logVar, int v, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = -logVar[v + i];
    }
    SimdMath.exp(out, 0, out, 0, n);
  }

  /** out = log(1 + exp(−|l|)). */
  static void logNormalizer(float[] logits, int l, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = -Math.abs(logits[l + i]);
    }
    SimdMath.exp(out, 0, out, 0, n);
    SimdMath.log1p(out, 0, out, 0, n);
  }

  /** Σ (z − mu)²·p. */
  static double squares(
      float[] z, int o, float[] mu, int m, float[] p, int w, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      total += squaresOfChunk(z, o + i, mu, m + i, p, w + i, count, lanes);
    }
    return total;
  }

  private static float squaresOfChunk(
      float[] z, int o, float[] mu, int m, float[] p, int w, int n, float[] lanes) {
    int full = F.loopBound(n);
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, z, o + i).sub(FloatVector.fromArray(F, mu, m + i));
      sum = distance.mul(FloatVector.fromArray(F, p, w + i)).fma(distance, sum);
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      float distance = z[o + i] - mu[m + i];
      lanes[i - full] = Math.fma(distance * p[w + i], distance, lanes[i - full]);
    }
    return Lanes.sum(lanes, 0);
  }

  /** Σ l·(x − 1[l&gt;0]), where 0·∞ is 0. */
  static double linear(float[] x, int o, float[] logits, int l, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      total += linearChunk(x, o + i, logits, l + i, Math.min(Lanes.CHUNK, n - i), lanes);
    }
    return total;
  }

  private static float linearChunk(float[] x, int o, float[] logits, int l, int n, float[] lanes) {
    int full = F.loopBound(n);
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector sum = zero;
    for (int i = 0; i < full; i += L) {
      FloatVector logit = FloatVector.fromArray(F, logits, l + i);
      FloatVector step = zero.blend(one, logit.compare(GT, zero));
      FloatVector slope = FloatVector.fromArray(F, x, o + i).sub(step);
      sum = sum.add(logit.mul(slope).blend(zero, slope.compare(EQ, zero)));
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      float logit = logits[l + i];
      float slope = x[o + i] - (logit > 0 ? 1f : 0f);
      lanes[i - full] += slope == 0 ? 0f : logit * slope;
    }
    return Lanes.sum(lanes, 0);
  }

  /** dLogits += g·(x − probability). */
  static void toLogits(
      float[] x, int o, float[] probability, int w, float g, float[] dLogits, int to, int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, g);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, x, o + i)
          .sub(FloatVector.fromArray(F, probability, w + i))
          .fma(gradient, FloatVector.fromArray(F, dLogits, to + i))
          .intoArray(dLogits, to + i);
    }
    for (int i = full; i < n; i++) {
      dLogits[to + i] = Math.fma(x[o + i] - probability[w + i], g, dLogits[to + i]);
    }
  }

  /** dMu += t and dLogVar += ½( t·(z − mu) − g ), where t = g·(z − mu)·p. */
  static void toParameters(
      float[] z,
      int o,
      float[] mu,
      int m,
      float[] p,
      int w,
      float g,
      float[] dMu,
      int dm,
      float[] dLogVar,
      int dv,
      int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, g);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, z, o + i).sub(FloatVector.fromArray(F, mu, m + i));
      FloatVector t = distance.mul(FloatVector.fromArray(F, p, w + i)).mul(gradient);
      t.add(FloatVector.fromArray(F, dMu, dm + i)).intoArray(dMu, dm + i);
      t.mul(distance)
          .sub(gradient)
          .fma(half, FloatVector.fromArray(F, dLogVar, dv + i))
          .intoArray(dLogVar, dv + i);
    }
    for (int i = full; i < n; i++) {
      float distance = z[o + i] - mu[m + i];
      float t = distance * p[w + i] * g;
      dMu[dm + i] += t;
      dLogVar[dv + i] = Math.fma(t * distance - g, 0.5f, dLogVar[dv + i]);
    }
  }

  /** dZ −= g·(z − mu)·p. */
  static void toPoint(
      float[] z, int o, float[] mu, int m, float[] p, int w, float g, float[] dZ, int to, int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, -g);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, z, o + i)
          .sub(FloatVector.fromArray(F, mu, m + i))
          .mul(FloatVector.fromArray(F, p, w + i))
          .fma(gradient, FloatVector.fromArray(F, dZ, to + i))
          .intoArray(dZ, to + i);
    }
    for (int i = full; i < n; i++) {
      dZ[to + i] = Math.fma((z[o + i] - mu[m + i]) * p[w + i], -g, dZ[to + i]);
    }
  }

  /** out = (sum − f)/(n − 1). */
  static void others(double sum, float[] f, int from, float[] out, int to, int n) {
    float total = (float) sum;
    float scale = 1f / (n - 1);
    for (int i = 0; i < n; i++) {
      out[to + i] = (total - f[from + i]) * scale;
    }
  }

  /**
   * The same sums as those before f and those behind it: slower, but an f that is infinite or NaN
   * is not in its own, and none overflows.
   */
  static void othersOneByOne(float[] f, int from, float[] out, int to, int n) {
    double scale = 1.0 / (n - 1);
    double before = 0;
    for (int i = 0; i < n; i++) {
      out[to + i] = (float) (before * scale);
      before += f[from + i];
    }
    double behind = 0;
    for (int i = n - 1; i >= 0; i--) {
      out[to + i] += (float) (behind * scale);
      behind += f[from + i];
    }
  }

  /**
   * e = log( exp(e) + exp(g) ), where g[i] = (sumOfLogs − c[i])/(n − 1), in double since one c may
   * be most of the sum; c is used up.
   */
  static void logAddMean(float[] e, float[] c, double sumOfLogs, int n) {
    double scale = 1.0 / (n - 1);
    for (int i = 0; i < n; i++) {
      float mean = (float) ((sumOfLogs - c[i]) * scale);
      c[i] = -Math.abs(e[i] - mean);
      e[i] = Math.max(e[i], mean);
    }
    SimdMath.exp(c, 0, c, 0, n);
    SimdMath.log1p(c, 0, c, 0, n);
    for (int i = 0; i < n; i++) {
      e[i] += c[i];
    }
  }

  /** Cov(f, h)/Var(h); 0 where h does not vary. */
  static float coefficient(float[] f, int from, float[] h, int hFrom, int n, float[] lanes) {
    float meanF = (float) (Lanes.sum(f, from, n, lanes) / n);
    float meanH = (float) (Lanes.sum(h, hFrom, n, lanes) / n);
    double covariance = 0;
    double variance = 0;
    double restF = 0; // of the sums, because the means are rounded
    double restH = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      products(f, from + i, meanF, h, hFrom + i, meanH, count, lanes);
      covariance += Lanes.sum(lanes, 0);
      variance += Lanes.sum(lanes, L);
      restF += Lanes.sum(lanes, 2 * L);
      restH += Lanes.sum(lanes, 3 * L);
    }
    covariance -= restF * restH / n;
    variance -= restH * restH / n;
    return constant(h, hFrom, n) ? 0f : (float) (covariance / variance);
  }

  private static boolean constant(float[] h, int from, int n) {
    for (int i = from + 1; i < from + n; i++) {
      if (h[i] != h[from]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Lane sums of (f − meanF)·(h − meanH) and, a vector behind each other, of (h − meanH)², f −
   * meanF and h − meanH.
   */
  private static void products(
      float[] f, int from, float meanF, float[] h, int hFrom, float meanH, int n, float[] lanes) {
    int full = F.loopBound(n);
    FloatVector mf = FloatVector.broadcast(F, meanF);
    FloatVector mh = FloatVector.broadcast(F, meanH);
    FloatVector fh = FloatVector.zero(F);
    FloatVector hh = FloatVector.zero(F);
    FloatVector sumF = FloatVector.zero(F);
    FloatVector sumH = FloatVector.zero(F);
    for (int i = 0; i < full; i += L) {
      FloatVector df = FloatVector.fromArray(F, f, from + i).sub(mf);
      FloatVector dh = FloatVector.fromArray(F, h, hFrom + i).sub(mh);
      fh = df.fma(dh, fh);
      hh = dh.fma(dh, hh);
      sumF = sumF.add(df);
      sumH = sumH.add(dh);
    }
    fh.intoArray(lanes, 0);
    hh.intoArray(lanes, L);
    sumF.intoArray(lanes, 2 * L);
    sumH.intoArray(lanes, 3 * L);
    for (int i = full; i < n; i++) {
      float df = f[from + i] - meanF;
      float dh = h[hFrom + i] - meanH;
      lanes[i - full] = Math.fma(df, dh, lanes[i - full]);
      lanes[L + i - full] = Math.fma(dh, dh, lanes[L + i - full]);
      lanes[2 * L + i - full] += df;
      lanes[3 * L + i - full] += dh;
    }
  }

  /** out = f − coefficient·h; out may be f. */
  static void controlled(
      float[] f, int from, float[] h, int hFrom, float coefficient, float[] out, int to, int n) {
    for (int i = 0; i < n; i++) {
      out[to + i] = Math.fma(-coefficient, h[hFrom + i], f[from + i]);
    }
  }
}
