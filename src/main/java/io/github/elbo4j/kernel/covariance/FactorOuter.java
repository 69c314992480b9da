package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.SimdMath;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The gradient to one data point's factor: {@code Σ_k u_k·v_kᵀ} below the diagonal, lanes along a
 * row of the factor. Rows are written in whole vectors; what runs over the end of a row lies at the
 * beginning of the next one, which is written after it. So nothing is masked, and adding the packed
 * result to a gradient is one pass over a stream.
 */
final class FactorOuter {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private FactorOuter() {}

  /** Floats that {@link #below} writes. */
  static int size(int d) {
    return FactorTile.offset(d) + L;
  }

  /** Floats of {@code v} that {@link #below} may read behind its last row. */
  static final int PAD = L;

  /** out = Σ_k u_k·v_kᵀ below the diagonal, packed; {@code n} rows of d elements each. */
  static void below(float[] u, int uAt, float[] v, int vAt, int n, int d, float[] out) {
    // What runs over reaches the first L elements of the next row: so the first column is last.
    for (int j = (d - 1) / L * L; j >= 0; j -= L) {
      int i = j + 1;
      for (; i + 3 < d; i += 4) {
        four(u, uAt + i, v, vAt + j, n, d, out, FactorTile.offset(i) + j, i);
      }
      for (; i < d; i++) {
        one(u, uAt + i, v, vAt + j, n, d, out, FactorTile.offset(i) + j);
      }
    }
  }

  private static void four(
      float[] u, int uAt, float[] v, int vAt, int n, int d, float[] out, int to, int i) {
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    FloatVector c = FloatVector.zero(F);
    FloatVector e = FloatVector.zero(F);
    for (int k = 0; k < n * d; k += d) {
      FloatVector x = FloatVector.fromArray(F, v, vAt + k);
      a = FloatVector.broadcast(F, u[uAt + k]).fma(x, a);
      b = FloatVector.broadcast(F, u[uAt + k + 1]).fma(x, b);
      c = FloatVector.broadcast(F, u[uAt + k + 2]).fma(x, c);
      e = FloatVector.broadcast(F, u[uAt + k + 3]).fma(x, e);
    }
    a.intoArray(out, to);
    b.intoArray(out, to + i);
    c.intoArray(out, to + 2 * i + 1);
    e.intoArray(out, to + 3 * i + 3);
  }

  private static void one(
      float[] u, int uAt, float[] v, int vAt, int n, int d, float[] out, int to) {
    FloatVector a = FloatVector.zero(F);
    for (int k = 0; k < n * d; k += d) {
      a = FloatVector.broadcast(F, u[uAt + k]).fma(FloatVector.fromArray(F, v, vAt + k), a);
    }
    a.intoArray(out, to);
  }

  /** sums = Σ_k u_k, dots = Σ_k u_k·v_k elementwise. */
  static void diagonal(
      float[] u, int uAt, float[] v, int vAt, int n, int d, float[] sums, int s, int dots) {
    Arrays.fill(sums, s, s + d, 0f);
    Arrays.fill(sums, dots, dots + d, 0f);
    for (int k = 0; k < n * d; k += d) {
      for (int i = 0; i < d; i++) {
        sums[s + i] += u[uAt + k + i];
      }
      for (int i = 0; i < d; i++) {
        sums[dots + i] = Math.fma(u[uAt + k + i], v[vAt + k + i], sums[dots + i]);
      }
    }
  }

  /** to += scale·b. */
  static void addScaled(float scale, float[] b, int from, float[] to, int at, int n) {
    FloatVector factor = FloatVector.broadcast(F, scale);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector sum = FloatVector.fromArray(F, to, at + i);
      factor.fma(FloatVector.fromArray(F, b, from + i), sum).intoArray(to, at + i);
    }
    for (int i = full; i < n; i++) {
      to[at + i] = Math.fma(scale, b[from + i], to[at + i]);
    }
  }

  /** to += a + scale·b, a from its beginning. */
  static void addBoth(float[] a, float scale, float[] b, int from, float[] to, int at, int n) {
    FloatVector factor = FloatVector.broadcast(F, scale);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(F, a, i);
      FloatVector sum = factor.fma(FloatVector.fromArray(F, b, from + i), x);
      sum.add(FloatVector.fromArray(F, to, at + i)).intoArray(to, at + i);
    }
    for (int i = full; i < n; i++) {
      to[at + i] += Math.fma(scale, b[from + i], a[i]);
    }
  }
}
