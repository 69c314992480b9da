package io.github.elbo4j.kernel.gaussian;

import static jdk.incubator.vector.VectorOperators.GT;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * KL to a learned or fixed diagonal Gaussian, a block of rows at a time. The exponentials of a
 * block go through scratch, by an array function; a prior that all rows share has its own taken
 * once.
 */
final class GaussianPrior {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** Elements of a block, which fit in L1. */
  private static final int BLOCK = 4096;

  /** Rows that a float32 sum is made of. */
  private static final int SUMMED_ROWS = 64;

  private GaussianPrior() {}

  static void forward(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim) {
    int d = mu.columns();
    int rows = mu.rows();
    int perBlock = rowsPerBlock(d);
    boolean shared = priorMu.rows() != rows;
    Scratch scratch = Scratch.get();
    float[] ratio = scratch.floats(0, perBlock * d);
    float[] rate = scratch.floats(1, shared ? d : perBlock * d);
    float[] perDim = scratch.floats(2, d);
    float[] lanes = scratch.floats(3, L);
    for (int first = 0; first < rows; first += perBlock) {
      int end = Math.min(rows, first + perBlock);
      exponentials(logVar, priorLogVar, shared, first, end, ratio, rate, d);
      for (int b = first; b < end; b++) {
        int row = b * d;
        int local = (b - first) * d;
        float[] out = klPerDim == null ? perDim : klPerDim.array();
        int to = klPerDim == null ? 0 : klPerDim.offset() + row;
        int prior = shared ? 0 : row;
        int rateAt = shared ? 0 : local;
        klRow(mu, logVar, row, priorMu, priorLogVar, prior, ratio, local, rate, rateAt, out, to, d);
        if (kl != null) {
          kl.array()[kl.offset() + b] = (float) Lanes.sum(out, to, d, lanes);
        }
      }
    }
  }

  private static int rowsPerBlock(int d) {
    return Math.max(1, BLOCK / Math.max(1, d));
  }

