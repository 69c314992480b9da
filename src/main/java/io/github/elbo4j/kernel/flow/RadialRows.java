package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Arithmetic of radial steps on a few rows with one centre. No vector crosses a call. */
final class RadialRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private RadialRows() {}

  /** {@code out[k] = Σ_i (x[k,i] − c[i])·g[k,i]}, or the squares of the distances instead. */
  static void dots(
      float[] x,
      int at,
      float[] g,
      int gAt,
      int n,
      int d,
      float[] c,
      int cAt,
      boolean squares,
      float[] out,
      int to,
      float[] lanes) {
    for (int i = 0; i == 0 || i < d; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, d - i);
      if (squares) {
        laneSquares(x, at + i, d, n, c, cAt + i, count, lanes);
      } else {
        laneDots(x, at + i, g, gAt + i, d, n, c, cAt + i, count, lanes);
      }
      for (int k = 0; k < n; k++) {
        out[to + k] = (i == 0 ? 0 : out[to + k]) + Lanes.sum(lanes, k * L);
      }
    }
  }

  private static void laneSquares(
      float[] x, int at, int stride, int n, float[] c, int cAt, int d, float[] lanes) {
    int full = F.loopBound(d);
    int k = 0;
    for (; k + 2 <= n; k += 2) {
      int o = at + k * stride;
      FloatVector s0 = FloatVector.zero(F);
      FloatVector s1 = s0;
      for (int i = 0; i < full; i += L) {
        FloatVector centre = FloatVector.fromArray(F, c, cAt + i);
        FloatVector e0 = FloatVector.fromArray(F, x, o + i).sub(centre);
        FloatVector e1 = FloatVector.fromArray(F, x, o + stride + i).sub(centre);
        s0 = e0.fma(e0, s0);
        s1 = e1.fma(e1, s1);
      }
      s0.intoArray(lanes, k * L);
      s1.intoArray(lanes, (k + 1) * L);
    }
    for (; k < n; k++) {
      int o = at + k * stride;
      FloatVector s = FloatVector.zero(F);
      for (int i = 0; i < full; i += L) {
        FloatVector e = FloatVector.fromArray(F, x, o + i);
        e = e.sub(FloatVector.fromArray(F, c, cAt + i));
        s = e.fma(e, s);
      }
      s.intoArray(lanes, k * L);
    }
    for (k = 0; full < d && k < n; k++) {
      for (int i = full; i < d; i++) {
        int slot = k * L + i - full;
        float e = x[at + k * stride + i] - c[cAt + i];
        lanes[slot] = Math.fma(e, e, lanes[slot]);
      }
    }
  }

  private static void laneDots(
      float[] x,
      int at,
      float[] g,
      int gAt,
      int stride,
      int n,
      float[] c,
      int cAt,
      int d,
      float[] lanes) {
    int full = F.loopBound(d);
    for (int k = 0; k < n; k++) {
      int o = at + k * stride;
      int p = gAt + k * stride;
      FloatVector s = FloatVector.zero(F);
      for (int i = 0; i < full; i += L) {
        FloatVector e = FloatVector.fromArray(F, x, o + i);
        e = e.sub(FloatVector.fromArray(F, c, cAt + i));
        s = e.fma(FloatVector.fromArray(F, g, p + i), s);
      }
      s.intoArray(lanes, k * L);
      for (int i = full; i < d; i++) {
        int slot = k * L + i - full;
        lanes[slot] = Math.fma(x[o + i] - c[cAt + i], g[p + i], lanes[slot]);
      }
    }
  }

  /** {@code out[k,i] = c[i] + s[k]·(x[k,i] − c[i])}; out may be x. */
  static void scale(
      float[] x,
      int at,
      float[] s,
      int sAt,
      float[] c,
      int cAt,
      float[] out,
      int to,
      int n,
      int d) {
    int full = F.loopBound(d);
    for (int k = 0; k < n; k++) {
      int o = at + k * d;
      int p = to + k * d;
      float factor = s[sAt + k];
      FloatVector f = FloatVector.broadcast(F, factor);
      for (int i = 0; i < full; i += L) {
        FloatVector centre = FloatVector.fromArray(F, c, cAt + i);
        FloatVector.fromArray(F, x, o + i).sub(centre).fma(f, centre).intoArray(out, p + i);
      }
      for (int i = full; i < d; i++) {
        out[p + i] = Math.fma(x[o + i] - c[cAt + i], factor, c[cAt + i]);
      }
    }
  }

  /** {@code dz[k,i] += g[k,i] + (s[k]·g[k,i] + t[k]·(x[k,i] − c[i]))}. */
  static void addGradient(
      float[] x,
      int at,
      float[] g,
      int gAt,
      float[] s,
      int sAt,
      int tAt,
      float[] c,
      int cAt,
      float[] dz,
      int to,
      int n,
      int d) {
    int full = F.loopBound(d);
    for (int k = 0; k < n; k++) {
      int row = k * d;
      float bh = s[sAt + k];
      float along = s[tAt + k];
      FloatVector f = FloatVector.broadcast(F, bh);
      FloatVector a = FloatVector.broadcast(F, along);
      for (int i = 0; i < full; i += L) {
        FloatVector v = FloatVector.fromArray(F, g, gAt + row + i);
        FloatVector e = FloatVector.fromArray(F, x, at + row + i);
        e = e.sub(FloatVector.fromArray(F, c, cAt + i));
        v.add(v.mul(f).add(e.mul(a)))
            .add(FloatVector.fromArray(F, dz, to + row + i))
            .intoArray(dz, to + row + i);
      }
      for (int i = full; i < d; i++) {
        float v = g[gAt + row + i];
        dz[to + row + i] += v + (v * bh + (x[at + row + i] - c[cAt + i]) * along);
      }
    }
  }

  /** {@code sums[i] = Σ_k s[k]·g[k,i] + t[k]·(x[k,i] − c[i])}. */
  static void centreSums(
      float[] x,
      int at,
      float[] g,
      int gAt,
      float[] s,
      int sAt,
      int tAt,
      float[] c,
      int cAt,
      float[] sums,
      int n,
      int d) {
    int full = F.loopBound(d);
    for (int i = 0; i < full; i += L) {
      FloatVector centre = FloatVector.fromArray(F, c, cAt + i);
      FloatVector sum = FloatVector.zero(F);
      FloatVector other = sum;
      for (int k = 0; k < n; k++) {
        FloatVector e = FloatVector.fromArray(F, x, at + k * d + i).sub(centre);
        FloatVector v = FloatVector.fromArray(F, g, gAt + k * d + i);
        sum = v.fma(FloatVector.broadcast(F, s[sAt + k]), sum);
        other = e.fma(FloatVector.broadcast(F, s[tAt + k]), other);
      }
      sum.add(other).intoArray(sums, i);
    }
    for (int i = full; i < d; i++) {
      float sum = 0;
      float other = 0;
      for (int k = 0; k < n; k++) {
        sum = Math.fma(g[gAt + k * d + i], s[sAt + k], sum);
        other = Math.fma(x[at + k * d + i] - c[cAt + i], s[tAt + k], other);
      }
      sums[i] = sum + other;
    }
  }
}
