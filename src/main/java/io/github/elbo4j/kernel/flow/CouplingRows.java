package io.github.elbo4j.kernel.flow;

import static jdk.incubator.vector.VectorOperators.NE;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of coupling steps on n elements in a row. What is a vector of each dimension (a
 * mask, a scale) has been repeated for all rows of a block, so a loop never sees where a row ends.
 * Exponentials and logarithms are taken before, by array functions.
 */
final class CouplingRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private CouplingRows() {}

  /** out = z + sign·t where the mask is set, z elsewhere. */
  static void additive(
      float[] z,
      int zAt,
      float[] t,
      int tAt,
      float[] mask,
      float sign,
      float[] out,
      int outAt,
      int n) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector factor = FloatVector.broadcast(F, sign);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, z, zAt + i);
      VectorMask<Float> set = FloatVector.fromArray(F, mask, i).compare(NE, zero);
      FloatVector moved = FloatVector.fromArray(F, t, tAt + i).fma(factor, v);
      v.blend(moved, set).intoArray(out, outAt + i);
    }
    for (int i = full; i < n; i++) {
      float v = z[zAt + i];
      out[outAt + i] = mask[i] != 0 ? Math.fma(t[tAt + i], sign, v) : v;
    }
  }

  /** b = scale·slope where the mask is set, 0 elsewhere. */
  static void bounded(float[] slope, float[] scale, float[] mask, float[] b, int bAt, int n) {
    FloatVector zero = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, slope, i).mul(FloatVector.fromArray(F, scale, i));
      VectorMask<Float> set = FloatVector.fromArray(F, mask, i).compare(NE, zero);
      zero.blend(v, set).intoArray(b, bAt + i);
    }
    for (int i = full; i < n; i++) {
      b[bAt + i] = mask[i] != 0 ? slope[i] * scale[i] : 0;
    }
  }

  /** out = sign·a. */
  static void signed(float[] a, int from, float sign, float[] out, int to, int n) {
    for (int i = 0; i < n; i++) {
      out[to + i] = sign * a[from + i];
    }
  }

  /** out = z·e + t where the mask is set, z elsewhere. */
  static void affine(
      float[] z,
      int zAt,
      float[] t,
      int tAt,
      float[] e,
      float[] mask,
      float[] out,
      int outAt,
      int n) {
    FloatVector zero = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, z, zAt + i);
      FloatVector moved =
          v.fma(FloatVector.fromArray(F, e, i), FloatVector.fromArray(F, t, tAt + i));
      VectorMask<Float> set = FloatVector.fromArray(F, mask, i).compare(NE, zero);
      v.blend(moved, set).intoArray(out, outAt + i);
    }
    for (int i = full; i < n; i++) {
      float v = z[zAt + i];
      out[outAt + i] = mask[i] != 0 ? Math.fma(v, e[i], t[tAt + i]) : v;
    }
  }

  /** out = (z − t)·e where the mask is set, z elsewhere. */
  static void affineInverse(
      float[] z,
      int zAt,
      float[] t,
      int tAt,
      float[] e,
      float[] mask,
      float[] out,
      int outAt,
      int n) {
    FloatVector zero = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, z, zAt + i);
      FloatVector moved = v.sub(FloatVector.fromArray(F, t, tAt + i));
      moved = moved.mul(FloatVector.fromArray(F, e, i));
      VectorMask<Float> set = FloatVector.fromArray(F, mask, i).compare(NE, zero);
      v.blend(moved, set).intoArray(out, outAt + i);
    }
    for (int i = full; i < n; i++) {
      float v = z[zAt + i];
      out[outAt + i] = mask[i] != 0 ? (v - t[tAt + i]) * e[i] : v;
    }
  }

  /** dZ += dOut·e; dT += dOut where the mask is set. Elsewhere e is exp(0) = 1. */
  static void affineToInputs(
      float[] dOut,
      int gAt,
      float[] e,
      float[] mask,
      float[] dZ,
      int zAt,
      float[] dT,
      int tAt,
      int n) {
    FloatVector zero = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector g = FloatVector.fromArray(F, dOut, gAt + i);
      VectorMask<Float> set = FloatVector.fromArray(F, mask, i).compare(NE, zero);
      FloatVector slope = FloatVector.fromArray(F, e, i);
      g.fma(slope, FloatVector.fromArray(F, dZ, zAt + i)).intoArray(dZ, zAt + i);
      FloatVector.fromArray(F, dT, tAt + i).add(zero.blend(g, set)).intoArray(dT, tAt + i);
    }
    for (int i = full; i < n; i++) {
      dZ[zAt + i] = Math.fma(dOut[gAt + i], e[i], dZ[zAt + i]);
      dT[tAt + i] += mask[i] != 0 ? dOut[gAt + i] : 0f;
    }
  }

  /** dZ += dOut·e; dT −= dOut·e where the mask is set. Elsewhere e is 1. */
  static void affineInverseToInputs(
      float[] dOut,
      int gAt,
      float[] e,
      float[] mask,
      float[] dZ,
      int zAt,
      float[] dT,
      int tAt,
      int n) {
    FloatVector zero = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector g = FloatVector.fromArray(F, dOut, gAt + i);
      VectorMask<Float> set = FloatVector.fromArray(F, mask, i).compare(NE, zero);
      FloatVector moved = g.mul(FloatVector.fromArray(F, e, i));
      FloatVector.fromArray(F, dZ, zAt + i).add(moved).intoArray(dZ, zAt + i);
      FloatVector.fromArray(F, dT, tAt + i).sub(zero.blend(moved, set)).intoArray(dT, tAt + i);
    }
    for (int i = full; i < n; i++) {
      float moved = dOut[gAt + i] * e[i];
      dZ[zAt + i] += moved;
      dT[tAt + i] -= mask[i] != 0 ? moved : 0f;
    }
  }

  /**
   * db = ±( dOut·v·e + dLogDet ), then dS += db·scale·(1 − slope²), and slope is replaced by what
   * the element gives to dScale, db·slope; 0 where the mask is not set.
   *
   * @param v z of the step, z − t of its inverse
   */
  static void affineToScale(
      float[] dOut,
      int gAt,
      float[] v,
      int vAt,
      float[] e,
      float[] dLogDet,
      int dAt,
      float sign,
      float[] scale,
      float[] mask,
      float[] slope,
      float[] dS,
      int sAt,
      int n) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector factor = FloatVector.broadcast(F, sign);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector moved = FloatVector.fromArray(F, v, vAt + i).mul(FloatVector.fromArray(F, e, i));
      FloatVector db =
          FloatVector.fromArray(F, dOut, gAt + i)
              .fma(moved, FloatVector.fromArray(F, dLogDet, dAt + i));
      VectorMask<Float> set = FloatVector.fromArray(F, mask, i).compare(NE, zero);
      FloatVector th = FloatVector.fromArray(F, slope, i);
      db = zero.blend(db.mul(factor), set);
      th = zero.blend(th, set);
      FloatVector rate = th.neg().fma(th, one).mul(FloatVector.fromArray(F, scale, i));
      rate = zero.blend(rate, set);
      db.fma(rate, FloatVector.fromArray(F, dS, sAt + i)).intoArray(dS, sAt + i);
      db.mul(th).intoArray(slope, i);
    }
    for (int i = full; i < n; i++) {
      if (mask[i] == 0) {
        slope[i] = 0;
        continue;
      }
      float db = sign * Math.fma(dOut[gAt + i], v[vAt + i] * e[i], dLogDet[dAt + i]);
      float rate = Math.fma(-slope[i], slope[i], 1f) * scale[i];
      dS[sAt + i] = Math.fma(db, rate, dS[sAt + i]);
      slope[i] *= db;
    }
  }

  /** out = a − b. */
  static void subtract(float[] a, int aAt, float[] b, int bAt, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a[aAt + i] - b[bAt + i];
    }
  }
}
