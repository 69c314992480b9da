package io.github.elbo4j.kernel.discrete;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Arithmetic on {@link Chunk}s: c categories of s variables each, s a multiple of the lanes, in
 * areas of one array; a row has one number a variable. Short loops, no vector crosses a call:
 * exponentials and logarithms are array functions between them.
 */
final class Columns {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** Categories after which a float32 sum begins anew, to be added to the others. */
  private static final int PART = 64;

  private Columns() {}

  /** out = Σ_c a. */
  static void sum(float[] w, int a, int c, int s, int out) {
    for (int j = 0; j < s; j += L) {
      FloatVector total = FloatVector.zero(F);
      for (int from = 0; from < c; from += PART) {
        FloatVector part = FloatVector.zero(F);
        int end = Math.min(c, from + PART);
        for (int i = from; i < end; i++) {
          part = part.add(FloatVector.fromArray(F, w, a + i * s + j));
        }
        total = total.add(part);
      }
      total.intoArray(w, out + j);
    }
  }

  /** out = Σ_c a·b. */
  static void dot(float[] w, int a, int b, int c, int s, int out) {
    for (int j = 0; j < s; j += L) {
      FloatVector total = FloatVector.zero(F);
      for (int from = 0; from < c; from += PART) {
        FloatVector part = FloatVector.zero(F);
        int end = Math.min(c, from + PART);
        for (int i = from; i < end; i++) {
          FloatVector x = FloatVector.fromArray(F, w, a + i * s + j);
          part = x.fma(FloatVector.fromArray(F, w, b + i * s + j), part);
        }
        total = total.add(part);
      }
      total.intoArray(w, out + j);
    }
  }

  /** out = max_c a. A NaN in front stays, others are passed over. */
  static void max(float[] w, int a, int c, int s, int out) {
    for (int j = 0; j < s; j += L) {
      FloatVector m = FloatVector.fromArray(F, w, a + j);
      for (int i = 1; i < c; i++) {
        FloatVector x = FloatVector.fromArray(F, w, a + i * s + j);
        m = m.blend(x, x.compare(GT, m));
      }
      m.intoArray(w, out + j);
    }
  }

  /** d = d − factor·b, top = max_c of that. */
  static void difference(float[] w, int d, float factor, int b, int c, int s, int top) {
    FloatVector k = FloatVector.broadcast(F, -factor);
    for (int j = 0; j < s; j += L) {
      FloatVector m = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
      for (int i = 0; i < c; i++) {
        int at = d + i * s + j;
        FloatVector x = FloatVector.fromArray(F, w, b + i * s + j);
        x = x.fma(k, FloatVector.fromArray(F, w, at));
        x.intoArray(w, at);
        m = m.blend(x, x.compare(GT, m));
      }
      m.intoArray(w, top + j);
    }
  }

  /** a = (a − row)·factor. */
  static void shift(float[] w, int a, int row, float factor, int c, int s) {
    FloatVector k = FloatVector.broadcast(F, factor);
    for (int j = 0; j < s; j += L) {
      FloatVector r = FloatVector.fromArray(F, w, row + j);
      for (int i = 0; i < c; i++) {
        int at = a + i * s + j;
        FloatVector.fromArray(F, w, at).sub(r).mul(k).intoArray(w, at);
      }
    }
  }

  /** a = a − row, out = Σ_c of that. */
  static void subtractAndSum(float[] w, int a, int row, int c, int s, int out) {
    for (int j = 0; j < s; j += L) {
      FloatVector r = FloatVector.fromArray(F, w, row + j);
      FloatVector total = FloatVector.zero(F);
      for (int from = 0; from < c; from += PART) {
        FloatVector part = FloatVector.zero(F);
        int end = Math.min(c, from + PART);
        for (int i = from; i < end; i++) {
          int at = a + i * s + j;
          FloatVector x = FloatVector.fromArray(F, w, at).sub(r);
          x.intoArray(w, at);
          part = part.add(x);
        }
        total = total.add(part);
      }
      total.intoArray(w, out + j);
    }
  }

  /** a = a − row. */
  static void subtract(float[] w, int a, int row, int c, int s) {
    for (int j = 0; j < s; j += L) {
      FloatVector r = FloatVector.fromArray(F, w, row + j);
      for (int i = 0; i < c; i++) {
        int at = a + i * s + j;
        FloatVector.fromArray(F, w, at).sub(r).intoArray(w, at);
      }
    }
  }

  /** a = a/row. */
  static void divide(float[] w, int a, int row, int c, int s) {
    for (int j = 0; j < s; j += L) {
      FloatVector r = FloatVector.broadcast(F, 1f).div(FloatVector.fromArray(F, w, row + j));
      for (int i = 0; i < c; i++) {
        int at = a + i * s + j;
        FloatVector.fromArray(F, w, at).mul(r).intoArray(w, at);
      }
    }
  }

