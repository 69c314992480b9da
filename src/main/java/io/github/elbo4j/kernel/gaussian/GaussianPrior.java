package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * KL to a learned or fixed diagonal Gaussian, a row at a time. The two exponentials of a row go
 * through scratch: with both in one loop body C2's inlining budget is spent and vectors are boxed.
 */
final class GaussianPrior {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private GaussianPrior() {}

  static void forward(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim) {
    int d = mu.columns();
    boolean shared = priorMu.rows() != mu.rows();
    Scratch scratch = Scratch.get();
    float[] variance = scratch.floats(0, d);
    float[] precision = scratch.floats(1, d);
    float[] perDim = scratch.floats(2, d);
    float[] lanes = scratch.floats(3, L);
    for (int b = 0; b < mu.rows(); b++) {
      int row = b * d;
      int prior = shared ? 0 : row;
      SimdMath.exp(logVar.array(), logVar.offset() + row, variance, 0, d);
      GaussianRows.precision(priorLogVar.array(), priorLogVar.offset() + prior, precision, d);
      float[] out = klPerDim == null ? perDim : klPerDim.array();
      int to = klPerDim == null ? 0 : klPerDim.offset() + row;
      klRow(mu, logVar, row, priorMu, priorLogVar, prior, variance, precision, out, to, d);
      if (kl != null) {
        kl.array()[kl.offset() + b] = (float) Lanes.sum(out, to, d, lanes);
      }
    }
  }

  private static void klRow(
      Tensor mu,
      Tensor logVar,
      int row,
      Tensor priorMu,
      Tensor priorLogVar,
      int prior,
      float[] variance,
      float[] precision,
      float[] out,
      int to,
      int d) {
    float[] m = mu.array();
    float[] v = logVar.array();
    float[] pm = priorMu.array();
    float[] pv = priorLogVar.array();
    int mAt = mu.offset() + row;
    int vAt = logVar.offset() + row;
    int pmAt = priorMu.offset() + prior;
    int pvAt = priorLogVar.offset() + prior;
    int full = F.loopBound(d);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, m, mAt + i).sub(FloatVector.fromArray(F, pm, pmAt + i));
      FloatVector spread = distance.fma(distance, FloatVector.fromArray(F, variance, i));
      FloatVector logs =
          FloatVector.fromArray(F, pv, pvAt + i).sub(FloatVector.fromArray(F, v, vAt + i)).sub(1f);
      spread.fma(FloatVector.fromArray(F, precision, i), logs).mul(0.5f).intoArray(out, to + i);
    }
    for (int i = full; i < d; i++) {
      float distance = m[mAt + i] - pm[pmAt + i];
      float spread = Math.fma(distance, distance, variance[i]);
      out[to + i] = 0.5f * Math.fma(spread, precision[i], pv[pvAt + i] - v[vAt + i] - 1f);
    }
  }

  /**
   * One pass in the order of the rows, so that a shared prior's gradient is summed in one order.
   */
  static void backward(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      Tensor dMu,
      Tensor dLogVar,
      @Nullable Tensor dPriorMu,
      @Nullable Tensor dPriorLogVar) {
    int d = mu.columns();
    boolean shared = priorMu.rows() != mu.rows();
    Scratch scratch = Scratch.get();
    float[] variance = scratch.floats(0, d);
    float[] precision = scratch.floats(1, d);
    double[] sumMu = scratch.doubles(0, d);
    double[] sumLogVar = scratch.doubles(1, d);
    java.util.Arrays.fill(sumMu, 0, d, 0);
    java.util.Arrays.fill(sumLogVar, 0, d, 0);
    for (int b = 0; b < mu.rows(); b++) {
      int row = b * d;
      int prior = shared ? 0 : row;
      SimdMath.exp(logVar.array(), logVar.offset() + row, variance, 0, d);
      GaussianRows.precision(priorLogVar.array(), priorLogVar.offset() + prior, precision, d);
      for (int i = 0; i < d; i++) {
        float g = at(dKl, b) + at(dKlPerDim, row + i);
        float distance =
            mu.array()[mu.offset() + row + i] - priorMu.array()[priorMu.offset() + prior + i];
        float toMu = g * distance * precision[i];
        float spread = Math.fma(distance, distance, variance[i]);
        float toPrior = 0.5f * g * (1f - spread * precision[i]);
        dMu.array()[dMu.offset() + row + i] += toMu;
        dLogVar.array()[dLogVar.offset() + row + i] += 0.5f * g * (variance[i] * precision[i] - 1f);
        sumMu[i] -= toMu;
        sumLogVar[i] += toPrior;
      }
      if (!shared || b == mu.rows() - 1) {
        flush(sumMu, dPriorMu, prior, d);
        flush(sumLogVar, dPriorLogVar, prior, d);
      }
    }
  }

  /** Adds the sums of a row of the prior to its gradient and starts them anew. */
  private static void flush(double[] sums, @Nullable Tensor gradient, int from, int d) {
    for (int i = 0; i < d; i++) {
      if (gradient != null) {
        gradient.array()[gradient.offset() + from + i] += (float) sums[i];
      }
      sums[i] = 0;
    }
  }

  private static float at(@Nullable Tensor t, int i) {
    return t == null ? 0 : t.array()[t.offset() + i];
  }
}
