package io.github.elbo4j.kernel.compose;

import static jdk.incubator.vector.VectorOperators.LE;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The product of two Gaussians on {@code n} neighbouring elements. All comes from {@code e =
 * exp(−|logVar1 − logVar2|)}, which cannot overflow: the narrower Gaussian weighs {@code 1/(1 +
 * e)}, the other {@code e/(1 + e)}.
 */
final class MergeRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private MergeRows() {}

  /** e, into {@code out} from 0 on. */
  static void ratio(float[] logVar1, int v1, float[] logVar2, int v2, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = -Math.abs(logVar1[v1 + i] - logVar2[v2 + i]);
    }
    SimdMath.exp(out, 0, out, 0, n);
  }

  /** {@code logVar = min(logVar1, logVar2) − log(1 + e)}, given the logarithms. */
  static void logVar(
      float[] logVar1, int v1, float[] logVar2, int v2, float[] log, float[] out, int to, int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, logVar1, v1 + i)
          .min(FloatVector.fromArray(F, logVar2, v2 + i))
          .sub(FloatVector.fromArray(F, log, i))
          .intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = Math.min(logVar1[v1 + i], logVar2[v2 + i]) - log[i];
    }
  }

  /** The weights of both, in place of nothing: {@code w1} and {@code w2} from 0 on. */
  static void weights(
      float[] e, float[] logVar1, int v1, float[] logVar2, int v2, float[] w1, float[] w2, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector ratio = FloatVector.fromArray(F, e, i);
      FloatVector narrow = one.div(ratio.add(one));
      FloatVector wide = ratio.mul(narrow);
      var first =
          FloatVector.fromArray(F, logVar1, v1 + i)
              .compare(LE, FloatVector.fromArray(F, logVar2, v2 + i));
      wide.blend(narrow, first).intoArray(w1, i);
      narrow.blend(wide, first).intoArray(w2, i);
    }
    for (int i = full; i < n; i++) {
      float narrow = 1 / (e[i] + 1);
      float wide = e[i] * narrow;
      boolean first = logVar1[v1 + i] <= logVar2[v2 + i];
      w1[i] = first ? narrow : wide;
      w2[i] = first ? wide : narrow;
    }
  }

  /** mu = w1·mu1 + w2·mu2 */
  static void mean(
      float[] mu1, int m1, float[] w1, float[] mu2, int m2, float[] w2, float[] mu, int to, int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector second =
          FloatVector.fromArray(F, mu2, m2 + i).mul(FloatVector.fromArray(F, w2, i));
      FloatVector.fromArray(F, mu1, m1 + i)
          .fma(FloatVector.fromArray(F, w1, i), second)
          .intoArray(mu, to + i);
    }
    for (int i = full; i < n; i++) {
      mu[to + i] = Math.fma(mu1[m1 + i], w1[i], mu2[m2 + i] * w2[i]);
    }
  }

  /** t = dMu·w1·w2·(mu1 − mu2) */
  static void shift(
      float[] dMu,
      int g,
      float[] w1,
      float[] w2,
      float[] mu1,
      int m1,
      float[] mu2,
      int m2,
      float[] t,
      int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector difference =
          FloatVector.fromArray(F, mu1, m1 + i).sub(FloatVector.fromArray(F, mu2, m2 + i));
      FloatVector both = FloatVector.fromArray(F, w1, i).mul(FloatVector.fromArray(F, w2, i));
      FloatVector.fromArray(F, dMu, g + i).mul(both).mul(difference).intoArray(t, i);
    }
    for (int i = full; i < n; i++) {
      t[i] = dMu[g + i] * (w1[i] * w2[i]) * (mu1[m1 + i] - mu2[m2 + i]);
    }
  }
}
