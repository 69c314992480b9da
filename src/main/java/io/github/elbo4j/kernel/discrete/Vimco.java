package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;

/**
 * VIMCO's learning signals of one row. With c = logW − max, e = exp(c) and S = Σ e the sum over the
 * others is S − e[k], which loses nothing as long as the largest weight is among them; the largest
 * one's own sum is added up anew. Rows with a weight of 0 or ∞, or a NaN, go to the reference.
 */
final class Vimco {
  private Vimco() {}

  /**
   * Writes the signals of {@code k} log-weights.
   *
   * @return the bound
   */
  static double row(float[] logW, int from, int k, float[] signal, int to, Scratch scratch) {
    int top = 0;
    for (int i = 1; i < k; i++) {
      top = logW[from + i] > logW[from + top] ? i : top;
    }
    float max = logW[from + top];
    float[] lanes = scratch.floats(1, SimdMath.L);
    float[] c = scratch.floats(2, k);
    float[] e = scratch.floats(3, k);
    for (int i = 0; i < k; i++) {
      c[i] = logW[from + i] - max;
    }
    double sumOfLogs = sum(c, k);
    if (!Double.isFinite(max + sumOfLogs)) {
      return slowRow(logW, from, k, signal, to, scratch);
    }
    SimdMath.exp(c, 0, e, 0, k);
    double sum = Lanes.sum(e, 0, k, lanes);
    e[top] = 0;
    double sumWithoutTop = Lanes.sum(e, 0, k, lanes);
    int second = top == 0 ? 1 : 0;
    for (int i = 0; i < k; i++) {
      second = i != top && c[i] > c[second] ? i : second;
    }
    for (int i = 0; i < k; i++) {
      e[i] = (float) (sum - e[i]);
    }
    // where exp(c) of all others is 0 in float32, their sum is taken from the second largest on
    double logOfTop =
        sumWithoutTop > 1e-30 ? Math.log(sumWithoutTop) : c[second] + logOfRest(c, k, top, second);
    SimdMath.log(e, 0, e, 0, k);
    e[top] = (float) logOfTop;
    double logSum = Math.log(sum);
    ScoreRows.logAddMean(e, c, sumOfLogs, k);
    for (int i = 0; i < k; i++) {
      signal[to + i] = (float) (logSum - e[i]);
    }
    return max + logSum - Math.log(k);
  }

  /** In double: one term may be far larger than what is left without it. Four chains, for speed. */
  private static double sum(float[] c, int k) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 4 <= k; i += 4) {
      s0 += c[i];
      s1 += c[i + 1];
      s2 += c[i + 2];
      s3 += c[i + 3];
    }
    for (; i < k; i++) {
      s0 += c[i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** log Σ exp(c[i] − c[second]) over all but the top. */
  private static double logOfRest(float[] c, int k, int top, int second) {
    double sum = 0;
    for (int i = 0; i < k; i++) {
      sum += i == top ? 0 : Math.exp((double) c[i] - c[second]);
    }
    return Math.log(sum);
  }

  private static double slowRow(
      float[] logW, int from, int k, float[] signal, int to, Scratch scratch) {
    double[] w = scratch.doubles(0, k);
    double[] s = scratch.doubles(1, k);
    for (int i = 0; i < k; i++) {
      w[i] = logW[from + i];
    }
    double bound = ScoreReference.vimcoRow(w, 0, k, s);
    for (int i = 0; i < k; i++) {
      signal[to + i] = (float) s[i];
    }
    return bound;
  }
}
