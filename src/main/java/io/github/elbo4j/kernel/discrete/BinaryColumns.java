package io.github.elbo4j.kernel.discrete;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** What the binary Concrete computes on {@link Chunk}s of one category; see {@link Columns}. */
final class BinaryColumns {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private BinaryColumns() {}

  /** v = 1 − u, which is exact for a uniform number. */
  static void complement(float[] w, int u, int v, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      one.sub(FloatVector.fromArray(F, w, u + i)).intoArray(w, v + i);
    }
  }

  /** q = u + v + 0·a: NaN where the logit a is not finite. */
  static void logistic(float[] w, int u, int v, int a, int n, int q) {
    FloatVector zero = FloatVector.zero(F);
    for (int i = 0; i < n; i += L) {
      FloatVector sum = FloatVector.fromArray(F, w, u + i).add(FloatVector.fromArray(F, w, v + i));
      FloatVector.fromArray(F, w, a + i).fma(zero, sum).intoArray(w, q + i);
    }
  }

  /** a = ( a + u − v )·factor. */
  static void logit(float[] w, int a, int u, int v, float factor, int n) {
    FloatVector k = FloatVector.broadcast(F, factor);
    for (int i = 0; i < n; i += L) {
      FloatVector noise =
          FloatVector.fromArray(F, w, u + i).sub(FloatVector.fromArray(F, w, v + i));
      FloatVector.fromArray(F, w, a + i).add(noise).mul(k).intoArray(w, a + i);
    }
  }

  /** out = 1 where a is positive, 0 elsewhere, NaN for NaN. */
  static void hard(float[] w, int a, int n, int out) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector zero = FloatVector.zero(F);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, w, a + i);
      x = x.blend(zero, x.compare(LT, zero));
      x.blend(one, x.compare(GT, zero)).intoArray(w, out + i);
    }
  }

  /** a = −|a|. */
  static void negatedSize(float[] w, int a, int n) {
    for (int i = 0; i < n; i += L) {
      FloatVector.fromArray(F, w, a + i).abs().neg().intoArray(w, a + i);
    }
  }

  /** p = g·( 1 − 2p ). */
  static void slope(float[] w, int p, int g, int n) {
    FloatVector minusTwo = FloatVector.broadcast(F, -2f);
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, w, p + i).fma(minusTwo, one);
      x.mul(FloatVector.fromArray(F, w, g + i)).intoArray(w, p + i);
    }
  }

  /** g += up·y·(1 − y). */
  static void throughSigmoid(float[] w, int g, int up, int y, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += L) {
      FloatVector p = FloatVector.fromArray(F, w, y + i);
      FloatVector slope = p.mul(one.sub(p));
      FloatVector x = FloatVector.fromArray(F, w, g + i);
      slope.fma(FloatVector.fromArray(F, w, up + i), x).intoArray(w, g + i);
    }
  }

  /** out = a·b. */
  static void product(float[] w, int a, int b, int n, int out) {
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, w, a + i);
      x.mul(FloatVector.fromArray(F, w, b + i)).intoArray(w, out + i);
    }
  }
}
