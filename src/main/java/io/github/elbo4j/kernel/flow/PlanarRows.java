package io.github.elbo4j.kernel.flow;

import static jdk.incubator.vector.VectorOperators.GT;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Arithmetic of planar steps on one number a row, in arrays that have room for whole vectors: what
 * is behind the last row is computed too, and never read.
 */
final class PlanarRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** A p up to which h·p may have 8 roundings of t, 5e-7·p, as its error. */
  private static final float LARGE = 8;

  private PlanarRows() {}

  /**
   * {@code h = 1 − t²} with {@code t = tanh x}. Where some p is large, {@code h·p} must not carry
   * the rounding of t: there h is {@code 4q/(1 + q)²} with {@code q = exp(−2|x|)}.
   */
  static void slopes(float[] work, int x, int t, int p, int h, int n) {
    if (large(work, p, n)) {
      exactSlopes(work, x, h, n);
    } else {
      slopes(work, t, h, n);
    }
  }

  private static boolean large(float[] work, int p, int n) {
    FloatVector most = FloatVector.broadcast(F, LARGE);
    boolean large = false;
    for (int i = 0; i < n; i += L) {
      large |= FloatVector.fromArray(F, work, p + i).compare(GT, most).anyTrue();
    }
    return large;
  }

  private static void slopes(float[] work, int t, int h, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector tanh = FloatVector.fromArray(F, work, t + i);
      one.sub(tanh).mul(one.add(tanh)).intoArray(work, h + i);
    }
  }

  private static void exactSlopes(float[] work, int x, int h, int n) {
    for (int i = 0; i < n; i++) {
      work[h + i] = -2 * Math.abs(work[x + i]);
    }
    SimdMath.exp(work, h, work, h, n);
    for (int i = 0; i < n; i++) {
      float q = work[h + i];
      work[h + i] = 4 * q / ((1 + q) * (1 + q));
    }
  }

  /** {@code det = 1 + h·(p − 1) = t² + h·p}, a sum of positive numbers, in the place of h. */
  static void determinants(float[] work, int t, int h, int p, int n) {
    for (int i = 0; i < n; i += L) {
      FloatVector tanh = FloatVector.fromArray(F, work, t + i);
      FloatVector slope = FloatVector.fromArray(F, work, h + i);
      slope.fma(FloatVector.fromArray(F, work, p + i), tanh.mul(tanh)).intoArray(work, h + i);
    }
  }

  /**
   * From {@code x = ûᵀdz'} to dx, and from {@code c = dlogDet} to dc:
   *
   * <pre>
   * dc = dlogDet·h/det       dx = h·ûᵀdz' − 2·t·(p − 1)·dc
   * </pre>
   */
  static void gradients(float[] work, int t, int h, int p, int x, int c, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector tanh = FloatVector.fromArray(F, work, t + i);
      FloatVector slope = FloatVector.fromArray(F, work, h + i);
      FloatVector softplus = FloatVector.fromArray(F, work, p + i);
      FloatVector det = slope.fma(softplus, tanh.mul(tanh));
      FloatVector toC = FloatVector.fromArray(F, work, c + i).mul(slope).div(det);
      toC.intoArray(work, c + i);
      FloatVector back = tanh.add(tanh).mul(one.sub(softplus)).mul(toC);
      slope.fma(FloatVector.fromArray(F, work, x + i), back).intoArray(work, x + i);
    }
  }
}
