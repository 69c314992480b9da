package io.github.elbo4j.kernel.flow;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The gradients of the spline on a block of elements laid out as in {@link SplineRows}. The
 * formulas are those of {@link SplineReference#slopes}.
 */
final class SplineGradients {
  /** Gradients of the objective to the result and to the row's log-determinant. */
  static final int G = 12;

  static final int G_LOG = 13;

  /** Slopes of the softplus at both ends of the bin. */
  static final int SLOPE_D0 = 14;

  static final int SLOPE_D1 = 15;

  /** Gradients to the input, to the left ends, each with the bin's size behind it, and to d. */
  static final int TO_INPUT = 16;

  static final int TO_X = 17;
  static final int TO_W = 18;
  static final int TO_Y = 19;
  static final int TO_H = 20;
  static final int TO_D0 = 21;
  static final int TO_D1 = 22;

  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private SplineGradients() {}

  /** From {@link #G} and {@link #G_LOG} to the input and to what describes the bin. */
  static void ofBin(float[] f, int stride, float bound, boolean inverse) {
    ofInput(f, stride, bound, inverse);
    ofSizes(f, stride);
    ofEnds(f, stride);
    outside(f, stride, bound);
  }

  /**
   * The gradient to the input, and to u, which {@link #TO_X} holds until the end. For the inverse
   * {@link #G} and {@link #G_LOG} become the gradients to f and log f' at the point that was found.
   */
  private static void ofInput(float[] f, int stride, float bound, boolean inverse) {
    FloatVector limit = FloatVector.broadcast(F, bound);
    for (int i = 0; i < stride; i += L) {
      FloatVector u = FloatVector.fromArray(F, f, SplineRows.U * stride + i);
      FloatVector v = FloatVector.fromArray(F, f, SplineRows.V * stride + i);
      FloatVector w = FloatVector.fromArray(F, f, SplineRows.W * stride + i);
      FloatVector s = FloatVector.fromArray(F, f, SplineRows.H * stride + i).div(w);
      FloatVector d0 = FloatVector.fromArray(F, f, SplineRows.D0 * stride + i);
      FloatVector d1 = FloatVector.fromArray(F, f, SplineRows.D1 * stride + i);
      FloatVector g = FloatVector.fromArray(F, f, G * stride + i);
      FloatVector gLog = FloatVector.fromArray(F, f, G_LOG * stride + i);
      FloatVector uv = u.mul(v);
      FloatVector bend = d0.add(d1).sub(s.add(s));
      FloatVector below = bend.fma(uv, s);
      FloatVector rise = d0.mul(v).mul(v).add(d1.mul(u).mul(u)).add(s.add(s).mul(uv));
      FloatVector ratio = s.div(below);
      FloatVector slope = ratio.mul(ratio).mul(rise);
      FloatVector tilt = v.sub(u); // 1 − 2u
      FloatVector riseU = d1.mul(u).sub(d0.mul(v)).add(s.mul(tilt));
      FloatVector logU = riseU.div(rise).sub(bend.mul(tilt).div(below)).mul(2f);
      VectorMask<Float> out =
          FloatVector.fromArray(F, f, SplineRows.INPUT * stride + i).abs().compare(GT, limit);
      FloatVector viaLog = gLog.mul(logU).div(w);
      if (inverse) {
        FloatVector input = g.sub(viaLog).div(slope);
        input.blend(g, out).intoArray(f, TO_INPUT * stride + i);
        g = input.neg();
        gLog = gLog.neg();
        g.intoArray(f, G * stride + i);
        gLog.intoArray(f, G_LOG * stride + i);
      } else {
        g.fma(slope, viaLog).blend(g, out).intoArray(f, TO_INPUT * stride + i);
      }
      g.mul(slope).fma(w, gLog.mul(logU)).intoArray(f, TO_X * stride + i);
    }
  }

  /** To the derivatives, and to s, which {@link #TO_W} holds, and f's part of h. */
  private static void ofSizes(float[] f, int stride) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < stride; i += L) {
      FloatVector u = FloatVector.fromArray(F, f, SplineRows.U * stride + i);
      FloatVector v = FloatVector.fromArray(F, f, SplineRows.V * stride + i);
      FloatVector h = FloatVector.fromArray(F, f, SplineRows.H * stride + i);
      FloatVector s = h.div(FloatVector.fromArray(F, f, SplineRows.W * stride + i));
      FloatVector d0 = FloatVector.fromArray(F, f, SplineRows.D0 * stride + i);
      FloatVector d1 = FloatVector.fromArray(F, f, SplineRows.D1 * stride + i);
      FloatVector g = FloatVector.fromArray(F, f, G * stride + i);
      FloatVector gLog = FloatVector.fromArray(F, f, G_LOG * stride + i);
      FloatVector uv = u.mul(v);
      FloatVector oneBelow = one.div(d0.add(d1).sub(s.add(s)).fma(uv, s));
      FloatVector oneRise = one.div(d0.mul(v).mul(v).add(d1.mul(u).mul(u)).add(s.add(s).mul(uv)));
      FloatVector part = s.mul(u).fma(u, d0.mul(uv)).mul(oneBelow); // above / below
      FloatVector toF = g.mul(h).mul(oneBelow);
      FloatVector toBelow = toF.mul(part).add(gLog.add(gLog).mul(oneBelow)).neg();
      FloatVector toRise = gLog.mul(oneRise);
      FloatVector flat = one.sub(uv.add(uv)); // 1 − 2uv
      FloatVector toS = toF.mul(u).mul(u).add(toBelow.mul(flat)).add(toRise.mul(uv.add(uv)));
      toS = toS.add(gLog.add(gLog).div(s));
      FloatVector toD0 = toF.add(toBelow).mul(uv).add(toRise.mul(v).mul(v));
      FloatVector toD1 = toBelow.mul(uv).add(toRise.mul(u).mul(u));
      toS.intoArray(f, TO_W * stride + i);
      g.mul(part).intoArray(f, TO_H * stride + i);
      toD0.mul(FloatVector.fromArray(F, f, SLOPE_D0 * stride + i)).intoArray(f, TO_D0 * stride + i);
      toD1.mul(FloatVector.fromArray(F, f, SLOPE_D1 * stride + i)).intoArray(f, TO_D1 * stride + i);
    }
  }

  /** From u and s to the left ends and sizes. */
  private static void ofEnds(float[] f, int stride) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < stride; i += L) {
      FloatVector rate = one.div(FloatVector.fromArray(F, f, SplineRows.W * stride + i));
      FloatVector toU = FloatVector.fromArray(F, f, TO_X * stride + i).mul(rate);
      FloatVector toS = FloatVector.fromArray(F, f, TO_W * stride + i).mul(rate);
      FloatVector s = FloatVector.fromArray(F, f, SplineRows.H * stride + i).mul(rate);
      FloatVector u = FloatVector.fromArray(F, f, SplineRows.U * stride + i);
      toU.neg().intoArray(f, TO_X * stride + i);
      toU.mul(u).add(toS.mul(s)).neg().intoArray(f, TO_W * stride + i);
      FloatVector.fromArray(F, f, G * stride + i).intoArray(f, TO_Y * stride + i);
      toS.add(FloatVector.fromArray(F, f, TO_H * stride + i)).intoArray(f, TO_H * stride + i);
    }
  }

  /** Outside the bounds f is the identity and has no bin. */
  private static void outside(float[] f, int stride, float bound) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector limit = FloatVector.broadcast(F, bound);
    for (int i = 0; i < stride; i += L) {
      FloatVector v = FloatVector.fromArray(F, f, SplineRows.INPUT * stride + i);
      VectorMask<Float> out = v.abs().compare(GT, limit);
      for (int field = TO_X; field <= TO_D1; field++) {
        FloatVector g = FloatVector.fromArray(F, f, field * stride + i);
        g.blend(zero, out).intoArray(f, field * stride + i);
      }
    }
  }

  /**
   * From a left end and size, {@code f[to …]} and {@code f[to + stride …]}, to the numbers before
   * the softmax, which take the place of their exponentials in {@code p[from …]}.
   */
  static void ofBinWidths(
      float[] p, int from, float[] f, int to, int stride, int bins, float bound) {
    FloatVector zero = FloatVector.zero(F);
    float share = 2 * bound * (1 - bins * SplineKernels.MIN_BIN);
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < stride; i += L) {
      FloatVector toKnot = FloatVector.fromArray(F, f, to + i);
      FloatVector toSize = FloatVector.fromArray(F, f, to + stride + i);
      FloatVector bin = FloatVector.fromArray(F, f, SplineRows.BIN * stride + i);
      FloatVector sum = zero;
      FloatVector mean = zero;
      for (int k = 0; k < bins; k++) {
        FloatVector e = FloatVector.fromArray(F, p, from + k * stride + i);
        FloatVector g = zero.blend(toKnot, bin.compare(GT, (float) k));
        g = g.blend(toSize, bin.compare(EQ, (float) k));
        sum = sum.add(e);
        mean = e.fma(g, mean);
      }
      FloatVector rate = one.div(sum);
      mean = mean.mul(rate);
      rate = rate.mul(share);
      for (int k = 0; k < bins; k++) {
        int at = from + k * stride + i;
        FloatVector g = zero.blend(toKnot, bin.compare(GT, (float) k));
        g = g.blend(toSize, bin.compare(EQ, (float) k));
        FloatVector.fromArray(F, p, at).mul(rate).mul(g.sub(mean)).intoArray(p, at);
      }
    }
  }

  /** To the derivatives before their softplus, in their places in {@code p[from …]}. */
  static void ofDerivatives(float[] p, int from, float[] f, int stride, int bins) {
    FloatVector zero = FloatVector.zero(F);
    for (int i = 0; i < stride; i += L) {
      FloatVector toD0 = FloatVector.fromArray(F, f, TO_D0 * stride + i);
      FloatVector toD1 = FloatVector.fromArray(F, f, TO_D1 * stride + i);
      FloatVector bin = FloatVector.fromArray(F, f, SplineRows.BIN * stride + i);
      for (int k = 1; k < bins; k++) {
        FloatVector g = zero.blend(toD0, bin.compare(EQ, (float) k));
        g = g.blend(toD1, bin.compare(EQ, (float) (k - 1)));
        g.intoArray(p, from + k * stride + i);
      }
    }
  }

  /** Adds one row's gradients, which stand in {@code p} from {@code at} on, to its parameters. */
  static void add(float[] p, int at, int stride, int bins, float[] sums, int to, int dt) {
    for (int k = 0; k < 2 * bins; k++) {
      Lanes.add(p, at + k * stride, sums, to + k * dt, dt);
    }
    for (int k = 2 * bins; k < 3 * bins - 1; k++) {
      Lanes.add(p, at + (k + 1) * stride, sums, to + k * dt, dt);
    }
  }
}
