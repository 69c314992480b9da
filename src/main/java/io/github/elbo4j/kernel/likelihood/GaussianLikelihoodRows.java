package io.github.elbo4j.kernel.likelihood;

import static io.github.elbo4j.kernel.likelihood.LikelihoodKernels.MAX_LOG_PRECISION;
import static io.github.elbo4j.kernel.likelihood.LikelihoodKernels.MIN_LOG_PRECISION;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of the Gaussian log-likelihood on one row, with its precisions p in an array: the
 * forms of the log-variance differ only in who fills it.
 */
final class GaussianLikelihoodRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private GaussianLikelihoodRows() {}

  /** Whether the log-variance is [R,N], rather than shared by all rows. */
  static boolean perRow(Tensor logVar) {
    return logVar.rows() > 1;
  }

  /** The precisions of one row of {@code n} elements under a shared log-variance. */
  static float[] sharedPrecision(Tensor logVar, int n, Scratch scratch) {
    float[] p = scratch.floats(Scratch.HELD, Math.max(1, n));
    precision(logVar.array(), logVar.offset(), p, logVar.size());
    if (logVar.size() == 1) {
      Arrays.fill(p, 0, n, p[0]);
    }
    return p;
  }

  /** Σ_n logVar of one row of {@code n} elements under a shared log-variance. */
  static double sharedLogVar(Tensor logVar, int n, float[] lanes) {
    if (logVar.size() == 1) {
      return (double) n * logVar.get(0);
    }
    return Lanes.sum(logVar.array(), logVar.offset(), n, lanes);
  }

  /**
   * p = exp(−logVar), cut off where the contract says; NaN stays NaN. Not so the posterior's and
   * the prior's variances (kernel.gaussian), which become 0 or +∞: their divergence is then
   * infinite, which is right, while a likelihood of data would turn into 0·∞.
   */
  static void precision(float[] logVar, int v, float[] p, int n) {
    for (int i = 0; i < n; i++) {
      float x = -logVar[v + i];
      p[i] = Math.min(Math.max(x, MIN_LOG_PRECISION), MAX_LOG_PRECISION);
    }
    SimdMath.exp(p, 0, p, 0, n);
  }

  /** Σ (x − mean)²·p. */
  static double squares(float[] x, int xAt, float[] mean, int m, float[] p, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      total += squaresOfChunk(x, xAt + i, mean, m + i, p, i, count, lanes);
    }
    return total;
  }

  /**
   * Σ (x − mean)²·p + Σ logVar of a row with a log-variance of its own, in one pass. The vector
   * function's bounds are those of the contract.
   *
   * @param lanes twice a vector's length of scratch
   */
  static double squaresAndLogVars(
      float[] x, int xAt, float[] mean, int m, float[] logVar, int v, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      int full = F.loopBound(count);
      ownOfChunk(x, xAt + i, mean, m + i, logVar, v + i, full, lanes);
      if (full < count) {
        int at = i + full;
        float[] p = Scratch.get().floats(2, count - full);
        ownOfTail(x, xAt + at, mean, m + at, logVar, v + at, count - full, lanes, p);
      }
      total += (double) Lanes.sum(lanes, 0) + Lanes.sum(lanes, L);
    }
    return total;
  }

  private static void ownOfChunk(
      float[] x, int xAt, float[] mean, int m, float[] logVar, int v, int full, float[] lanes) {
    FloatVector squares = FloatVector.zero(F);
    FloatVector logVars = squares;
    for (int i = 0; i < full; i += L) {
      FloatVector lv = FloatVector.fromArray(F, logVar, v + i);
      FloatVector p = SimdMath.exp(lv.neg());
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i));
      squares = distance.mul(p).fma(distance, squares);
      logVars = logVars.add(lv);
    }
    squares.intoArray(lanes, 0);
    logVars.intoArray(lanes, L);
  }

  /** The elements behind the last whole vector; leaves their precisions in {@code p}. */
  static void ownOfTail(
      float[] x,
      int xAt,
      float[] mean,
      int m,
      float[] logVar,
      int v,
      int n,
      float[] lanes,
      float[] p) {
    precision(logVar, v, p, n);
    for (int i = 0; i < n; i++) {
      float distance = x[xAt + i] - mean[m + i];
      lanes[i] = Math.fma(distance * p[i], distance, lanes[i]);
      lanes[L + i] += logVar[v + i];
    }
  }

  /**
   * dMean += g·(x − mean)·p and dLogVar += ½g·( (x − mean)²·p − 1 ) of a row with a log-variance of
   * its own, in one pass.
   */
  static void toMeanAndLogVar(
      float[] x,
      int xAt,
      float[] mean,
      int m,
      float[] logVar,
      int v,
      float g,
      float[] dMean,
      int dm,
      float[] dLogVar,
      int dv,
      int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, g);
    FloatVector half = FloatVector.broadcast(F, 0.5f * g);
    FloatVector minusOne = FloatVector.broadcast(F, -1f);
    for (int i = 0; i < full; i += L) {
      FloatVector p = SimdMath.exp(FloatVector.fromArray(F, logVar, v + i).neg());
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i));
      FloatVector slope = distance.mul(p);
      slope.fma(gradient, FloatVector.fromArray(F, dMean, dm + i)).intoArray(dMean, dm + i);
      slope
          .fma(distance, minusOne)
          .fma(half, FloatVector.fromArray(F, dLogVar, dv + i))
          .intoArray(dLogVar, dv + i);
    }
    if (full < n) {
      float[] p = Scratch.get().floats(2, n - full);
      precision(logVar, v + full, p, n - full);
      toMean(x, xAt + full, mean, m + full, p, g, dMean, dm + full, n - full);
      toLogVar(x, xAt + full, mean, m + full, p, g, dLogVar, dv + full, n - full);
    }
  }

  private static float squaresOfChunk(
      float[] x, int xAt, float[] mean, int m, float[] p, int pAt, int n, float[] lanes) {
    int full = F.loopBound(n);
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i));
      sum = distance.mul(FloatVector.fromArray(F, p, pAt + i)).fma(distance, sum);
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      float distance = x[xAt + i] - mean[m + i];
      lanes[i - full] = Math.fma(distance * p[pAt + i], distance, lanes[i - full]);
    }
    return Lanes.sum(lanes, 0);
  }

  /** dMean += g·(x − mean)·p. */
  static void toMean(
      float[] x, int xAt, float[] mean, int m, float[] p, float g, float[] dMean, int d, int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, g);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i));
      distance
          .mul(FloatVector.fromArray(F, p, i))
          .fma(gradient, FloatVector.fromArray(F, dMean, d + i))
          .intoArray(dMean, d + i);
    }
    for (int i = full; i < n; i++) {
      dMean[d + i] = Math.fma((x[xAt + i] - mean[m + i]) * p[i], g, dMean[d + i]);
    }
  }

  /** dLogVar += ½g·( (x − mean)²·p − 1 ). */
  static void toLogVar(
      float[] x, int xAt, float[] mean, int m, float[] p, float g, float[] dLogVar, int d, int n) {
    int full = F.loopBound(n);
    float half = 0.5f * g;
    FloatVector gradient = FloatVector.broadcast(F, half);
    FloatVector minusOne = FloatVector.broadcast(F, -1f);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i));
      distance
          .mul(FloatVector.fromArray(F, p, i))
          .fma(distance, minusOne)
          .fma(gradient, FloatVector.fromArray(F, dLogVar, d + i))
          .intoArray(dLogVar, d + i);
    }
    for (int i = full; i < n; i++) {
      float distance = x[xAt + i] - mean[m + i];
      float excess = Math.fma(distance * p[i], distance, -1f);
      dLogVar[d + i] = Math.fma(excess, half, dLogVar[d + i]);
    }
  }

  /** sums[0 … n) += g·(x − mean)². */
  static void addSquares(float[] x, int xAt, float[] mean, int m, float g, float[] sums, int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, g);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i));
      distance.mul(gradient).fma(distance, FloatVector.fromArray(F, sums, i)).intoArray(sums, i);
    }
    for (int i = full; i < n; i++) {
      float distance = x[xAt + i] - mean[m + i];
      sums[i] = Math.fma(distance * g, distance, sums[i]);
    }
  }
}
