package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of the continuous Bernoulli on a run of elements, with a = |l| and {@code u =
 * exp(−a)} made before by {@link #exponentials}. Below a = 1 the quotients, which are 0/0 at 0, are
 * their series in the Bernoulli numbers; the first term left out is below 3e-8.
 */
final class ContinuousRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** (a/(1 − e^−a) − 1 − a/2)/a² in powers of a², highest first. */
  private static final float[] NORMALISER = {-1 / 1209600f, 1 / 30240f, -1 / 720f, 1 / 12f};

  /** (1/a − 1/(e^a − 1) − ½)/a in powers of a², highest first. */
  private static final float[] REST = {1 / 1209600f, -1 / 30240f, 1 / 720f, -1 / 12f};

  private ContinuousRows() {}

  /** u[0 … n) = exp(−|l|). */
  static void exponentials(float[] logits, int l, float[] u, int n) {
    for (int i = 0; i < n; i++) {
      u[i] = -Math.abs(logits[l + i]);
    }
    SimdMath.exp(u, 0, u, 0, n);
  }

  /** |l|, at most the largest float; NaN stays NaN. */
  private static float size(float logit) {
    float a = Math.abs(logit);
    return a > Float.MAX_VALUE ? Float.MAX_VALUE : a;
  }

  /**
   * Σ −a·|x − 1[l&gt;0]| of at most a chunk; a/(1 − u) takes the place of u.
   *
   * @param u written over
   */
  static float forward(float[] logits, int l, float[] x, int xAt, float[] u, int n, float[] lanes) {
    int full = F.loopBound(n);
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector most = FloatVector.broadcast(F, Float.MAX_VALUE);
    FloatVector sum = zero;
    for (int i = 0; i < full; i += L) {
      FloatVector logit = FloatVector.fromArray(F, logits, l + i);
      FloatVector a = logit.abs();
      a = a.blend(most, a.compare(GT, most));
      FloatVector square = a.mul(a);
      FloatVector series = FloatVector.broadcast(F, NORMALISER[0]);
      for (int j = 1; j < NORMALISER.length; j++) {
        series = series.fma(square, FloatVector.broadcast(F, NORMALISER[j]));
      }
      series = series.fma(square, a.mul(0.5f)).add(one);
      FloatVector quotient = a.div(one.sub(FloatVector.fromArray(F, u, i)));
      quotient.blend(series, a.compare(LT, one)).intoArray(u, i);
      FloatVector data = FloatVector.fromArray(F, x, xAt + i);
      data = data.blend(one.sub(data), logit.compare(GT, zero));
      sum = sum.sub(a.mul(data));
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      float logit = logits[l + i];
      float a = size(logit);
      u[i] = a < 1 ? Math.fma(polynomial(NORMALISER, a * a), a * a, a * 0.5f) + 1 : a / (1 - u[i]);
      lanes[i - full] -= a * (logit > 0 ? 1 - x[xAt + i] : x[xAt + i]);
    }
    return Lanes.sum(lanes, 0);
  }

  /** dLogits += g·( x − 1[l&gt;0] + sign(l)·rest ), rest = 1/a − u/(1 − u). */
  static void backward(
      float[] logits,
      int l,
      float[] x,
      int xAt,
      float g,
      float[] u,
      float[] dLogits,
      int d,
      int n) {
    int full = F.loopBound(n);
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector gradient = FloatVector.broadcast(F, g);
    for (int i = 0; i < full; i += L) {
      FloatVector logit = FloatVector.fromArray(F, logits, l + i);
      FloatVector a = logit.abs();
      FloatVector square = a.mul(a);
      FloatVector series = FloatVector.broadcast(F, REST[0]);
      for (int j = 1; j < REST.length; j++) {
        series = series.fma(square, FloatVector.broadcast(F, REST[j]));
      }
      series = series.fma(a, half);
      FloatVector e = FloatVector.fromArray(F, u, i);
      FloatVector rest = one.div(a).sub(e.div(one.sub(e)));
      rest = rest.blend(series, a.compare(LT, one));
      FloatVector data = FloatVector.fromArray(F, x, xAt + i);
      var positive = logit.compare(GT, zero);
      FloatVector slope = data.blend(data.sub(one), positive).add(rest.neg().blend(rest, positive));
      gradient.fma(slope, FloatVector.fromArray(F, dLogits, d + i)).intoArray(dLogits, d + i);
    }
    for (int i = full; i < n; i++) {
      float logit = logits[l + i];
      float a = Math.abs(logit);
      float rest = a < 1 ? Math.fma(polynomial(REST, a * a), a, 0.5f) : 1 / a - u[i] / (1 - u[i]);
      float slope = logit > 0 ? x[xAt + i] - 1 + rest : x[xAt + i] - rest;
      dLogits[d + i] = Math.fma(g, slope, dLogits[d + i]);
    }
  }

  private static float polynomial(float[] coefficients, float x) {
    float p = coefficients[0];
    for (int j = 1; j < coefficients.length; j++) {
      p = Math.fma(p, x, coefficients[j]);
    }
    return p;
  }
}
