package io.github.elbo4j.kernel.gaussian;

import static jdk.incubator.vector.VectorOperators.GT;

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
    float[] ratio = scratch.floats(0, d);
    float[] rate = scratch.floats(1, d);
    float[] perDim = scratch.floats(2, d);
    float[] lanes = scratch.floats(3, L);
    for (int b = 0; b < mu.rows(); b++) {
      int row = b * d;
      int prior = shared ? 0 : row;
      exponentials(logVar, row, priorLogVar, prior, ratio, rate, d);
      float[] out = klPerDim == null ? perDim : klPerDim.array();
      int to = klPerDim == null ? 0 : klPerDim.offset() + row;
      klRow(mu, logVar, row, priorMu, priorLogVar, prior, ratio, rate, out, to, d);
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
      float[] ratio,
      float[] rate,
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
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector most = FloatVector.broadcast(F, Float.MAX_VALUE);
    int full = F.loopBound(d);
    for (int i = 0; i < full; i += L) {
      FloatVector distance =
          FloatVector.fromArray(F, m, mAt + i)
              .sub(FloatVector.fromArray(F, pm, pmAt + i))
              .mul(FloatVector.fromArray(F, rate, i));
      FloatVector logRatio =
          FloatVector.fromArray(F, v, vAt + i).sub(FloatVector.fromArray(F, pv, pvAt + i));
      logRatio = logRatio.blend(most, logRatio.compare(GT, most)); // ∞ − ∞ is +∞ here
      FloatVector r = FloatVector.fromArray(F, ratio, i);
      FloatVector spread = r.mul(half).fma(r, logRatio.add(1f).mul(half).neg());
      distance.mul(half).fma(distance, spread).intoArray(out, to + i);
    }
    for (int i = full; i < d; i++) {
      float distance = (m[mAt + i] - pm[pmAt + i]) * rate[i];
      float logRatio = v[vAt + i] - pv[pvAt + i];
      logRatio = logRatio > Float.MAX_VALUE ? Float.MAX_VALUE : logRatio;
      float spread = Math.fma(0.5f * ratio[i], ratio[i], -(0.5f * (logRatio + 1f)));
      out[to + i] = Math.fma(0.5f * distance, distance, spread);
    }
  }

  /**
   * {@code ratio = σ/σ_p} and {@code rate = 1/σ_p} of one row; their squares would overflow before
   * the divergence does.
   */
  private static void exponentials(
      Tensor logVar, int row, Tensor priorLogVar, int prior, float[] ratio, float[] rate, int d) {
    float[] v = logVar.array();
    float[] pv = priorLogVar.array();
    int vAt = logVar.offset() + row;
    int pvAt = priorLogVar.offset() + prior;
    for (int i = 0; i < d; i++) {
      ratio[i] = 0.5f * (v[vAt + i] - pv[pvAt + i]);
    }
    SimdMath.exp(ratio, 0, ratio, 0, d);
    GaussianRows.exp(-0.5f, pv, pvAt, rate, d);
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
    if (dKl == null && dKlPerDim == null) {
      return;
    }
    int d = mu.columns();
    boolean shared = priorMu.rows() != mu.rows();
    Scratch scratch = Scratch.get();
    float[] ratio = scratch.floats(0, d);
    float[] rate = scratch.floats(1, d);
    double[] sumMu = scratch.doubles(0, d);
    double[] sumLogVar = scratch.doubles(1, d);
    java.util.Arrays.fill(sumMu, 0, d, 0);
    java.util.Arrays.fill(sumLogVar, 0, d, 0);
    for (int b = 0; b < mu.rows(); b++) {
      int row = b * d;
      int prior = shared ? 0 : row;
      exponentials(logVar, row, priorLogVar, prior, ratio, rate, d);
      for (int i = 0; i < d; i++) {
        float g = at(dKl, b) + at(dKlPerDim, row + i);
        float distance =
            mu.array()[mu.offset() + row + i] - priorMu.array()[priorMu.offset() + prior + i];
        float scaled = distance * rate[i];
        float toMu = g * scaled * rate[i];
        float variances = ratio[i] * ratio[i];
        float toPrior = 0.5f * g * (1f - Math.fma(scaled, scaled, variances));
        dMu.array()[dMu.offset() + row + i] += toMu;
        dLogVar.array()[dLogVar.offset() + row + i] += 0.5f * g * (variances - 1f);
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
