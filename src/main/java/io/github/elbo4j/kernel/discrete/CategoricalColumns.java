package io.github.elbo4j.kernel.discrete;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** What categorical distributions alone compute on {@link Chunk}s; see {@link Columns}. */
final class CategoricalColumns {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** As in {@link Columns#sum}. */
  private static final int PART = 64;

  private CategoricalColumns() {}

  /** out = Σ_c x·a, where 0·a is 0 whatever a. */
  static void expectation(float[] w, int x, int a, int c, int s, int out) {
    FloatVector zero = FloatVector.zero(F);
    for (int j = 0; j < s; j += L) {
      FloatVector total = zero;
      for (int from = 0; from < c; from += PART) {
        FloatVector part = zero;
        int end = Math.min(c, from + PART);
        for (int i = from; i < end; i++) {
          FloatVector p = FloatVector.fromArray(F, w, x + i * s + j);
          FloatVector term = p.mul(FloatVector.fromArray(F, w, a + i * s + j));
          part = part.add(term.blend(zero, p.compare(EQ, zero)));
        }
        total = total.add(part);
      }
      total.intoArray(w, out + j);
    }
  }

  /** q = factor·( x/sum − log ): minus an entropy, from x = Σ e·a; factor 1 or −1. */
  static void mean(float[] w, int x, int sum, int log, float factor, int s, int q) {
    FloatVector k = FloatVector.broadcast(F, factor);
    for (int j = 0; j < s; j += L) {
      FloatVector m = FloatVector.fromArray(F, w, x + j).div(FloatVector.fromArray(F, w, sum + j));
      m.sub(FloatVector.fromArray(F, w, log + j)).mul(k).intoArray(w, q + j);
    }
  }

  /** b = a − b. */
  static void ratio(float[] w, int a, int b, int n) {
    for (int i = 0; i < n; i += L) {
      FloatVector x = FloatVector.fromArray(F, w, a + i);
      x.sub(FloatVector.fromArray(F, w, b + i)).intoArray(w, b + i);
    }
  }

  /** t = g·p·( t − x/sum ) with p = e/sum; 0 where p is 0. */
  static void slopes(float[] w, int e, int t, int sum, int x, int g, int c, int s) {
    FloatVector zero = FloatVector.zero(F);
    for (int j = 0; j < s; j += L) {
      FloatVector inverse = FloatVector.broadcast(F, 1f).div(FloatVector.fromArray(F, w, sum + j));
      FloatVector mean = FloatVector.fromArray(F, w, x + j).mul(inverse);
      FloatVector k = FloatVector.fromArray(F, w, g + j).mul(inverse);
      for (int i = 0; i < c; i++) {
        int at = t + i * s + j;
        FloatVector p = FloatVector.fromArray(F, w, e + i * s + j);
        FloatVector slope = FloatVector.fromArray(F, w, at).sub(mean).mul(k).mul(p);
        slope.blend(zero, p.compare(EQ, zero)).intoArray(w, at);
      }
    }
  }

  /** b = g·( b/sumB − e/sum ). */
  static void difference(float[] w, int b, int sumB, int e, int sum, int g, int c, int s) {
    for (int j = 0; j < s; j += L) {
      FloatVector up = FloatVector.fromArray(F, w, g + j);
      FloatVector q = up.div(FloatVector.fromArray(F, w, sumB + j));
      FloatVector p = up.div(FloatVector.fromArray(F, w, sum + j));
      for (int i = 0; i < c; i++) {
        int at = b + i * s + j;
        FloatVector other = FloatVector.fromArray(F, w, e + i * s + j).mul(p);
        FloatVector.fromArray(F, w, at).fma(q, other.neg()).intoArray(w, at);
      }
    }
  }

  /** a = a·row. */
  static void multiply(float[] w, int a, int row, int c, int s) {
    for (int j = 0; j < s; j += L) {
      FloatVector r = FloatVector.fromArray(F, w, row + j);
      for (int i = 0; i < c; i++) {
        int at = a + i * s + j;
        FloatVector.fromArray(F, w, at).mul(r).intoArray(w, at);
      }
    }
  }

  /** a = a + b, top = max_c of that, at least the lowest float: so −∞ less it is −∞, not NaN. */
  static void add(float[] w, int a, int b, int c, int s, int top) {
    FloatVector lowest = FloatVector.broadcast(F, -Float.MAX_VALUE);
    for (int j = 0; j < s; j += L) {
      FloatVector m = lowest;
      for (int i = 0; i < c; i++) {
        int at = a + i * s + j;
        FloatVector x = FloatVector.fromArray(F, w, b + i * s + j);
        x = x.add(FloatVector.fromArray(F, w, at));
        x.intoArray(w, at);
        m = m.blend(x, m.compare(LT, x));
      }
      m.intoArray(w, top + j);
    }
  }

  /** out = a + b. */
  static void addRows(float[] w, int a, int b, int s, int out) {
    for (int j = 0; j < s; j += L) {
      FloatVector x = FloatVector.fromArray(F, w, a + j);
      x.add(FloatVector.fromArray(F, w, b + j)).intoArray(w, out + j);
    }
  }

  /** row = 1 where it is 0. */
  static void oneForZero(float[] w, int row, int s) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector zero = FloatVector.zero(F);
    for (int j = 0; j < s; j += L) {
      FloatVector x = FloatVector.fromArray(F, w, row + j);
      x.blend(one, x.compare(EQ, zero)).intoArray(w, row + j);
    }
  }
}
