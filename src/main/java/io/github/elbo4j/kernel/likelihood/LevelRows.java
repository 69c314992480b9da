package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Softmax over many levels: lanes run along a group of {@code c} logits. */
final class LevelRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private LevelRows() {}

  /** max[g], and what is left of the logits without it, groups side by side. */
  static void subtractLargest(
      float[] logits, int from, int groups, int c, float[] max, float[] rest) {
    for (int g = 0; g < groups; g++) {
      max[g] = largest(logits, from + g * c, c);
      subtract(logits, from + g * c, max[g], rest, g * c, c);
    }
  }

  private static float largest(float[] a, int from, int n) {
    int full = F.loopBound(n);
    FloatVector top = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, a, from + i);
      top = top.blend(v, v.compare(GT, top));
    }
    float max = full == 0 ? Float.NEGATIVE_INFINITY : top.reduceLanes(MAX); // has no rounding
    for (int i = full; i < n; i++) {
      max = a[from + i] > max ? a[from + i] : max;
    }
    return max;
  }

  private static void subtract(float[] a, int from, float top, float[] out, int to, int n) {
    int full = F.loopBound(n);
    FloatVector t = FloatVector.broadcast(F, top);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, a, from + i).sub(t).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = a[from + i] - top;
    }
  }

  /** sums[g] of the exponentials. */
  static void sum(float[] e, int groups, int c, float[] sums, float[] lanes) {
    for (int g = 0; g < groups; g++) {
      sums[g] = (float) Lanes.sum(e, g * c, c, lanes);
    }
  }

  /** {@code out += factor·e}. */
  static void addScaled(float[] e, int from, float factor, float[] out, int to, int n) {
    int full = F.loopBound(n);
    FloatVector f = FloatVector.broadcast(F, factor);
    for (int i = 0; i < full; i += L) {
      FloatVector sum = FloatVector.fromArray(F, out, to + i);
      FloatVector.fromArray(F, e, from + i).fma(f, sum).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = Math.fma(factor, e[from + i], out[to + i]);
    }
  }
}
