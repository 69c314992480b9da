package io.github.elbo4j.kernel.gaussian;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of the diagonal Gaussian on one row of {@code n} elements. Where many samples
 * share a variance, the exponentials are taken before, by an array function; {@link #sampleAndKl}
 * and {@link #sampleAndKlBackward} read memory once and take theirs in the loop, one vector helper
 * each, called first.
 */
final class GaussianRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private GaussianRows() {}

  /**
   * ½ Σ ( mu² + exp(logVar) − 1 − logVar ) from sigma = exp(½·logVar). The half is inside the sum,
   * where it costs nothing and a term that float32 holds does not overflow on the way.
   */
  static double kl(
      float[] mu, int m, float[] logVar, int v, float[] sigma, int s, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      total += klOfChunk(mu, m + i, logVar, v + i, sigma, s + i, count, lanes);
    }
    return total;
  }

  private static float klOfChunk(
      float[] mu, int m, float[] logVar, int v, float[] sigma, int s, int n, float[] lanes) {
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector minusHalf = half.neg();
    FloatVector most = FloatVector.broadcast(F, Float.MAX_VALUE);
    FloatVector sum = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector halfLv = FloatVector.fromArray(F, logVar, v + i).mul(half);
      FloatVector sd = FloatVector.fromArray(F, sigma, s + i);
      FloatVector mean = FloatVector.fromArray(F, mu, m + i);
      halfLv = halfLv.blend(most, halfLv.compare(GT, most)); // ∞ − ∞ is +∞ here
      FloatVector spread = sd.mul(half).fma(sd, minusHalf).sub(halfLv);
      sum = sum.add(mean.mul(half).fma(mean, spread));
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      lanes[i - full] += klOfOne(mu[m + i], logVar[v + i], sigma[s + i]);
    }
    return Lanes.sum(lanes, 0);
  }

  private static float klOfOne(float mean, float logVar, float sd) {
    float halfLv = 0.5f * logVar;
    float spread = Math.fma(0.5f * sd, sd, -0.5f) - Math.min(halfLv, Float.MAX_VALUE);
    return Math.fma(0.5f * mean, mean, spread);
  }

  /** kl = ½ ( mu² + exp(logVar) − 1 − logVar ), from sigma = exp(½·logVar). */
  static void klPerDim(
      float[] mu, int m, float[] logVar, int v, float[] sigma, int s, float[] kl, int k, int n) {
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector minusHalf = half.neg();
    FloatVector most = FloatVector.broadcast(F, Float.MAX_VALUE);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector sd = FloatVector.fromArray(F, sigma, s + i);
      FloatVector mean = FloatVector.fromArray(F, mu, m + i);
      FloatVector halfLv = FloatVector.fromArray(F, logVar, v + i).mul(half);
      halfLv = halfLv.blend(most, halfLv.compare(GT, most)); // ∞ − ∞ is +∞ here
      FloatVector spread = sd.mul(half).fma(sd, minusHalf).sub(halfLv);
      mean.mul(half).fma(mean, spread).intoArray(kl, k + i);
    }
    for (int i = full; i < n; i++) {
      kl[k + i] = klOfOne(mu[m + i], logVar[v + i], sigma[s + i]);
    }
  }

  /** z = mu + sigma·eps; z may be eps. */
  static void sample(
      float[] mu, int m, float[] sigma, int s, float[] eps, int e, float[] z, int o, int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector sd = FloatVector.fromArray(F, sigma, s + i);
      FloatVector noise = FloatVector.fromArray(F, eps, e + i);
      sd.fma(noise, FloatVector.fromArray(F, mu, m + i)).intoArray(z, o + i);
    }
    for (int i = full; i < n; i++) {
      z[o + i] = Math.fma(sigma[s + i], eps[e + i], mu[m + i]);
    }
  }

  /**
   * {@link #sample} and {@link #klPerDim} in one pass over memory. σ is the square of its own root,
   * which brings overflow to +∞ and gradual underflow where exp alone is clamped. {@code work} has
   * room for L floats.
   */
  static void sampleAndKl(
      float[] mu,
      int m,
      float[] logVar,
      int v,
      float[] eps,
      int e,
      float[] z,
      int o,
      float[] kl,
      int k,
      int n,
      float[] work) {
    FloatVector quarter = FloatVector.broadcast(F, 0.25f);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector minusHalf = half.neg();
    FloatVector most = FloatVector.broadcast(F, 352f); // from here on exp(½ logVar) is +∞
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector lv = FloatVector.fromArray(F, logVar, v + i);
      lv = lv.blend(most, lv.compare(GT, most)); // at most 88 for exp, and ∞ − ∞ is +∞ here
      FloatVector root = SimdMath.expNonPositive(lv.mul(quarter));
      FloatVector sd = root.mul(root);
      FloatVector mean = FloatVector.fromArray(F, mu, m + i);
      sd.fma(FloatVector.fromArray(F, eps, e + i), mean).intoArray(z, o + i);
      FloatVector spread = lv.fma(minusHalf, sd.mul(half).fma(sd, minusHalf));
      mean.mul(half).fma(mean, spread).intoArray(kl, k + i);
    }
    exp(0.5f, logVar, v + full, work, n - full);
    for (int i = full; i < n; i++) {
      float sd = work[i - full];
      z[o + i] = Math.fma(sd, eps[e + i], mu[m + i]);
      kl[k + i] = klOfOne(mu[m + i], logVar[v + i], sd);
    }
  }

  /** dMu += g; dLogVar += ½·g·(z − mu). */
  static void sampleBackward(
      float[] mu,
      int m,
      float[] z,
      int o,
      float[] g,
      int gFrom,
      float[] dMu,
      int dm,
      float[] dLogVar,
      int dv,
      int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector grad = FloatVector.fromArray(F, g, gFrom + i);
      FloatVector noise =
          FloatVector.fromArray(F, z, o + i).sub(FloatVector.fromArray(F, mu, m + i));
      grad.add(FloatVector.fromArray(F, dMu, dm + i)).intoArray(dMu, dm + i);
      FloatVector sum = FloatVector.fromArray(F, dLogVar, dv + i);
      grad.mul(0.5f).fma(noise, sum).intoArray(dLogVar, dv + i);
    }
    for (int i = full; i < n; i++) {
      float grad = g[gFrom + i];
      dMu[dm + i] += grad;
      dLogVar[dv + i] = Math.fma(0.5f * grad, z[o + i] - mu[m + i], dLogVar[dv + i]);
    }
  }

  /** out[0 … n) = exp(factor·logVar). */
  static void exp(float factor, float[] logVar, int v, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = factor * logVar[v + i];
    }
    SimdMath.exp(out, 0, out, 0, n);
  }

  /** g = dLogQ·(z − mu)/σ². */
  static void throughPosterior(
      float[] mu, int m, float[] logVar, int v, float[] z, int o, float dLogQ, float[] g, int n) {
    exp(-1, logVar, v, g, n);
    for (int i = 0; i < n; i++) {
      g[i] = dLogQ * (z[o + i] - mu[m + i]) * g[i];
    }
  }

  /** g = dLogP·z + g. */
  static void throughPrior(float[] z, int o, float dLogP, float[] g, int n) {
    for (int i = 0; i < n; i++) {
      g[i] = dLogP * z[o + i] + g[i];
    }
  }

  /** g = dz − g; a null dz counts as zero. */
  static void fromSample(float @Nullable [] dz, int dzFrom, float[] g, int n) {
    for (int i = 0; i < n; i++) {
      g[i] = (dz == null ? 0f : dz[dzFrom + i]) - g[i];
    }
  }

  /** a += c. */
  static void addConstant(float[] a, int from, float c, int n) {
    for (int i = 0; i < n; i++) {
      a[from + i] += c;
    }
  }

  /** dMu += g·mu; dLogVar += g·½(variance − 1). */
  static void klBackward(
      float[] mu,
      int m,
      float[] variance,
      float[] g,
      float[] dMu,
      int dm,
      float[] dLogVar,
      int dv,
      int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector grad = FloatVector.fromArray(F, g, i);
      FloatVector mean = FloatVector.fromArray(F, mu, m + i);
      grad.fma(mean, FloatVector.fromArray(F, dMu, dm + i)).intoArray(dMu, dm + i);
      FloatVector excess = FloatVector.fromArray(F, variance, i).sub(1f);
      FloatVector sum = FloatVector.fromArray(F, dLogVar, dv + i);
      grad.mul(0.5f).fma(excess, sum).intoArray(dLogVar, dv + i);
    }
    for (int i = full; i < n; i++) {
      dMu[dm + i] = Math.fma(g[i], mu[m + i], dMu[dm + i]);
      dLogVar[dv + i] = Math.fma(0.5f * g[i], variance[i] - 1f, dLogVar[dv + i]);
    }
  }

  /**
   * {@link #sampleBackward} with gradient dz, then {@link #klBackward}, in one pass over memory.
   * {@code work} has room for L floats.
   */
  static void sampleAndKlBackward(
      float[] mu,
      int m,
      float[] logVar,
      int v,
      float[] z,
      int o,
      float[] dz,
      int dzFrom,
      float[] g,
      float[] dMu,
      int dm,
      float[] dLogVar,
      int dv,
      int n,
      float[] work) {
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector minusOne = FloatVector.broadcast(F, -1f);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      // the square of σ overflows to +∞ where exp(logVar) does, exp alone is clamped
      FloatVector sd = SimdMath.exp(FloatVector.fromArray(F, logVar, v + i).mul(half));
      FloatVector excess = sd.fma(sd, minusOne);
      FloatVector mean = FloatVector.fromArray(F, mu, m + i);
      FloatVector toSample = FloatVector.fromArray(F, dz, dzFrom + i);
      FloatVector toKl = FloatVector.fromArray(F, g, i);
      FloatVector sum = toSample.add(FloatVector.fromArray(F, dMu, dm + i));
      toKl.fma(mean, sum).intoArray(dMu, dm + i);
      FloatVector noise = FloatVector.fromArray(F, z, o + i).sub(mean);
      sum = toSample.mul(half).fma(noise, FloatVector.fromArray(F, dLogVar, dv + i));
      toKl.mul(half).fma(excess, sum).intoArray(dLogVar, dv + i);
    }
    exp(1, logVar, v + full, work, n - full);
    for (int i = full; i < n; i++) {
      float mean = mu[m + i];
      float toSample = dz[dzFrom + i];
      dMu[dm + i] = Math.fma(g[i], mean, dMu[dm + i] + toSample);
      float sum = Math.fma(0.5f * toSample, z[o + i] - mean, dLogVar[dv + i]);
      dLogVar[dv + i] = Math.fma(0.5f * g[i], work[i - full] - 1f, sum);
    }
  }

  /** out = min(max(raw, low), high); a NaN compares false twice and stays. */
  static void clamp(float[] raw, int from, float low, float high, float[] out, int to, int n) {
    FloatVector lo = FloatVector.broadcast(F, low);
    FloatVector hi = FloatVector.broadcast(F, high);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(F, raw, from + i);
      x.blend(lo, x.compare(LT, lo)).blend(hi, x.compare(GT, hi)).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      float x = raw[from + i];
      out[to + i] = x < low ? low : x > high ? high : x;
    }
  }

  /** dRaw += g where low &lt;= raw &lt;= high. */
  static void clampBackward(
      float[] raw,
      int from,
      float low,
      float high,
      float[] g,
      int gFrom,
      float[] dRaw,
      int to,
      int n) {
    FloatVector lo = FloatVector.broadcast(F, low);
    FloatVector hi = FloatVector.broadcast(F, high);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(F, raw, from + i);
      FloatVector sum = FloatVector.fromArray(F, dRaw, to + i);
      FloatVector inside = sum.add(FloatVector.fromArray(F, g, gFrom + i));
      inside.blend(sum, x.compare(LT, lo).or(x.compare(GT, hi))).intoArray(dRaw, to + i);
    }
    for (int i = full; i < n; i++) {
      float x = raw[from + i];
      if (!(x < low || x > high)) {
        dRaw[to + i] += g[gFrom + i];
      }
    }
  }
}
