package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.SimdMath;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What {@link FlowRows} does with many rows and one vector, for rows that have a vector each: one
 * call for all of them, as a row alone is too short for a call. Rows of {@code d} elements lie a
 * stride apart. No vector crosses a call.
 */
final class RowPairs {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private RowPairs() {}

  /**
   * The products of row k of a with row k of w, whose sums {@link LaneSums} makes, at {@code
   * lanes[(slot + k)·L]}.
   */
  static void laneDots(
      float[] a,
      int at,
      int aNext,
      float[] w,
      int wAt,
      int wNext,
      int n,
      int d,
      float[] lanes,
      int slot) {
    int full = F.loopBound(d);
    int to = slot * L;
    int i = 0;
    if (full < 4 * L) {
      Arrays.fill(lanes, to, to + n * L, 0f);
    }
    for (; i + 4 * L <= full; i += 4 * L) {
      laneDots4(a, at + i, aNext, w, wAt + i, wNext, n, i == 0, lanes, to);
    }
    for (; i < full; i += L) {
      for (int k = 0; k < n; k++) {
        FloatVector v = FloatVector.fromArray(F, w, wAt + i + k * wNext);
        FloatVector sum = FloatVector.fromArray(F, lanes, to + k * L);
        v.fma(FloatVector.fromArray(F, a, at + i + k * aNext), sum).intoArray(lanes, to + k * L);
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      for (i = full; i < d; i++) {
        int lane = to + k * L + i - full;
        lanes[lane] = Math.fma(w[wAt + k * wNext + i], a[at + k * aNext + i], lanes[lane]);
      }
    }
  }

  private static void laneDots4(
      float[] a,
      int at,
      int aNext,
      float[] w,
      int wAt,
      int wNext,
      int n,
      boolean first,
      float[] lanes,
      int to) {
    for (int k = 0; k < n; k++) {
      int o = at + k * aNext;
      int p = wAt + k * wNext;
      FloatVector s = FloatVector.fromArray(F, a, o).mul(FloatVector.fromArray(F, w, p));
      FloatVector t = FloatVector.fromArray(F, a, o + L).mul(FloatVector.fromArray(F, w, p + L));
      s = FloatVector.fromArray(F, a, o + 2 * L).fma(FloatVector.fromArray(F, w, p + 2 * L), s);
      t = FloatVector.fromArray(F, a, o + 3 * L).fma(FloatVector.fromArray(F, w, p + 3 * L), t);
      s = s.add(t);
      if (!first) {
        s = s.add(FloatVector.fromArray(F, lanes, to + k * L));
      }
      s.intoArray(lanes, to + k * L);
    }
  }

  /** {@code out[k,i] = a[k,i] + s[k]·v[k,i]}; out may be a, and its rows are d apart as a's are. */
  static void addMultiples(
      float[] a,
      int at,
      float[] s,
      int sAt,
      float[] v,
      int vAt,
      int vNext,
      float[] out,
      int to,
      int n,
      int d) {
    int full = F.loopBound(d);
    int i = 0;
    for (; i + 4 * L <= full; i += 4 * L) {
      addMultiples4(a, at + i, s, sAt, v, vAt + i, vNext, out, to + i, n, d);
    }
    for (; i < full; i += L) {
      for (int k = 0; k < n; k++) {
        FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
        FloatVector x = FloatVector.fromArray(F, v, vAt + i + k * vNext);
        int o = k * d + i;
        x.fma(f, FloatVector.fromArray(F, a, at + o)).intoArray(out, to + o);
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      for (i = full; i < d; i++) {
        int o = k * d + i;
        out[to + o] = Math.fma(v[vAt + k * vNext + i], s[sAt + k], a[at + o]);
      }
    }
  }

  private static void addMultiples4(
      float[] a,
      int at,
      float[] s,
      int sAt,
      float[] v,
      int vAt,
      int vNext,
      float[] out,
      int to,
      int n,
      int d) {
    for (int k = 0; k < n; k++) {
      FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
      int o = at + k * d;
      int p = to + k * d;
      int q = vAt + k * vNext;
      FloatVector x0 = FloatVector.fromArray(F, v, q).fma(f, FloatVector.fromArray(F, a, o));
      FloatVector x1 =
          FloatVector.fromArray(F, v, q + L).fma(f, FloatVector.fromArray(F, a, o + L));
      FloatVector x2 =
          FloatVector.fromArray(F, v, q + 2 * L).fma(f, FloatVector.fromArray(F, a, o + 2 * L));
      FloatVector x3 =
          FloatVector.fromArray(F, v, q + 3 * L).fma(f, FloatVector.fromArray(F, a, o + 3 * L));
      x0.intoArray(out, p);
      x1.intoArray(out, p + L);
      x2.intoArray(out, p + 2 * L);
      x3.intoArray(out, p + 3 * L);
    }
  }
}
