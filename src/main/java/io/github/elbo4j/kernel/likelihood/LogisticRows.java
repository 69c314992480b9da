package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of the discretised logistic on a strip of a row, in arrays of its own that are
 * {@link #STRIP} long: so every loop is over whole vectors, and what stands behind the strip's n
 * elements is computed too and not used.
 */
final class LogisticRows {
  /** Columns that go through the passes together. */
  static final int STRIP = 256;

  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private LogisticRows() {}

  /** The levels of a strip as numbers. */
  static void levels(ByteTensor x, int from, int n, float[] levels) {
    byte[] a = x.array();
    for (int i = 0; i < n; i++) {
      levels[i] = a[x.offset() + from + i] & 255;
    }
  }

  /**
   * {@code q[i] = exp(−logScale)/255} of a strip, cut off, and behind, from {@link #STRIP} on,
   * {@code 1 − exp(−q)}; {@code at} is the index of the first, one element stands for all.
   */
  static void widths(Tensor logScale, int at, int n, float[] q) {
    float[] a = logScale.array();
    boolean one = logScale.size() == 1;
    float most = LevelsKernels.MAX_LOG_SCALE;
    for (int i = 0; i < n; i++) {
      q[i] = Math.min(Math.max(-a[logScale.offset() + (one ? 0 : at + i)], -most), most);
    }
    SimdMath.exp(q, 0, q, 0, n);
    for (int i = 0; i < n; i++) {
      q[i] /= 255;
      q[STRIP + i] = -q[i];
    }
    SimdMath.expm1(q, STRIP, q, STRIP, n);
    for (int i = 0; i < n; i++) {
      q[STRIP + i] = -q[STRIP + i];
    }
  }

  /**
   * d = x − 255·mean, rounded once, and {@code e = exp(−|plus|)}, behind it {@code exp(−|minus|)}.
   */
  static void exponentials(
      float[] mean, int m, float[] levels, float[] q, int n, float[] d, float[] e) {
    for (int i = 0; i < n; i++) {
      d[i] = Math.fma(mean[m + i], -255f, levels[i]);
    }
    for (int i = 0; i < n; i++) {
      e[i] = -Math.abs(q[i] * (d[i] + 0.5f));
      e[STRIP + i] = -Math.abs(q[i] * (d[i] - 0.5f));
    }
    SimdMath.exp(e, 0, e, 0, n);
    SimdMath.exp(e, STRIP, e, STRIP, n);
  }

  /**
   * What the log-probability is the sum of: the logarithms of {@code e[0 … n)} and the numbers
   * behind, from {@link #STRIP} on.
   */
  static void forward(float[] levels, float[] q, float[] d, float[] e, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector zero = FloatVector.zero(F);
    FloatVector last = FloatVector.broadcast(F, 255f);
    for (int i = 0; i < n; i += L) {
      FloatVector u = FloatVector.fromArray(F, e, i).add(one);
      FloatVector v = FloatVector.fromArray(F, e, STRIP + i).add(one);
      FloatVector width = FloatVector.fromArray(F, q, i);
      FloatVector x = FloatVector.fromArray(F, levels, i);
      FloatVector distance = FloatVector.fromArray(F, d, i);
      VectorMask<Float> lowest = x.compare(EQ, zero);
      VectorMask<Float> highest = x.compare(EQ, last);
      FloatVector below = u.mul(v).blend(u, lowest).blend(v, highest);
      FloatVector above = FloatVector.fromArray(F, q, STRIP + i);
      above.blend(one, lowest).blend(one, highest).div(below).intoArray(e, i);
      // beyond the bin, to its nearer edge; open bins have one edge
      FloatVector beyond = distance.abs().sub(0.5f);
      beyond = beyond.blend(distance.neg().sub(0.5f), lowest).blend(distance.sub(0.5f), highest);
      beyond = beyond.blend(zero, beyond.compare(LT, zero));
      width.mul(beyond).neg().intoArray(e, STRIP + i);
    }
  }

  /**
   * The derivatives: in the mean to {@code e[0 … n)}, and in logScale behind, from {@link #STRIP}
   * on. ½·tanh(y/2) is sign(y)·(½ − s) with s = sigmoid(−|y|); the halves are added up before s is
   * taken away.
   */
  static void backward(float[] levels, float[] q, float[] d, float[] e, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector zero = FloatVector.zero(F);
    FloatVector last = FloatVector.broadcast(F, 255f);
    for (int i = 0; i < n; i += L) {
      FloatVector u = FloatVector.fromArray(F, e, i);
      FloatVector v = FloatVector.fromArray(F, e, STRIP + i);
      u = u.div(u.add(one));
      v = v.div(v.add(one));
      FloatVector width = FloatVector.fromArray(F, q, i);
      FloatVector x = FloatVector.fromArray(F, levels, i);
      FloatVector distance = FloatVector.fromArray(F, d, i);
      FloatVector plus = distance.add(0.5f).mul(width);
      FloatVector minus = distance.sub(0.5f).mul(width);
      FloatVector beyond = distance.abs().sub(0.5f);
      FloatVector side = one.blend(one.neg(), distance.compare(LT, zero));
      side = side.blend(zero, beyond.compare(LE, zero));
      FloatVector toMean =
          side.sub(u.blend(u.neg(), plus.compare(LT, zero)))
              .sub(v.blend(v.neg(), minus.compare(LE, zero)));
      FloatVector part = FloatVector.fromArray(F, q, STRIP + i);
      FloatVector toScale = beyond.blend(zero, beyond.compare(LT, zero)).mul(width);
      toScale = toScale.sub(plus.abs().mul(u)).sub(minus.abs().mul(v));
      toScale = toScale.sub(width.mul(one.sub(part)).div(part)); // q/(e^q − 1)
      VectorMask<Float> lowest = x.compare(EQ, zero);
      FloatVector low = one.sub(u).blend(u, plus.compare(GT, zero)).neg(); // −sigmoid(−plus)
      toMean = toMean.blend(low, lowest);
      toScale = toScale.blend(low.mul(plus), lowest);
      VectorMask<Float> highest = x.compare(EQ, last);
      FloatVector high = v.blend(one.sub(v), minus.compare(GT, zero)); // sigmoid(minus)
      toMean = toMean.blend(high, highest);
      toScale = toScale.blend(high.mul(minus), highest);
      toMean.mul(width).mul(255f).intoArray(e, i);
      toScale.intoArray(e, STRIP + i);
    }
  }

  /** {@code out[to + i] += g·a[from + i]}. */
  static void addScaled(float g, float[] a, int from, float[] out, int to, int n) {
    for (int i = 0; i < n; i++) {
      out[to + i] = Math.fma(g, a[from + i], out[to + i]);
    }
  }
}