  private static void klRow(
      Tensor mu,
      Tensor logVar,
      int row,
      Tensor priorMu,
      Tensor priorLogVar,
      int prior,
      float[] ratio,
      int ratioAt,
      float[] rate,
      int rateAt,
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
              .mul(FloatVector.fromArray(F, rate, rateAt + i));
      FloatVector logRatio =
          FloatVector.fromArray(F, v, vAt + i).sub(FloatVector.fromArray(F, pv, pvAt + i));
      logRatio = logRatio.blend(most, logRatio.compare(GT, most)); // ∞ − ∞ is +∞ here
      FloatVector r = FloatVector.fromArray(F, ratio, ratioAt + i);
      FloatVector spread = r.mul(half).fma(r, logRatio.add(1f).mul(half).neg());
      distance.mul(half).fma(distance, spread).intoArray(out, to + i);
    }
    for (int i = full; i < d; i++) {
      float distance = (m[mAt + i] - pm[pmAt + i]) * rate[rateAt + i];
      float logRatio = v[vAt + i] - pv[pvAt + i];
      logRatio = logRatio > Float.MAX_VALUE ? Float.MAX_VALUE : logRatio;
      float r = ratio[ratioAt + i];
      float spread = Math.fma(0.5f * r, r, -(0.5f * (logRatio + 1f)));
      out[to + i] = Math.fma(0.5f * distance, distance, spread);
    }
  }

  /**
   * {@code ratio = σ/σ_p} and {@code rate = 1/σ_p} of the rows of a block; their squares would
   * overflow before the divergence does.
   */
  private static void exponentials(
      Tensor logVar,
      Tensor priorLogVar,
      boolean shared,
      int first,
      int end,
      float[] ratio,
      float[] rate,
      int d) {
    float[] v = logVar.array();
    float[] pv = priorLogVar.array();
    for (int b = first; b < end; b++) {
      int to = (b - first) * d;
      int vAt = logVar.offset() + b * d;
      int pvAt = priorLogVar.offset() + (shared ? 0 : b * d);
      for (int i = 0; i < d; i++) {
        ratio[to + i] = 0.5f * (v[vAt + i] - pv[pvAt + i]);
      }
    }
    int n = (end - first) * d;
    SimdMath.exp(ratio, 0, ratio, 0, n);
    if (!shared) {
      GaussianRows.exp(-0.5f, pv, priorLogVar.offset() + first * d, rate, n);
    } else if (first == 0) {
      GaussianRows.exp(-0.5f, pv, priorLogVar.offset(), rate, d);
    }
  }

  /**
   * Blocks in the order of the rows, so that a shared prior's gradient is summed in one order: the
   * rows of a block in float32, the blocks in double.
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
    int rows = mu.rows();
    int perBlock = Math.min(SUMMED_ROWS, rowsPerBlock(d));
    boolean shared = priorMu.rows() != rows;
    Scratch scratch = Scratch.get();
    float[] ratio = scratch.floats(0, perBlock * d);
    float[] rate = scratch.floats(1, shared ? d : perBlock * d);
    float[] g = scratch.floats(2, d);
    float[] sums = scratch.floats(3, 2 * d); // to the prior's mu, then to its logVar
    double[] totals = scratch.doubles(0, 2 * d);
    Arrays.fill(totals, 0, 2 * d, 0);
    for (int first = 0; first < rows; first += perBlock) {
      int end = Math.min(rows, first + perBlock);
      exponentials(logVar, priorLogVar, shared, first, end, ratio, rate, d);
      Arrays.fill(sums, 0, 2 * d, 0f);
      for (int b = first; b < end; b++) {
        int row = b * d;
        int local = (b - first) * d;
        Arrays.fill(g, 0, d, dKl == null ? 0 : dKl.array()[dKl.offset() + b]);
        if (dKlPerDim != null) {
          Lanes.add(dKlPerDim.array(), dKlPerDim.offset() + row, g, 0, d);
        }
        int prior = shared ? 0 : row;
        gradientRow(
            mu,
            priorMu,
            prior,
            ratio,
            local,
            rate,
            shared ? 0 : local,
            g,
            dMu,
            dLogVar,
            row,
            sums,
            d);
        if (!shared) {
          flush(sums, 0, dPriorMu, prior, d);
          flush(sums, d, dPriorLogVar, prior, d);
        }
      }
      for (int i = 0; i < 2 * d; i++) {
        totals[i] += sums[i];
      }
    }
    if (shared) {
      flush(totals, 0, dPriorMu, d);
      flush(totals, d, dPriorLogVar, d);
    }
  }

  /** With {@code scaled = (mu − mu_p)/σ_p}; the prior's gradients are added to {@code sums}. */
  private static void gradientRow(
      Tensor mu,
      Tensor priorMu,
      int prior,
      float[] ratio,
      int ratioAt,
      float[] rate,
      int rateAt,
      float[] g,
      Tensor dMu,
      Tensor dLogVar,
      int row,
      float[] sums,
      int d) {
    float[] m = mu.array();
    int mAt = mu.offset() + row;
    float[] pm = priorMu.array();
    int pmAt = priorMu.offset() + prior;
    float[] dm = dMu.array();
    int dmAt = dMu.offset() + row;
    float[] dv = dLogVar.array();
    int dvAt = dLogVar.offset() + row;
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector one = FloatVector.broadcast(F, 1f);
    int full = F.loopBound(d);
    for (int i = 0; i < full; i += L) {
      FloatVector inverse = FloatVector.fromArray(F, rate, rateAt + i);
      FloatVector grad = FloatVector.fromArray(F, g, i);
      FloatVector scaled =
          FloatVector.fromArray(F, m, mAt + i)
              .sub(FloatVector.fromArray(F, pm, pmAt + i))
              .mul(inverse);
      FloatVector toMu = grad.mul(scaled).mul(inverse);
      FloatVector r = FloatVector.fromArray(F, ratio, ratioAt + i);
      FloatVector variances = r.mul(r);
      FloatVector halfGrad = grad.mul(half);
      FloatVector toPrior = halfGrad.mul(one.sub(scaled.fma(scaled, variances)));
      toMu.add(FloatVector.fromArray(F, dm, dmAt + i)).intoArray(dm, dmAt + i);
      halfGrad
          .mul(variances.sub(one))
          .add(FloatVector.fromArray(F, dv, dvAt + i))
          .intoArray(dv, dvAt + i);
      FloatVector.fromArray(F, sums, i).sub(toMu).intoArray(sums, i);
      FloatVector.fromArray(F, sums, d + i).add(toPrior).intoArray(sums, d + i);
    }
    for (int i = full; i < d; i++) {
      float inverse = rate[rateAt + i];
      float scaled = (m[mAt + i] - pm[pmAt + i]) * inverse;
      float toMu = g[i] * scaled * inverse;
      float variances = ratio[ratioAt + i] * ratio[ratioAt + i];
      dm[dmAt + i] += toMu;
      dv[dvAt + i] += 0.5f * g[i] * (variances - 1f);
      sums[i] -= toMu;
      sums[d + i] += 0.5f * g[i] * (1f - Math.fma(scaled, scaled, variances));
    }
  }

  /** Adds the sums of one row to the gradient of its prior and starts them anew. */
  private static void flush(float[] sums, int from, @Nullable Tensor gradient, int to, int d) {
    if (gradient != null) {
      float[] out = gradient.array();
      int at = gradient.offset() + to;
      for (int i = 0; i < d; i++) {
        out[at + i] += sums[from + i];
      }
    }
    Arrays.fill(sums, from, from + d, 0f);
  }

  /** Adds the sums of all rows to the gradient of the prior that they share. */
  private static void flush(double[] totals, int from, @Nullable Tensor gradient, int d) {
    for (int i = 0; gradient != null && i < d; i++) {
      gradient.array()[gradient.offset() + i] += (float) totals[from + i];
    }
  }
}
