package io.github.elbo4j.kernel.flow;

import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of the gated autoregressive step on n elements in a row. Exponentials and
 * logarithms are taken before, by array functions.
 */
final class GatedRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private GatedRows() {}

  /** out = −|s|. */
  static void minusAbs(float[] s, int from, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = -Math.abs(s[from + i]);
    }
  }

  /**
   * out = g·z + (1 − g)·m with g = sigmoid(s) from u = exp(−|s|).
   *
   * <p>Both weights are quotients of 1 + u: where one of them is all but 0 it keeps its precision.
   */
  static void step(
      float[] z,
      int zAt,
      float[] m,
      int mAt,
      float[] s,
      int sAt,
      float[] u,
      float[] out,
      int outAt,
      int n) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector large = one.div(FloatVector.fromArray(F, u, i).add(one));
      FloatVector small = FloatVector.fromArray(F, u, i).mul(large);
      VectorMask<Float> negative = FloatVector.fromArray(F, s, sAt + i).compare(LT, zero);
      FloatVector rest = small.blend(large, negative).mul(FloatVector.fromArray(F, m, mAt + i));
      FloatVector gate = large.blend(small, negative);
      gate.fma(FloatVector.fromArray(F, z, zAt + i), rest).intoArray(out, outAt + i);
    }
    for (int i = full; i < n; i++) {
      float large = 1f / (u[i] + 1f);
      float small = u[i] * large;
      boolean negative = s[sAt + i] < 0;
      float rest = (negative ? large : small) * m[mAt + i];
      out[outAt + i] = Math.fma(negative ? small : large, z[zAt + i], rest);
    }
  }

  /** out = m + (z − m)·(1 + e) with e = exp(−s). */
  static void inverse(
      float[] z, int zAt, float[] m, int mAt, float[] e, float[] out, int outAt, int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, z, zAt + i);
      FloatVector distance = v.sub(FloatVector.fromArray(F, m, mAt + i));
      distance.fma(FloatVector.fromArray(F, e, i), v).intoArray(out, outAt + i);
    }
    for (int i = full; i < n; i++) {
      float v = z[zAt + i];
      out[outAt + i] = Math.fma(v - m[mAt + i], e[i], v);
    }
  }

  /** logGate = min(s, 0) − logs, where logs = log(1 + exp(−|s|)). */
  static void logGate(float[] s, int from, float[] logs, float[] logGate, int n) {
    FloatVector zero = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, s, from + i);
      FloatVector low = zero.blend(v, v.compare(LT, zero));
      low.sub(FloatVector.fromArray(F, logs, i)).intoArray(logGate, i);
    }
    for (int i = full; i < n; i++) {
      logGate[i] = (s[from + i] < 0 ? s[from + i] : 0f) - logs[i];
    }
  }

  /** dZ += dOut·g, dM += dOut·(1 − g), dS += ( dOut·(z − m)·g + dLogDet )·(1 − g). */
  static void backward(GatedBackward.Row a, float[] u, float[] dLogDet, int n) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector large = one.div(FloatVector.fromArray(F, u, i).add(one));
      FloatVector small = FloatVector.fromArray(F, u, i).mul(large);
      VectorMask<Float> negative = FloatVector.fromArray(F, a.s, a.sAt + i).compare(LT, zero);
      FloatVector gate = large.blend(small, negative);
      FloatVector closed = small.blend(large, negative);
      FloatVector g = FloatVector.fromArray(F, a.dOut, a.gAt + i);
      FloatVector distance = FloatVector.fromArray(F, a.z, a.zAt + i);
      distance = distance.sub(FloatVector.fromArray(F, a.m, a.mAt + i)).mul(gate);
      FloatVector toGate = g.fma(distance, FloatVector.fromArray(F, dLogDet, i));
      g.fma(gate, FloatVector.fromArray(F, a.dZ, a.dZAt + i)).intoArray(a.dZ, a.dZAt + i);
      g.fma(closed, FloatVector.fromArray(F, a.dM, a.dMAt + i)).intoArray(a.dM, a.dMAt + i);
      toGate.fma(closed, FloatVector.fromArray(F, a.dS, a.dSAt + i)).intoArray(a.dS, a.dSAt + i);
    }
    for (int i = full; i < n; i++) {
      float large = 1f / (u[i] + 1f);
      float small = u[i] * large;
      boolean negative = a.s[a.sAt + i] < 0;
      float gate = negative ? small : large;
      float closed = negative ? large : small;
      float g = a.dOut[a.gAt + i];
      float toGate = Math.fma(g, (a.z[a.zAt + i] - a.m[a.mAt + i]) * gate, dLogDet[i]);
      a.dZ[a.dZAt + i] = Math.fma(g, gate, a.dZ[a.dZAt + i]);
      a.dM[a.dMAt + i] = Math.fma(g, closed, a.dM[a.dMAt + i]);
      a.dS[a.dSAt + i] = Math.fma(toGate, closed, a.dS[a.dSAt + i]);
    }
  }

  /**
   * dZ += dOut/g, dM −= dOut·(1 − g)/g, dS −= ( dOut·(z − m)/g + dLogDet )·(1 − g), from e =
   * exp(−s) = (1 − g)/g and closed = 1 − g.
   */
  static void inverseBackward(
      GatedBackward.Row a, float[] e, float[] closed, float[] dLogDet, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector odds = FloatVector.fromArray(F, e, i);
      FloatVector g = FloatVector.fromArray(F, a.dOut, a.gAt + i);
      FloatVector slope = odds.add(one);
      FloatVector distance = FloatVector.fromArray(F, a.z, a.zAt + i);
      distance = distance.sub(FloatVector.fromArray(F, a.m, a.mAt + i)).mul(slope);
      FloatVector toGate = g.fma(distance, FloatVector.fromArray(F, dLogDet, i)).neg();
      FloatVector rest = FloatVector.fromArray(F, closed, i);
      g.fma(slope, FloatVector.fromArray(F, a.dZ, a.dZAt + i)).intoArray(a.dZ, a.dZAt + i);
      g.neg().fma(odds, FloatVector.fromArray(F, a.dM, a.dMAt + i)).intoArray(a.dM, a.dMAt + i);
      toGate.fma(rest, FloatVector.fromArray(F, a.dS, a.dSAt + i)).intoArray(a.dS, a.dSAt + i);
    }
    for (int i = full; i < n; i++) {
      float g = a.dOut[a.gAt + i];
      float slope = e[i] + 1f;
      float toGate = -Math.fma(g, (a.z[a.zAt + i] - a.m[a.mAt + i]) * slope, dLogDet[i]);
      a.dZ[a.dZAt + i] = Math.fma(g, slope, a.dZ[a.dZAt + i]);
      a.dM[a.dMAt + i] = Math.fma(-g, e[i], a.dM[a.dMAt + i]);
      a.dS[a.dSAt + i] = Math.fma(toGate, closed[i], a.dS[a.dSAt + i]);
    }
  }
}
