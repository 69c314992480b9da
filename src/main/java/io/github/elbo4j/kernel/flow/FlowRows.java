package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.SimdMath;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of a few rows, which stay in the first-level cache, with one vector of {@code d}
 * elements. Rows lie {@code d} apart; there is one scalar a row. No vector crosses a call.
 */
final class FlowRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private FlowRows() {}

  /** {@code n} rounded up to whole vectors: how far apart rows of one number a row of z lie. */
  static int padded(int n) {
    return Math.ceilDiv(n, L) * L;
  }

  /**
   * The products of n rows of a with w, whose sums {@link LaneSums} makes, at {@code lanes[(slot +
   * k)·L]}. Vectors of columns are the outer loops, four at a time, and rows the inner: C2 compiles
   * a loop of few turns badly, and a row has few vectors. A lane's chain of additions is a quarter
   * of the row's vectors.
   */
  static void laneDots(
      float[] a, int at, int n, int d, float[] w, int wAt, float[] lanes, int slot) {
    int full = F.loopBound(d);
    int to = slot * L;
    int i = 0;
    if (full < 4 * L) {
      Arrays.fill(lanes, to, to + n * L, 0f);
    }
    for (; i + 4 * L <= full; i += 4 * L) {
      laneDots4(a, at + i, d, n, w, wAt + i, i == 0, lanes, to);
    }
    for (; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, w, wAt + i);
      int o = at + i;
      for (int k = to; k < to + n * L; k += L) {
        FloatVector sum = FloatVector.fromArray(F, lanes, k);
        v.fma(FloatVector.fromArray(F, a, o), sum).intoArray(lanes, k);
        o += d;
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      int o = at + k * d;
      for (i = full; i < d; i++) {
        int lane = to + k * L + i - full;
        lanes[lane] = Math.fma(w[wAt + i], a[o + i], lanes[lane]);
      }
    }
  }

  private static void laneDots4(
      float[] a,
      int at,
      int stride,
      int n,
      float[] w,
      int wAt,
      boolean first,
      float[] lanes,
      int to) {
    FloatVector v0 = FloatVector.fromArray(F, w, wAt);
    FloatVector v1 = FloatVector.fromArray(F, w, wAt + L);
    FloatVector v2 = FloatVector.fromArray(F, w, wAt + 2 * L);
    FloatVector v3 = FloatVector.fromArray(F, w, wAt + 3 * L);
    int o = at;
    for (int k = to; k < to + n * L; k += L) {
      FloatVector s = FloatVector.fromArray(F, a, o).mul(v0);
      FloatVector t = FloatVector.fromArray(F, a, o + L).mul(v1);
      s = FloatVector.fromArray(F, a, o + 2 * L).fma(v2, s);
      t = FloatVector.fromArray(F, a, o + 3 * L).fma(v3, t);
      s = s.add(t);
      if (!first) {
        s = s.add(FloatVector.fromArray(F, lanes, k));
      }
      s.intoArray(lanes, k);
      o += stride;
    }
  }

  /** {@code out[k,i] = a[k,i] + s[k]·v[i]}; out may be a. */
  static void addMultiples(
      float[] a,
      int at,
      float[] s,
      int sAt,
      float[] v,
      int vAt,
      float[] out,
      int to,
      int n,
      int d) {
    int full = F.loopBound(d);
    int i = 0;
    for (; i + 4 * L <= full; i += 4 * L) {
      addMultiples4(a, at + i, s, sAt, v, vAt + i, out, to + i, n, d);
    }
    for (; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(F, v, vAt + i);
      for (int k = 0, o = i; k < n; k++, o += d) {
        FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
        x.fma(f, FloatVector.fromArray(F, a, at + o)).intoArray(out, to + o);
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      float factor = s[sAt + k];
      int row = k * d;
      for (i = full; i < d; i++) {
        out[to + row + i] = Math.fma(v[vAt + i], factor, a[at + row + i]);
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
      float[] out,
      int to,
      int n,
      int d) {
    FloatVector v0 = FloatVector.fromArray(F, v, vAt);
    FloatVector v1 = FloatVector.fromArray(F, v, vAt + L);
    FloatVector v2 = FloatVector.fromArray(F, v, vAt + 2 * L);
    FloatVector v3 = FloatVector.fromArray(F, v, vAt + 3 * L);
    for (int k = 0; k < n; k++) {
      FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
      int from = at + k * d;
      int p = to + k * d;
      v0.fma(f, FloatVector.fromArray(F, a, from)).intoArray(out, p);
      v1.fma(f, FloatVector.fromArray(F, a, from + L)).intoArray(out, p + L);
      v2.fma(f, FloatVector.fromArray(F, a, from + 2 * L)).intoArray(out, p + 2 * L);
      v3.fma(f, FloatVector.fromArray(F, a, from + 3 * L)).intoArray(out, p + 3 * L);
    }
  }

  /** {@code out[k,i] += a[k,i] + s[k]·v[i]}. */
  static void accumulateMultiples(
      float[] a,
      int at,
      float[] s,
      int sAt,
      float[] v,
      int vAt,
      float[] out,
      int to,
      int n,
      int d) {
    int full = F.loopBound(d);
    int i = 0;
    for (; i + 2 * L <= full; i += 2 * L) {
      FloatVector v0 = FloatVector.fromArray(F, v, vAt + i);
      FloatVector v1 = FloatVector.fromArray(F, v, vAt + i + L);
      for (int k = 0; k < n; k++) {
        FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
        int o = at + k * d + i;
        int p = to + k * d + i;
        FloatVector x = v0.fma(f, FloatVector.fromArray(F, a, o));
        FloatVector y = v1.fma(f, FloatVector.fromArray(F, a, o + L));
        x.add(FloatVector.fromArray(F, out, p)).intoArray(out, p);
        y.add(FloatVector.fromArray(F, out, p + L)).intoArray(out, p + L);
      }
    }
    for (; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(F, v, vAt + i);
      for (int k = 0, o = i; k < n; k++, o += d) {
        FloatVector sum = FloatVector.fromArray(F, a, at + o);
        sum = x.fma(FloatVector.broadcast(F, s[sAt + k]), sum);
        sum.add(FloatVector.fromArray(F, out, to + o)).intoArray(out, to + o);
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      float factor = s[sAt + k];
      int row = k * d;
      for (i = full; i < d; i++) {
        out[to + row + i] += Math.fma(v[vAt + i], factor, a[at + row + i]);
      }
    }
  }

  /**
   * {@code sums[to + i] = Σ_k s[sAt + k]·a[k,i]} and {@code sums[to + d + i] = Σ_k s[tAt +
   * k]·b[k,i]}.
   */
  static void weightedSums(
      float[] a,
      int aAt,
      float[] s,
      int sAt,
      float[] b,
      int bAt,
      int tAt,
      float[] sums,
      int to,
      int n,
      int d) {
    int full = F.loopBound(d);
    int i = 0;
    for (; i + 4 * L <= full; i += 4 * L) {
      weightedSums4(a, aAt + i, s, sAt, n, d, sums, to + i);
      weightedSums4(b, bAt + i, s, tAt, n, d, sums, to + d + i);
    }
    for (; i < full; i += L) {
      FloatVector x = FloatVector.zero(F);
      FloatVector y = FloatVector.zero(F);
      for (int k = 0; k < n; k++) {
        FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
        FloatVector g = FloatVector.broadcast(F, s[tAt + k]);
        x = f.fma(FloatVector.fromArray(F, a, aAt + k * d + i), x);
        y = g.fma(FloatVector.fromArray(F, b, bAt + k * d + i), y);
      }
      x.intoArray(sums, to + i);
      y.intoArray(sums, to + d + i);
    }
    for (i = full; i < d; i++) {
      float x = 0;
      float y = 0;
      for (int k = 0; k < n; k++) {
        x = Math.fma(s[sAt + k], a[aAt + k * d + i], x);
        y = Math.fma(s[tAt + k], b[bAt + k * d + i], y);
      }
      sums[to + i] = x;
      sums[to + d + i] = y;
    }
  }

  /** Four vectors of columns, whose chains of additions run beside each other, rows by two. */
  private static void weightedSums4(
      float[] a, int at, float[] s, int sAt, int n, int d, float[] sums, int to) {
    FloatVector x0 = FloatVector.zero(F), x1 = x0, x2 = x0, x3 = x0;
    FloatVector y0 = x0, y1 = x0, y2 = x0, y3 = x0;
    int even = n & ~1;
    for (int k = 0; k < even; k += 2) {
      FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
      FloatVector g = FloatVector.broadcast(F, s[sAt + k + 1]);
      int o = at + k * d;
      int p = o + d;
      x0 = f.fma(FloatVector.fromArray(F, a, o), x0);
      x1 = f.fma(FloatVector.fromArray(F, a, o + L), x1);
      x2 = f.fma(FloatVector.fromArray(F, a, o + 2 * L), x2);
      x3 = f.fma(FloatVector.fromArray(F, a, o + 3 * L), x3);
      y0 = g.fma(FloatVector.fromArray(F, a, p), y0);
      y1 = g.fma(FloatVector.fromArray(F, a, p + L), y1);
      y2 = g.fma(FloatVector.fromArray(F, a, p + 2 * L), y2);
      y3 = g.fma(FloatVector.fromArray(F, a, p + 3 * L), y3);
    }
    if (even < n) {
      FloatVector f = FloatVector.broadcast(F, s[sAt + even]);
      int o = at + even * d;
      x0 = f.fma(FloatVector.fromArray(F, a, o), x0);
      x1 = f.fma(FloatVector.fromArray(F, a, o + L), x1);
      x2 = f.fma(FloatVector.fromArray(F, a, o + 2 * L), x2);
      x3 = f.fma(FloatVector.fromArray(F, a, o + 3 * L), x3);
    }
    x0.add(y0).intoArray(sums, to);
    x1.add(y1).intoArray(sums, to + L);
    x2.add(y2).intoArray(sums, to + 2 * L);
    x3.add(y3).intoArray(sums, to + 3 * L);
  }

  /** {@code sums[i] += a[i]} in double. */
  static void addTo(double[] sums, int at, float[] a, int from, int n) {
    for (int i = 0; i < n; i++) {
      sums[at + i] += a[from + i];
    }
  }

  /** {@code out += s·a}, over d elements. */
  static void addMultiple(float s, float[] a, int at, float[] out, int to, int d) {
    int full = F.loopBound(d);
    FloatVector f = FloatVector.broadcast(F, s);
    for (int i = 0; i < full; i += L) {
      FloatVector sum = FloatVector.fromArray(F, out, to + i);
      f.fma(FloatVector.fromArray(F, a, at + i), sum).intoArray(out, to + i);
    }
    for (int i = full; i < d; i++) {
      out[to + i] = Math.fma(s, a[at + i], out[to + i]);
    }
  }

  /** Σ_k a[k], in four chains. */
  static float sum(float[] a, int at, int n) {
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    int full = n & ~3;
    int end = at + full;
    for (int i = at; i < end; i += 4) {
      s0 += a[i];
      s1 += a[i + 1];
      s2 += a[i + 2];
      s3 += a[i + 3];
    }
    for (int i = end; i < at + n; i++) {
      s0 += a[i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** {@code to += a + s·b + t·c}, over d elements. */
  static void addThree(
      float[] a,
      int aAt,
      float s,
      float[] b,
      int bAt,
      float t,
      float[] c,
      int cAt,
      float[] out,
      int to,
      int d) {
    int full = F.loopBound(d);
    FloatVector f = FloatVector.broadcast(F, s);
    FloatVector g = FloatVector.broadcast(F, t);
    for (int i = 0; i < full; i += L) {
      FloatVector sum = FloatVector.fromArray(F, a, aAt + i);
      sum = FloatVector.fromArray(F, b, bAt + i).fma(f, sum);
      sum = FloatVector.fromArray(F, c, cAt + i).fma(g, sum);
      sum.add(FloatVector.fromArray(F, out, to + i)).intoArray(out, to + i);
    }
    for (int i = full; i < d; i++) {
      out[to + i] += Math.fma(c[cAt + i], t, Math.fma(b[bAt + i], s, a[aAt + i]));
    }
  }
}
