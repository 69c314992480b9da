package io.github.elbo4j.kernel.discrete;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** What the Concrete distribution alone computes on {@link Chunk}s; see {@link Columns}. */
final class ConcreteColumns {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private ConcreteColumns() {}

  /** out = a − c·b. */
  static void lessTimes(float[] w, int a, float c, int b, int s, int out) {
    FloatVector minusC = FloatVector.broadcast(F, -c);
    for (int j = 0; j < s; j += L) {
      FloatVector x = FloatVector.fromArray(F, w, a + j);
      FloatVector.fromArray(F, w, b + j).fma(minusC, x).intoArray(w, out + j);
    }
  }

  /** q += 0·t: NaN where t is not finite. */
  static void spoil(float[] w, int q, int t, int s) {
    FloatVector zero = FloatVector.zero(F);
    for (int j = 0; j < s; j += L) {
      FloatVector x = FloatVector.fromArray(F, w, q + j);
      FloatVector.fromArray(F, w, t + j).fma(zero, x).intoArray(w, q + j);
    }
  }

  /** e = g·( 1 − c·e/sum ): the gradient of Σ_c d − c·logsumexp_c d, from e = exp(d). */
  static void slopes(float[] w, int e, int sum, int g, int c, int s) {
    FloatVector minusC = FloatVector.broadcast(F, -c);
    for (int j = 0; j < s; j += L) {
      FloatVector up = FloatVector.fromArray(F, w, g + j);
      FloatVector k = up.mul(minusC).div(FloatVector.fromArray(F, w, sum + j));
      for (int i = 0; i < c; i++) {
        int at = e + i * s + j;
        FloatVector.fromArray(F, w, at).fma(k, up).intoArray(w, at);
      }
    }
  }

  /** out = e at the category {@code index}, minus lse: −z of that category. */
  static void negatedTop(float[] w, int e, int index, int lse, int c, int s, int out) {
    for (int j = 0; j < s; j += L) {
      FloatVector d = FloatVector.fromArray(F, w, index + j);
      FloatVector chosen = FloatVector.fromArray(F, w, e + j);
      for (int i = 1; i < c; i++) {
        FloatVector x = FloatVector.fromArray(F, w, e + i * s + j);
        chosen = chosen.blend(x, d.compare(EQ, (float) i));
      }
      chosen.sub(FloatVector.fromArray(F, w, lse + j)).intoArray(w, out + j);
    }
  }

  /** e = e − a − b: the argument of the softplus that truncates. */
  static void overTop(float[] w, int e, int a, int b, int c, int s) {
    for (int j = 0; j < s; j += L) {
      FloatVector r = FloatVector.fromArray(F, w, b + j);
      for (int i = 0; i < c; i++) {
        int at = e + i * s + j;
        FloatVector x = FloatVector.fromArray(F, w, at);
        x.sub(FloatVector.fromArray(F, w, a + i * s + j)).sub(r).intoArray(w, at);
      }
    }
  }

  /** e = −e, and 0 at the category {@code index}. */
  static void belowTop(float[] w, int e, int index, int c, int s) {
    FloatVector zero = FloatVector.zero(F);
    for (int j = 0; j < s; j += L) {
      FloatVector d = FloatVector.fromArray(F, w, index + j);
      for (int i = 0; i < c; i++) {
        int at = e + i * s + j;
        FloatVector x = FloatVector.fromArray(F, w, at).neg();
        x.blend(zero, d.compare(EQ, (float) i)).intoArray(w, at);
      }
    }
  }

  /** z = x + top; below where that is no less than the top, but at the category {@code index}. */
  static void truncated(float[] w, int x, int top, int below, int index, int c, int s, int z) {
    for (int j = 0; j < s; j += L) {
      FloatVector most = FloatVector.fromArray(F, w, top + j);
      FloatVector next = FloatVector.fromArray(F, w, below + j);
      FloatVector d = FloatVector.fromArray(F, w, index + j);
      for (int i = 0; i < c; i++) {
        FloatVector sum = FloatVector.fromArray(F, w, x + i * s + j).add(most);
        sum = sum.blend(next, sum.compare(GE, most));
        sum.blend(most, d.compare(EQ, (float) i)).intoArray(w, z + i * s + j);
      }
    }
  }

  /** v = g·v, g = g − that: what of g goes to the top, and what stays. */
  static void split(float[] w, int g, int v, int n) {
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, w, g + i);
      FloatVector y = x.mul(FloatVector.fromArray(F, w, v + i));
      y.intoArray(w, v + i);
      x.sub(y).intoArray(w, g + i);
    }
  }

  /** g += p·row. */
  static void addRowTimes(float[] w, int g, int p, int row, int c, int s) {
    for (int j = 0; j < s; j += L) {
      FloatVector r = FloatVector.fromArray(F, w, row + j);
      for (int i = 0; i < c; i++) {
        int at = g + i * s + j;
        FloatVector x = FloatVector.fromArray(F, w, p + i * s + j);
        x.fma(r, FloatVector.fromArray(F, w, at)).intoArray(w, at);
      }
    }
  }

  /** row = row·factor. */
  static void scale(float[] w, int row, float factor, int s) {
    FloatVector k = FloatVector.broadcast(F, factor);
    for (int j = 0; j < s; j += L) {
      FloatVector.fromArray(F, w, row + j).mul(k).intoArray(w, row + j);
    }
  }
}
