package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
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

  /** Floats that {@link #dots} needs for {@code n} rows. */
  static int lanes(int n) {
    return n * L;
  }

  /** {@code out[k] = Σ_i a[k,i]·w[i]} for n rows. */
  static void dots(
      float[] a,
      int at,
      int n,
      int d,
      float[] w,
      int wAt,
      float[] out,
      int to,
      float[] lanes) {
    for (int i = 0; i == 0 || i < d; i += Lanes.CHUNK) {
      laneDots(a, at + i, d, n, w, wAt + i, Math.min(Lanes.CHUNK, d - i), lanes);
      if (i == 0) {
        for (int k = 0; k < n; k++) {
          out[to + k] = Lanes.sum(lanes, k * L);
        }
      } else {
        for (int k = 0; k < n; k++) {
          out[to + k] += Lanes.sum(lanes, k * L);
        }
      }
    }
  }

  /** Four rows at a time share the loads of w and hide the latency of the sums. */
  private static void laneDots(
      float[] a, int at, int stride, int n, float[] w, int wAt, int d, float[] lanes) {
    int full = F.loopBound(d);
    int k = 0;
    for (; k + 4 <= n; k += 4) {
      int o0 = at + k * stride;
      int o1 = o0 + stride;
      int o2 = o1 + stride;
      int o3 = o2 + stride;
      FloatVector s0 = FloatVector.zero(F);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      for (int i = 0; i < full; i += L) {
        FloatVector v = FloatVector.fromArray(F, w, wAt + i);
        s0 = v.fma(FloatVector.fromArray(F, a, o0 + i), s0);
        s1 = v.fma(FloatVector.fromArray(F, a, o1 + i), s1);
        s2 = v.fma(FloatVector.fromArray(F, a, o2 + i), s2);
        s3 = v.fma(FloatVector.fromArray(F, a, o3 + i), s3);
      }
      int slot = k * L;
      s0.intoArray(lanes, slot);
      s1.intoArray(lanes, slot + L);
      s2.intoArray(lanes, slot + 2 * L);
      s3.intoArray(lanes, slot + 3 * L);
    }
    for (; k < n; k++) {
      FloatVector sum = FloatVector.zero(F);
      int o = at + k * stride;
      for (int i = 0; i < full; i += L) {
        sum = FloatVector.fromArray(F, w, wAt + i).fma(FloatVector.fromArray(F, a, o + i), sum);
      }
      sum.intoArray(lanes, k * L);
    }
    for (k = 0; full < d && k < n; k++) {
      int o = at + k * stride;
      for (int i = full; i < d; i++) {
        int slot = k * L + i - full;
        lanes[slot] = Math.fma(w[wAt + i], a[o + i], lanes[slot]);
      }
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
    for (int k = 0; k < n; k++) {
      int row = k * d;
      float factor = s[sAt + k];
      FloatVector f = FloatVector.broadcast(F, factor);
      for (int i = 0; i < full; i += L) {
        FloatVector.fromArray(F, v, vAt + i)
            .fma(f, FloatVector.fromArray(F, a, at + row + i))
            .intoArray(out, to + row + i);
      }
      for (int i = full; i < d; i++) {
        out[to + row + i] = Math.fma(v[vAt + i], factor, a[at + row + i]);
      }
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
    for (int k = 0; k < n; k++) {
      int row = k * d;
      float factor = s[sAt + k];
      FloatVector f = FloatVector.broadcast(F, factor);
      for (int i = 0; i < full; i += L) {
        FloatVector sum = FloatVector.fromArray(F, a, at + row + i);
        sum = FloatVector.fromArray(F, v, vAt + i).fma(f, sum);
        sum.add(FloatVector.fromArray(F, out, to + row + i)).intoArray(out, to + row + i);
      }
      for (int i = full; i < d; i++) {
        out[to + row + i] += Math.fma(v[vAt + i], factor, a[at + row + i]);
      }
    }
  }

  /** {@code out[k,i] += a[k,i]}, over n elements. */
  static void add(float[] a, int at, float[] out, int to, int n) {
    for (int i = 0; i < n; i++) {
      out[to + i] += a[at + i];
    }
  }

  /** {@code sums[i] = Σ_k s[k]·a[k,i]} and {@code sums[d + i] = Σ_k t[k]·b[k,i]}. */
  static void weightedSums(
      float[] a,
      int aAt,
      float[] s,
      int sAt,
      float[] b,
      int bAt,
      float[] t,
      int tAt,
      float[] sums,
      int n,
      int d) {
    int full = F.loopBound(d);
    for (int i = 0; i < full; i += L) {
      FloatVector x = FloatVector.zero(F);
      FloatVector y = FloatVector.zero(F);
      for (int k = 0; k < n; k++) {
        FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
        FloatVector g = FloatVector.broadcast(F, t[tAt + k]);
        x = f.fma(FloatVector.fromArray(F, a, aAt + k * d + i), x);
        y = g.fma(FloatVector.fromArray(F, b, bAt + k * d + i), y);
      }
      x.intoArray(sums, i);
      y.intoArray(sums, d + i);
    }
    for (int i = full; i < d; i++) {
      float x = 0;
      float y = 0;
      for (int k = 0; k < n; k++) {
        x = Math.fma(s[sAt + k], a[aAt + k * d + i], x);
        y = Math.fma(t[tAt + k], b[bAt + k * d + i], y);
      }
      sums[i] = x;
      sums[d + i] = y;
    }
  }

  /** {@code sums[i] += a[i]} in double. */
  static void addTo(double[] sums, int at, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      sums[at + i] += a[i];
    }
  }
}
