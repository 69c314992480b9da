package io.github.elbo4j.kernel.flow;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.SimdMath;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of the spline on a block of elements. Field {@code X} of element i is {@code
 * f[X·stride + i]}, its parameter j {@code p[j·stride + i]}; a stride is whole vectors, so no loop
 * has a tail, and what is computed of the padding is not looked at.
 */
final class SplineRows {
  /** What goes through f, or through its inverse. */
  static final int INPUT = 0;

  /** Left ends and sizes of the bin. */
  static final int X = 1;

  static final int W = 2;
  static final int Y = 3;
  static final int H = 4;

  /** Derivatives at its ends, before and after their softplus. */
  static final int D0 = 5;

  static final int D1 = 6;

  /** Number of the bin. */
  static final int BIN = 7;

  /** u = (x − x_k)/w_k, and 1 − u. */
  static final int U = 8;

  static final int V = 9;

  /** f or its inverse, and f'. */
  static final int RESULT = 10;

  static final int SLOPE = 11;
  static final int FIELDS = 24;

  /** softplus(EDGE) + MIN_DERIVATIVE = 1: the derivative at both bounds. */
  private static final float EDGE =
      (float) Math.log(Math.expm1(1 - (double) SplineKernels.MIN_DERIVATIVE));

  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private SplineRows() {}

  /** Whole vectors for n elements, and one more that {@link #load} may write to. */
  static int stride(int n) {
    return (n + L - 1) / L * L + L;
  }

  /**
   * Parameters of a row of {@code dt} elements: widths and heights less their largest, and the
   * derivatives at the inner knots behind the place of the edge's. Reads and writes whole vectors.
   */
  static void load(float[] row, int from, int dt, int bins, float[] p, int to, int stride) {
    for (int i = 0; i < dt; i += L) {
      center(row, from + i, dt, bins, p, to + i, stride);
      center(row, from + bins * dt + i, dt, bins, p, to + bins * stride + i, stride);
      for (int k = 1; k < bins; k++) {
        FloatVector raw = FloatVector.fromArray(F, row, from + (2 * bins + k - 1) * dt + i);
        raw.intoArray(p, to + (2 * bins + k) * stride + i);
      }
    }
  }

  private static void center(
      float[] row, int from, int dt, int bins, float[] p, int to, int stride) {
    FloatVector most = FloatVector.fromArray(F, row, from);
    for (int k = 1; k < bins; k++) {
      FloatVector v = FloatVector.fromArray(F, row, from + k * dt);
      most = most.blend(v, v.compare(GT, most));
    }
    for (int k = 0; k < bins; k++) {
      FloatVector.fromArray(F, row, from + k * dt).sub(most).intoArray(p, to + k * stride);
    }
  }

  /** The derivatives at both bounds. */
  static void edges(float[] p, int from, int bins, int stride) {
    Arrays.fill(p, from, from + stride, EDGE);
    Arrays.fill(p, from + bins * stride, from + (bins + 1) * stride, EDGE);
  }

  /** The bin of each element, from the exponentials of widths and heights. */
  static void select(float[] p, float[] f, int stride, int bins, float bound, boolean inverse) {
    int other = bins * stride;
    if (inverse) { // the value lies between knots of the y axis
      select(p, other, 0, f, Y * stride, X * stride, stride, bins, bound);
    } else {
      select(p, 0, other, f, X * stride, Y * stride, stride, bins, bound);
    }
  }

