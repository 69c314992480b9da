package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The arithmetic of {@link ComposeSimd} on {@code n} neighbouring elements. */
final class ComposeRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private ComposeRows() {}

  /** y += scale·x, rounded once. */
  static void addScaled(float[] x, int from, float scale, float[] y, int to, int n) {
    FloatVector factor = FloatVector.broadcast(F, scale);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, x, from + i)
          .fma(factor, FloatVector.fromArray(F, y, to + i))
          .intoArray(y, to + i);
    }
    for (int i = full; i < n; i++) {
      y[to + i] = Math.fma(x[from + i], scale, y[to + i]);
    }
  }

  /** y += a·b, rounded once. */
  static void addProduct(float[] a, int aFrom, float[] b, int bFrom, float[] y, int to, int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, a, aFrom + i)
          .fma(FloatVector.fromArray(F, b, bFrom + i), FloatVector.fromArray(F, y, to + i))
          .intoArray(y, to + i);
    }
    for (int i = full; i < n; i++) {
      y[to + i] = Math.fma(a[aFrom + i], b[bFrom + i], y[to + i]);
    }
  }

  /** y += g, the same number everywhere. */
  static void add(float g, float[] y, int to, int n) {
    FloatVector all = FloatVector.broadcast(F, g);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, y, to + i).add(all).intoArray(y, to + i);
    }
    for (int i = full; i < n; i++) {
      y[to + i] += g;
    }
  }
}