  /**
   * The pieces of a softmax: {@code a −= max_c a}, {@code e = exp(a)}, {@code sum = Σ_c e}, {@code
   * log = log sum}; the maximum is left in row {@code top}.
   */
  static void softmax(float[] w, int a, int e, int c, int s, int top, int sum, int log) {
    max(w, a, c, s, top);
    subtract(w, a, top, c, s);
    normalizer(w, a, e, c, s, sum, log);
  }

  /** The same for an a whose maximum is 0. */
  static void normalizer(float[] w, int a, int e, int c, int s, int sum, int log) {
    SimdMath.exp(w, a, w, e, c * s);
    sum(w, e, c, s, sum);
    SimdMath.log(w, sum, w, log, s);
  }

  /** a = −a, out = Σ_c of that. */
  static void negate(float[] w, int a, int c, int s, int out) {
    for (int j = 0; j < s; j += L) {
      FloatVector total = FloatVector.zero(F);
      for (int from = 0; from < c; from += PART) {
        FloatVector part = FloatVector.zero(F);
        int end = Math.min(c, from + PART);
        for (int i = from; i < end; i++) {
          int at = a + i * s + j;
          FloatVector x = FloatVector.fromArray(F, w, at).neg();
          x.intoArray(w, at);
          part = part.add(x);
        }
        total = total.add(part);
      }
      total.intoArray(w, out + j);
    }
  }

  /** a = a − max_c a − e, top = max_c of that: logits of any size keep the bits of their noise. */
  static void perturb(float[] w, int a, int e, int c, int s, int top) {
    for (int j = 0; j < s; j += L) {
      FloatVector m = FloatVector.fromArray(F, w, a + j);
      for (int i = 1; i < c; i++) {
        FloatVector x = FloatVector.fromArray(F, w, a + i * s + j);
        m = m.blend(x, x.compare(GT, m));
      }
      FloatVector best =
          FloatVector.fromArray(F, w, a + j).sub(m).sub(FloatVector.fromArray(F, w, e + j));
      for (int i = 0; i < c; i++) {
        int at = a + i * s + j;
        FloatVector x = FloatVector.fromArray(F, w, at).sub(m);
        x = x.sub(FloatVector.fromArray(F, w, e + i * s + j));
        x.intoArray(w, at);
        best = best.blend(x, x.compare(GT, best));
      }
      best.intoArray(w, top + j);
    }
  }

  /** out = the first category whose a is 0, where all are &lt;= 0; NaN where one is NaN. */
  static void firstZero(float[] w, int a, int c, int s, int out) {
    FloatVector zero = FloatVector.zero(F);
    for (int j = 0; j < s; j += L) {
      FloatVector index = zero;
      FloatVector bad = zero;
      for (int i = c - 1; i >= 0; i--) {
        FloatVector x = FloatVector.fromArray(F, w, a + i * s + j);
        index = index.blend((float) i, x.compare(EQ, zero));
        bad = bad.add(x.blend(zero, x.compare(LT, zero)));
      }
      index.add(bad).intoArray(w, out + j);
    }
  }

  /** a = 1 at the category {@code index}, 0 elsewhere, NaN for NaN. */
  static void oneHot(float[] w, int index, int a, int c, int s) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int j = 0; j < s; j += L) {
      FloatVector d = FloatVector.fromArray(F, w, index + j);
      FloatVector off = d.sub(d);
      for (int i = 0; i < c; i++) {
        off.blend(one, d.compare(EQ, (float) i)).intoArray(w, a + i * s + j);
      }
    }
  }

  /** g += a·b. */
  static void addProduct(float[] w, int g, int a, int b, int n) {
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, w, a + i);
      FloatVector y = FloatVector.fromArray(F, w, b + i);
      x.fma(y, FloatVector.fromArray(F, w, g + i)).intoArray(w, g + i);
    }
  }

  /** a = a − factor·b. */
  static void subtractScaled(float[] w, int a, float factor, int b, int n) {
    FloatVector k = FloatVector.broadcast(F, -factor);
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, w, b + i);
      x.fma(k, FloatVector.fromArray(F, w, a + i)).intoArray(w, a + i);
    }
  }

  /** g = (g − y·row)·factor. */
  static void throughSoftmax(float[] w, int g, int y, int row, float factor, int c, int s) {
    FloatVector k = FloatVector.broadcast(F, factor);
    for (int j = 0; j < s; j += L) {
      FloatVector r = FloatVector.fromArray(F, w, row + j).neg();
      for (int i = 0; i < c; i++) {
        int at = g + i * s + j;
        FloatVector p = FloatVector.fromArray(F, w, y + i * s + j);
        p.fma(r, FloatVector.fromArray(F, w, at)).mul(k).intoArray(w, at);
      }
    }
  }

  /** to += factor·a, for any n. */
  static void addTo(float[] w, int a, float factor, float[] to, int at, int n) {
    FloatVector k = FloatVector.broadcast(F, factor);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(F, w, a + i);
      x.fma(k, FloatVector.fromArray(F, to, at + i)).intoArray(to, at + i);
    }
    for (int i = full; i < n; i++) {
      to[at + i] = Math.fma(factor, w[a + i], to[at + i]);
    }
  }
}
