package io.github.elbo4j.kernel.flow;

import static jdk.incubator.vector.VectorOperators.EQ;

import io.github.elbo4j.kernel.SimdMath;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Arithmetic of radial steps on a few rows with one centre. No vector crosses a call. */
final class RadialRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private RadialRows() {}

  /**
   * The squares of n rows of {@code x − c}, whose sums {@link LaneSums} makes, at {@code
   * lanes[(slot + k)·L]}.
   */
  static void laneSquares(
      float[] x, int at, int n, int d, float[] c, int cAt, float[] lanes, int slot) {
    int full = F.loopBound(d);
    int to = slot * L;
    Arrays.fill(lanes, to, to + n * L, 0f);
    for (int i = 0; i < full; i += L) {
      FloatVector centre = FloatVector.fromArray(F, c, cAt + i);
      int o = at + i;
      for (int k = to; k < to + n * L; k += L) {
        FloatVector e = FloatVector.fromArray(F, x, o).sub(centre);
        e.fma(e, FloatVector.fromArray(F, lanes, k)).intoArray(lanes, k);
        o += d;
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      for (int i = full; i < d; i++) {
        int lane = to + k * L + i - full;
        float e = x[at + k * d + i] - c[cAt + i];
        lanes[lane] = Math.fma(e, e, lanes[lane]);
      }
    }
  }

  /** The products of n rows of {@code x − c} with those of g, likewise. */
  static void laneDots(
      float[] x,
      int at,
      float[] g,
      int gAt,
      int n,
      int d,
      float[] c,
      int cAt,
      float[] lanes,
      int slot) {
    int full = F.loopBound(d);
    int to = slot * L;
    Arrays.fill(lanes, to, to + n * L, 0f);
    for (int i = 0; i < full; i += L) {
      FloatVector centre = FloatVector.fromArray(F, c, cAt + i);
      int o = i;
      for (int k = to; k < to + n * L; k += L) {
        FloatVector e = FloatVector.fromArray(F, x, at + o).sub(centre);
        e = e.fma(FloatVector.fromArray(F, g, gAt + o), FloatVector.fromArray(F, lanes, k));
        e.intoArray(lanes, k);
        o += d;
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      for (int i = full; i < d; i++) {
        int lane = to + k * L + i - full;
        float e = x[at + k * d + i] - c[cAt + i];
        lanes[lane] = Math.fma(e, g[gAt + k * d + i], lanes[lane]);
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
    for (int i = 0; i < full; i += L) {
      FloatVector centre = FloatVector.fromArray(F, c, cAt + i);
      for (int k = 0, o = i; k < n; k++, o += d) {
        FloatVector f = FloatVector.broadcast(F, s[sAt + k]);
        FloatVector e = FloatVector.fromArray(F, x, at + o).sub(centre);
        e.fma(f, centre).intoArray(out, to + o);
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      float factor = s[sAt + k];
      for (int i = full; i < d; i++) {
        float e = x[at + k * d + i] - c[cAt + i];
        out[to + k * d + i] = Math.fma(e, factor, c[cAt + i]);
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
    for (int i = 0; i < full; i += L) {
      FloatVector centre = FloatVector.fromArray(F, c, cAt + i);
      for (int k = 0, o = i; k < n; k++, o += d) {
        FloatVector v = FloatVector.fromArray(F, g, gAt + o);
        FloatVector e = FloatVector.fromArray(F, x, at + o).sub(centre);
        e = e.mul(FloatVector.broadcast(F, s[tAt + k]));
        v.add(v.fma(FloatVector.broadcast(F, s[sAt + k]), e))
            .add(FloatVector.fromArray(F, dz, to + o))
            .intoArray(dz, to + o);
      }
    }
    for (int k = 0; full < d && k < n; k++) {
      for (int i = full, o = k * d + full; i < d; i++, o++) {
        float v = g[gAt + o];
        dz[to + o] += v + Math.fma(v, s[sAt + k], (x[at + o] - c[cAt + i]) * s[tAt + k]);
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

  /**
   * From r, α, p, φ, ψ, eᵀdz' and dlogDet, m numbers each, in the places of φ and ψ to βh and dr/r,
   * and behind all to dα and dp.
   */
  static void gradients(float[] work, int m, int d) {
    FloatVector zero = FloatVector.zero(F);
    for (int i = 0; i < m; i += L) {
      FloatVector r = FloatVector.fromArray(F, work, i);
      FloatVector alpha = FloatVector.fromArray(F, work, m + i);
      FloatVector p = FloatVector.fromArray(F, work, 2 * m + i);
      FloatVector phi = FloatVector.fromArray(F, work, 3 * m + i);
      FloatVector toLog = FloatVector.fromArray(F, work, 6 * m + i);
      FloatVector big = r.add(alpha);
      FloatVector bh = p.sub(alpha).div(big);
      FloatVector share = alpha.div(big);
      FloatVector toPsi = toLog.div(FloatVector.fromArray(F, work, 4 * m + i));
      FloatVector toPhi = toLog.mul(d - 1f).div(phi);
      toPhi = toPhi.add(FloatVector.fromArray(F, work, 5 * m + i));
      FloatVector twice = share.add(share);
      FloatVector along = bh.neg().div(big).mul(twice.fma(toPsi, toPhi)).div(r);
      bh.intoArray(work, 3 * m + i);
      along.blend(zero, r.compare(EQ, zero)).intoArray(work, 4 * m + i);
      FloatVector byPsi = p.sub(alpha).sub(alpha).div(big).sub(twice.mul(bh));
      byPsi.mul(toPsi).sub(phi.mul(toPhi)).div(big).intoArray(work, 7 * m + i);
      share.fma(toPsi, toPhi).div(big).intoArray(work, 8 * m + i);
    }
  }
}