  private static void select(
      float[] p,
      int key,
      int other,
      float[] f,
      int toKey,
      int toOther,
      int stride,
      int bins,
      float bound) {
    float share = 2 * bound * (1 - bins * SplineKernels.MIN_BIN);
    FloatVector least = FloatVector.broadcast(F, 2 * bound * SplineKernels.MIN_BIN);
    FloatVector start = FloatVector.broadcast(F, -bound);
    FloatVector scale = FloatVector.broadcast(F, share);
    int derivatives = 2 * bins * stride;
    for (int i = 0; i < stride; i += L) {
      FloatVector sum = FloatVector.fromArray(F, p, key + i);
      FloatVector otherSum = FloatVector.fromArray(F, p, other + i);
      for (int k = 1; k < bins; k++) {
        sum = sum.add(FloatVector.fromArray(F, p, key + k * stride + i));
        otherSum = otherSum.add(FloatVector.fromArray(F, p, other + k * stride + i));
      }
      FloatVector rate = scale.div(sum);
      FloatVector otherRate = scale.div(otherSum);
      FloatVector v = FloatVector.fromArray(F, f, INPUT * stride + i);
      FloatVector size = FloatVector.fromArray(F, p, key + i).fma(rate, least);
      FloatVector otherSize = FloatVector.fromArray(F, p, other + i).fma(otherRate, least);
      FloatVector end = start.add(size);
      FloatVector otherEnd = start.add(otherSize);
      FloatVector knot = start;
      FloatVector otherKnot = start;
      FloatVector d0 = FloatVector.fromArray(F, p, derivatives + i);
      FloatVector d1 = FloatVector.fromArray(F, p, derivatives + stride + i);
      FloatVector bin = FloatVector.zero(F);
      for (int k = 1; k < bins; k++) {
        VectorMask<Float> behind = end.compare(LE, v);
        FloatVector next = FloatVector.fromArray(F, p, key + k * stride + i).fma(rate, least);
        FloatVector otherNext =
            FloatVector.fromArray(F, p, other + k * stride + i).fma(otherRate, least);
        knot = knot.blend(end, behind);
        otherKnot = otherKnot.blend(otherEnd, behind);
        size = size.blend(next, behind);
        otherSize = otherSize.blend(otherNext, behind);
        int at = derivatives + k * stride + i;
        d0 = d0.blend(FloatVector.fromArray(F, p, at), behind);
        d1 = d1.blend(FloatVector.fromArray(F, p, at + stride), behind);
        bin = bin.blend((float) k, behind);
        end = end.add(next);
        otherEnd = otherEnd.add(otherNext);
      }
      knot.intoArray(f, toKey + i);
      size.intoArray(f, toKey + stride + i);
      otherKnot.intoArray(f, toOther + i);
      otherSize.intoArray(f, toOther + stride + i);
      d0.intoArray(f, D0 * stride + i);
      d1.intoArray(f, D1 * stride + i);
      bin.intoArray(f, BIN * stride + i);
    }
  }

  /** The slopes of the softplus, before {@link #derivatives} takes its place. */
  static void slopesOfDerivatives(float[] f, int stride) {
    SimdMath.sigmoid(f, D0 * stride, f, SplineGradients.SLOPE_D0 * stride, 2 * stride);
  }

  /** d = MIN_DERIVATIVE + softplus(raw), at both ends. */
  static void derivatives(float[] f, int stride) {
    int from = D0 * stride;
    SimdMath.softplus(f, from, f, from, 2 * stride);
    for (int i = 0; i < 2 * stride; i++) {
      f[from + i] += SplineKernels.MIN_DERIVATIVE;
    }
  }

