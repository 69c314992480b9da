package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Arithmetic of a Sylvester step on one row. No vector crosses a call. */
final class SylvesterRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private SylvesterRows() {}

  /** {@code det = t² + (1 − t²)·q}; det may be t. */
  static void determinants(float[] t, int at, float[] q, int qAt, float[] det, int to, int d) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    int full = F.loopBound(d);
    for (int i = 0; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(F, t, at + i);
      FloatVector slope = one.sub(x).mul(one.add(x));
      slope.fma(FloatVector.fromArray(F, q, qAt + i), x.mul(x)).intoArray(det, to + i);
    }
    for (int i = full; i < d; i++) {
      float x = t[at + i];
      det[to + i] = Math.fma((1 - x) * (1 + x), q[qAt + i], x * x);
    }
  }

  /**
   * From dt to dpre, in place, and what the row adds to the sums:
   *
   * <pre>
   * dq    = l·(1 − t²)/det                  toQ += dq
   * dpre  = (1 − t²)·dt − 2·t·(q − 1)·dq    toB += dpre
   * </pre>
   */
  static void gradients(
      float[] t,
      int at,
      float[] q,
      int qAt,
      float l,
      float[] dt,
      int dtAt,
      float[] sums,
      int toB,
      int toQ,
      int d) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector upstream = FloatVector.broadcast(F, l);
    int full = F.loopBound(d);
    for (int i = 0; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(F, t, at + i);
      FloatVector p = FloatVector.fromArray(F, q, qAt + i);
      FloatVector slope = one.sub(x).mul(one.add(x));
      FloatVector g = upstream.mul(slope).div(slope.fma(p, x.mul(x)));
      FloatVector back = x.add(x).mul(one.sub(p)).mul(g);
      back = slope.fma(FloatVector.fromArray(F, dt, dtAt + i), back);
      back.intoArray(dt, dtAt + i);
      back.add(FloatVector.fromArray(F, sums, toB + i)).intoArray(sums, toB + i);
      g.add(FloatVector.fromArray(F, sums, toQ + i)).intoArray(sums, toQ + i);
    }
    for (int i = full; i < d; i++) {
      float x = t[at + i];
      float p = q[qAt + i];
      float slope = (1 - x) * (1 + x);
      float g = l * slope / Math.fma(slope, p, x * x);
      float back = Math.fma(slope, dt[dtAt + i], (x + x) * (1 - p) * g);
      dt[dtAt + i] = back;
      sums[toB + i] += back;
      sums[toQ + i] += g;
    }
  }
}
