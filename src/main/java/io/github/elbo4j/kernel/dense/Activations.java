package io.github.elbo4j.kernel.dense;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.SimdSpecial;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The activations and their derivatives on a stretch of a row: array functions one after the other
 * over data that stay in L1, and short loops between them. What needs more than one step is copied
 * to scratch first, padded to whole vectors, so that no step has a tail. A NaN compares false and
 * stays.
 */
final class Activations {
  private static final VectorSpecies<Float> S = GemmTile.S;
  private static final int L = GemmTile.L;
  private static final float SQRT_HALF = 0.70710677f;
  private static final float INVERSE_SQRT_2PI = 0.3989423f;

  private Activations() {}

  /** Floats of scratch for a stretch of n elements: a result, and the argument behind it. */
  static int workSize(int n) {
    return 2 * padded(n);
  }

  private static int padded(int n) {
    return (n + L - 1) / L * L;
  }

  /** {@code y = f(v)}; y may be v itself. */
  static void forward(Activation f, float[] v, int from, float[] y, int to, float[] work, int n) {
    switch (f) {
      case NONE -> System.arraycopy(v, from, y, to, n);
      case RELU -> relu(v, from, y, to, n);
      case TANH -> SimdMath.tanh(v, from, y, to, n);
      case SIGMOID -> SimdMath.sigmoid(v, from, y, to, n);
      case SOFTPLUS -> SimdMath.softplus(v, from, y, to, n);
      case ELU, GELU, SILU -> {
        int p = load(v, from, work, n);
        composite(f, work, p);
        System.arraycopy(work, 0, y, to, n);
      }
    }
  }

  private static void composite(Activation f, float[] work, int p) {
    if (f == Activation.ELU) {
      SimdMath.expm1(work, p, work, 0, p);
      takePositive(work, p);
    } else {
      if (f == Activation.GELU) {
        normalDistribution(work, p);
      } else {
        SimdMath.sigmoid(work, p, work, 0, p);
      }
      multiplyByArgument(work, p);
    }
  }

  /**
   * {@code work[0, n) = f'}, from the value {@code a = f(v)}, or from {@code a = v} where f {@link
   * Activation#needsPre}.
   */
  static void slope(Activation f, float[] a, int from, float[] work, int n) {
    int p = load(a, from, work, n);
    switch (f) {
      case NONE -> Arrays.fill(work, 0, n, 1f);
      case RELU -> reluSlope(work, p);
      case TANH -> tanhSlope(work, p);
      case SIGMOID -> sigmoidSlope(work, p);
      case SOFTPLUS -> softplusSlope(work, p);
      case ELU -> eluSlope(work, p);
      case GELU -> geluSlope(work, p);
      case SILU -> siluSlope(work, p);
    }
  }

  /** Puts a[from, from + n) behind the result, padded with zeros; returns its padded length. */
  private static int load(float[] a, int from, float[] work, int n) {
    int p = padded(n);
    System.arraycopy(a, from, work, p, n);
    Arrays.fill(work, p + n, 2 * p, 0f);
    return p;
  }

  private static void relu(float[] v, int from, float[] y, int to, int n) {
    FloatVector zero = FloatVector.zero(S);
    int full = S.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector x = FloatVector.fromArray(S, v, from + i);
      x.blend(zero, x.compare(LT, zero)).intoArray(y, to + i);
    }
    for (int i = full; i < n; i++) {
      float x = v[from + i];
      y[to + i] = x < 0f ? 0f : x;
    }
  }

  /** Puts the argument where it is positive. */
  private static void takePositive(float[] work, int p) {
    FloatVector zero = FloatVector.zero(S);
    for (int i = 0; i < p; i += L) {
      FloatVector x = FloatVector.fromArray(S, work, p + i);
      FloatVector other = FloatVector.fromArray(S, work, i);
      other.blend(x, x.compare(GT, zero)).intoArray(work, i);
    }
  }

  private static void multiplyByArgument(float[] work, int p) {
    for (int i = 0; i < p; i += L) {
      FloatVector x = FloatVector.fromArray(S, work, p + i);
      x.mul(FloatVector.fromArray(S, work, i)).intoArray(work, i);
    }
  }

  /** Φ of the argument. */
  private static void normalDistribution(float[] work, int p) {
    for (int i = 0; i < p; i += L) {
      FloatVector.fromArray(S, work, p + i).mul(SQRT_HALF).intoArray(work, i);
    }
    SimdSpecial.erf(work, 0, work, 0, p);
    FloatVector half = FloatVector.broadcast(S, 0.5f);
    for (int i = 0; i < p; i += L) {
      FloatVector.fromArray(S, work, i).fma(half, half).intoArray(work, i);
    }
  }

  private static void reluSlope(float[] work, int p) {
    FloatVector zero = FloatVector.zero(S);
    FloatVector one = FloatVector.broadcast(S, 1f);
    for (int i = 0; i < p; i += L) {
      FloatVector y = FloatVector.fromArray(S, work, p + i);
      VectorMask<Float> positive = y.compare(GT, zero);
      y.blend(zero, y.compare(LE, zero)).blend(one, positive).intoArray(work, i);
    }
  }

  private static void eluSlope(float[] work, int p) {
    FloatVector zero = FloatVector.zero(S);
    FloatVector one = FloatVector.broadcast(S, 1f);
    for (int i = 0; i < p; i += L) {
      FloatVector y = FloatVector.fromArray(S, work, p + i);
      y.add(one).blend(one, y.compare(GT, zero)).intoArray(work, i);
    }
  }

  /** 1 − y². */
  private static void tanhSlope(float[] work, int p) {
    FloatVector one = FloatVector.broadcast(S, 1f);
    for (int i = 0; i < p; i += L) {
      FloatVector y = FloatVector.fromArray(S, work, p + i);
      y.neg().fma(y, one).intoArray(work, i);
    }
  }

  /** y − y². */
  private static void sigmoidSlope(float[] work, int p) {
    for (int i = 0; i < p; i += L) {
      FloatVector y = FloatVector.fromArray(S, work, p + i);
      y.neg().fma(y, y).intoArray(work, i);
    }
  }

  /** 1 − exp(−y). */
  private static void softplusSlope(float[] work, int p) {
    for (int i = 0; i < p; i += L) {
      FloatVector.fromArray(S, work, p + i).neg().intoArray(work, i);
    }
    SimdMath.expm1(work, 0, work, 0, p);
    for (int i = 0; i < p; i += L) {
      FloatVector.fromArray(S, work, i).neg().intoArray(work, i);
    }
  }

  /** Φ(v) + v·φ(v). */
  private static void geluSlope(float[] work, int p) {
    normalDistribution(work, p);
    FloatVector scale = FloatVector.broadcast(S, INVERSE_SQRT_2PI);
    FloatVector minusHalf = FloatVector.broadcast(S, -0.5f);
    for (int i = 0; i < p; i += L) {
      FloatVector v = FloatVector.fromArray(S, work, p + i);
      FloatVector density = SimdMath.expNonPositive(v.mul(v).mul(minusHalf)).mul(scale);
      density.fma(v, FloatVector.fromArray(S, work, i)).intoArray(work, i);
    }
  }

  /** s + v·s·(1 − s), with s = sigmoid(v). */
  private static void siluSlope(float[] work, int p) {
    SimdMath.sigmoid(work, p, work, 0, p);
    for (int i = 0; i < p; i += L) {
      FloatVector s = FloatVector.fromArray(S, work, i);
      FloatVector v = FloatVector.fromArray(S, work, p + i);
      s.neg().fma(s, s).fma(v, s).intoArray(work, i);
    }
  }
}