  /** u and 1 − u of an input on the x axis; what lies outside the bounds is 0. */
  static void position(float[] f, int stride, float bound) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector limit = FloatVector.broadcast(F, bound);
    for (int i = 0; i < stride; i += L) {
      FloatVector x = FloatVector.fromArray(F, f, INPUT * stride + i);
      FloatVector u = x.sub(FloatVector.fromArray(F, f, X * stride + i));
      u = u.div(FloatVector.fromArray(F, f, W * stride + i));
      u = u.blend(zero, u.compare(LT, zero)).blend(one, u.compare(GT, one));
      u = u.blend(zero, x.abs().compare(GT, limit));
      u.intoArray(f, U * stride + i);
      one.sub(u).intoArray(f, V * stride + i);
    }
  }

  /** u and 1 − u of the point on the x axis whose value the input is. */
  static void positionOfValue(float[] f, int stride, float bound) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector limit = FloatVector.broadcast(F, bound);
    for (int i = 0; i < stride; i += L) {
      FloatVector y = FloatVector.fromArray(F, f, INPUT * stride + i);
      FloatVector h = FloatVector.fromArray(F, f, H * stride + i);
      FloatVector low = y.sub(FloatVector.fromArray(F, f, Y * stride + i)).div(h);
      low = low.blend(zero, low.compare(LT, zero)).blend(one, low.compare(GT, one));
      low = low.blend(zero, y.abs().compare(GT, limit));
      FloatVector high = one.sub(low);
      FloatVector twice = h.add(h).div(FloatVector.fromArray(F, f, W * stride + i)); // 2s
      FloatVector d0 = FloatVector.fromArray(F, f, D0 * stride + i).mul(high);
      FloatVector difference = FloatVector.fromArray(F, f, D1 * stride + i).neg().fma(low, d0); // p
      FloatVector product = twice.mul(low).mul(twice.mul(high));
      FloatVector root = difference.fma(difference, product).sqrt().add(difference.abs());
      VectorMask<Float> rising = difference.compare(GE, zero);
      FloatVector part = twice.mul(high.blend(low, rising));
      FloatVector sum = part.add(root);
      FloatVector near = part.div(sum);
      FloatVector far = root.div(sum);
      far.blend(near, rising).intoArray(f, U * stride + i);
      near.blend(far, rising).intoArray(f, V * stride + i);
    }
  }

  /** f and f' at u. */
  static void value(float[] f, int stride, float bound) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector limit = FloatVector.broadcast(F, bound);
    for (int i = 0; i < stride; i += L) {
      FloatVector x = FloatVector.fromArray(F, f, INPUT * stride + i);
      FloatVector u = FloatVector.fromArray(F, f, U * stride + i);
      FloatVector v = FloatVector.fromArray(F, f, V * stride + i);
      FloatVector h = FloatVector.fromArray(F, f, H * stride + i);
      FloatVector s = h.div(FloatVector.fromArray(F, f, W * stride + i));
      FloatVector d0 = FloatVector.fromArray(F, f, D0 * stride + i);
      FloatVector d1 = FloatVector.fromArray(F, f, D1 * stride + i);
      FloatVector uv = u.mul(v);
      FloatVector below = d0.add(d1).sub(s.add(s)).fma(uv, s);
      FloatVector above = s.mul(u).fma(u, d0.mul(uv));
      FloatVector y = above.div(below).fma(h, FloatVector.fromArray(F, f, Y * stride + i));
      FloatVector rise = d0.mul(v).mul(v).add(d1.mul(u).mul(u)).add(s.add(s).mul(uv));
      FloatVector ratio = s.div(below);
      FloatVector slope = ratio.mul(ratio).mul(rise);
      VectorMask<Float> outside = x.abs().compare(GT, limit);
      y.blend(x, outside).intoArray(f, RESULT * stride + i);
      slope.blend(one, outside).intoArray(f, SLOPE * stride + i);
    }
  }

  /** The point on the x axis that lies at u, and f' there. */
  static void inverse(float[] f, int stride, float bound) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector limit = FloatVector.broadcast(F, bound);
    for (int i = 0; i < stride; i += L) {
      FloatVector y = FloatVector.fromArray(F, f, INPUT * stride + i);
      FloatVector u = FloatVector.fromArray(F, f, U * stride + i);
      FloatVector v = FloatVector.fromArray(F, f, V * stride + i);
      FloatVector w = FloatVector.fromArray(F, f, W * stride + i);
      FloatVector s = FloatVector.fromArray(F, f, H * stride + i).div(w);
      FloatVector d0 = FloatVector.fromArray(F, f, D0 * stride + i);
      FloatVector d1 = FloatVector.fromArray(F, f, D1 * stride + i);
      FloatVector uv = u.mul(v);
      FloatVector below = d0.add(d1).sub(s.add(s)).fma(uv, s);
      FloatVector rise = d0.mul(v).mul(v).add(d1.mul(u).mul(u)).add(s.add(s).mul(uv));
      FloatVector ratio = s.div(below);
      FloatVector slope = ratio.mul(ratio).mul(rise);
      FloatVector x = u.fma(w, FloatVector.fromArray(F, f, X * stride + i));
      VectorMask<Float> outside = y.abs().compare(GT, limit);
      x.blend(y, outside).intoArray(f, RESULT * stride + i);
      slope.blend(one, outside).intoArray(f, SLOPE * stride + i);
    }
  }
}
