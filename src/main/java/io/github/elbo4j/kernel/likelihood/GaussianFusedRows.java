package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link GaussianLikelihoodRows} forwards and backwards with one exponential. */
final class GaussianFusedRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private GaussianFusedRows() {}

  /**
   * Σ (x − mean)²·p + Σ logVar of a row; dMean += g·(x − mean)·p and dLogVar += ½g·( (x − mean)²·p
   * − 1 ).
   *
   * @param lanes twice a vector's length of scratch
   */
  static double both(
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
      int n,
      float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      int full = F.loopBound(count);
      vectors(
          x, xAt + i, mean, m + i, logVar, v + i, g, dMean, dm + i, dLogVar, dv + i, full, lanes);
      if (full < count) {
        int at = i + full;
        int rest = count - full;
        float[] p = Scratch.get().floats(2, rest);
        GaussianLikelihoodRows.ownOfTail(x, xAt + at, mean, m + at, logVar, v + at, rest, lanes, p);
        GaussianLikelihoodRows.toMean(x, xAt + at, mean, m + at, p, g, dMean, dm + at, rest);
        GaussianLikelihoodRows.toLogVar(x, xAt + at, mean, m + at, p, g, dLogVar, dv + at, rest);
      }
      total += (double) Lanes.sum(lanes, 0) + Lanes.sum(lanes, L);
    }
    return total;
  }

  private static void vectors(
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
      int full,
      float[] lanes) {
    FloatVector gradient = FloatVector.broadcast(F, g);
    FloatVector half = FloatVector.broadcast(F, 0.5f * g);
    FloatVector minusOne = FloatVector.broadcast(F, -1f);
    FloatVector squares = FloatVector.zero(F);
    FloatVector logVars = squares;
    for (int i = 0; i < full; i += L) {
      FloatVector lv = FloatVector.fromArray(F, logVar, v + i);
      FloatVector p = SimdMath.exp(lv.neg());
      FloatVector distance =
          FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, mean, m + i));
      FloatVector slope = distance.mul(p);
      squares = slope.fma(distance, squares);
      logVars = logVars.add(lv);
      slope.fma(gradient, FloatVector.fromArray(F, dMean, dm + i)).intoArray(dMean, dm + i);
      slope
          .fma(distance, minusOne)
          .fma(half, FloatVector.fromArray(F, dLogVar, dv + i))
          .intoArray(dLogVar, dv + i);
    }
    squares.intoArray(lanes, 0);
    logVars.intoArray(lanes, L);
  }
}
