package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of the Laplace log-likelihood on one row, beside {@link GaussianLikelihoodRows},
 * which makes the array of p for both.
 */
final class LaplaceRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private LaplaceRows() {}

  /** Σ |x − mean|·p. */
  static double distances(
      float[] x, int xAt, float[] mean, int m, float[] p, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      total += distancesOfChunk(x, xAt + i, mean, m + i, p, i, count, lanes);
    }
    return total;
  }

  private static float distancesOfChunk(
      float[] x, int xAt, float[] mean, int m, float[] p, int pAt, int n, float[] lanes) {
    int full = F.loopBound(n);
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i)).abs();
      sum = distance.fma(FloatVector.fromArray(F, p, pAt + i), sum);
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      float distance = Math.abs(x[xAt + i] - mean[m + i]);
      lanes[i - full] = Math.fma(distance, p[pAt + i], lanes[i - full]);
    }
    return Lanes.sum(lanes, 0);
  }

  /** dMean += g·sign(x − mean)·p. */
  static void toMean(
      float[] x, int xAt, float[] mean, int m, float[] p, float g, float[] dMean, int d, int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, g);
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector minusOne = FloatVector.broadcast(F, -1f);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i));
      FloatVector sign = zero.blend(one, distance.compare(GT, zero));
      sign = sign.blend(minusOne, distance.compare(LT, zero));
      sign = sign.blend(distance, distance.compare(NE, distance)); // a NaN stays
      sign.mul(FloatVector.fromArray(F, p, i))
          .fma(gradient, FloatVector.fromArray(F, dMean, d + i))
          .intoArray(dMean, d + i);
    }
    for (int i = full; i < n; i++) {
      float sign = Math.signum(x[xAt + i] - mean[m + i]);
      dMean[d + i] = Math.fma(sign * p[i], g, dMean[d + i]);
    }
  }

  /** dLogScale += g·( |x − mean|·p − 1 ). */
  static void toLogScale(
      float[] x, int xAt, float[] mean, int m, float[] p, float g, float[] dScale, int d, int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, g);
    FloatVector minusOne = FloatVector.broadcast(F, -1f);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, x, xAt + i)
          .sub(FloatVector.fromArray(F, mean, m + i))
          .abs()
          .fma(FloatVector.fromArray(F, p, i), minusOne)
          .fma(gradient, FloatVector.fromArray(F, dScale, d + i))
          .intoArray(dScale, d + i);
    }
    for (int i = full; i < n; i++) {
      float excess = Math.fma(Math.abs(x[xAt + i] - mean[m + i]), p[i], -1f);
      dScale[d + i] = Math.fma(excess, g, dScale[d + i]);
    }
  }

  /** sums[0 … n) += g·|x − mean|. */
  static void addDistances(float[] x, int xAt, float[] mean, int m, float g, float[] sums, int n) {
    int full = F.loopBound(n);
    FloatVector gradient = FloatVector.broadcast(F, g);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, x, xAt + i)
          .sub(FloatVector.fromArray(F, mean, m + i))
          .abs()
          .fma(gradient, FloatVector.fromArray(F, sums, i))
          .intoArray(sums, i);
    }
    for (int i = full; i < n; i++) {
      sums[i] = Math.fma(Math.abs(x[xAt + i] - mean[m + i]), g, sums[i]);
    }
  }
}
