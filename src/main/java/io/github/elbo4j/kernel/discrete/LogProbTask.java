package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Log-probabilities of given points and their gradients, over blocks of data points: all samples of
 * a point belong to one block, so its gradients are summed in one order by one thread, and what
 * depends on its parameters alone is computed once for all its samples. The samples of a point are
 * many where it is shared by all rows: its gradients are then summed in float32 over {@link #CHAIN}
 * of them at a time and in double over those sums. Without a log-variance the parameters are logits
 * of Bernoullis.
 */
final class LogProbTask extends KernelTask {
  private static final int BLOCK = 4096;

  /** The longest float32 sum over samples. */
  private static final int CHAIN = 128;

  private static final double LOG_2PI = Math.log(2 * Math.PI);

  private Tensor z = Tensor.EMPTY;
  private Tensor mu = Tensor.EMPTY;
  private Tensor logQ = Tensor.EMPTY;
  private @Nullable Tensor logVar;
  private @Nullable Tensor dZ;
  private @Nullable Tensor dMu;
  private @Nullable Tensor dLogVar;
  private boolean backward;
  private int d;
  private int samples;
  private int pointsPerBlock;

  void forward(Tensor points, Tensor mean, @Nullable Tensor logVariance, Tensor result) {
    backward = false;
    run(points, mean, logVariance, result);
  }

  void backward(
      Tensor points,
      Tensor mean,
      @Nullable Tensor logVariance,
      Tensor gradient,
      @Nullable Tensor gradZ,
      @Nullable Tensor gradMu,
      @Nullable Tensor gradLogVar) {
    backward = true;
    dZ = gradZ;
    dMu = gradMu;
    dLogVar = gradLogVar;
    run(points, mean, logVariance, gradient);
  }

  private void run(Tensor points, Tensor mean, @Nullable Tensor logVariance, Tensor perRow) {
    z = points;
    mu = mean;
    logVar = logVariance;
    logQ = perRow;
    d = mu.columns();
    if (z.rows() == 0) {
      forget();
      return;
    }
    samples = z.rows() / mu.rows();
    pointsPerBlock = Math.max(1, BLOCK / Math.max(1, d * samples));
    fork(Math.ceilDiv(mu.rows(), pointsPerBlock), 10L * z.size());
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    mu = Tensor.EMPTY;
    logQ = Tensor.EMPTY;
    logVar = null;
    dZ = null;
    dMu = null;
    dLogVar = null;
  }

  @Override
  public void run(int block) {
    int first = block * pointsPerBlock;
    int end = Math.min(mu.rows(), first + pointsPerBlock);
    int n = (end - first) * d;
    float[] work = Scratch.get().floats(0, Math.max(1, n));
    float[] lanes = Scratch.get().floats(1, SimdMath.L);
    int at = first * d;
    if (logVar != null) {
      ScoreRows.precision(logVar.array(), logVar.offset() + at, work, n);
    } else if (backward) {
      SimdMath.sigmoid(mu.array(), mu.offset() + at, work, 0, n);
    } else {
      ScoreRows.logNormalizer(mu.array(), mu.offset() + at, work, n);
    }
    for (int b = first; b < end; b++) {
      if (backward) {
        pointBackward(b, work, (b - first) * d);
      } else {
        point(b, work, (b - first) * d, lanes);
      }
    }
  }

  /** The rows of one point; {@code work} holds precisions, or the logits' normalisers. */
  private void point(int b, float[] work, int w, float[] lanes) {
    int p = mu.offset() + b * d;
    double constant =
        logVar != null
            ? d * LOG_2PI + Lanes.sum(logVar.array(), logVar.offset() + b * d, d, lanes)
            : Lanes.sum(work, w, d, lanes);
    for (int r = b * samples; r < (b + 1) * samples; r++) {
      int row = z.offset() + r * d;
      double value =
          logVar != null
              ? -0.5
                  * (ScoreRows.squares(z.array(), row, mu.array(), p, work, w, d, lanes) + constant)
              : ScoreRows.linear(z.array(), row, mu.array(), p, d, lanes) - constant;
      logQ.array()[logQ.offset() + r] = (float) value;
    }
  }

  private void pointBackward(int b, float[] work, int w) {
    int first = b * samples;
    if (samples <= CHAIN || dMu == null) {
      float[] toMu = dMu == null ? work : dMu.array();
      float[] toLogVar = dLogVar == null ? work : dLogVar.array();
      int m = dMu == null ? 0 : dMu.offset() + b * d;
      int v = dLogVar == null ? 0 : dLogVar.offset() + b * d;
      rowsBackward(b, first, first + samples, work, w, toMu, m, toLogVar, v);
      return;
    }
    float[] sums = Scratch.get().floats(2, 2 * d); // of mu, then of logVar
    double[] totals = Scratch.get().doubles(0, 2 * d);
    Arrays.fill(totals, 0, 2 * d, 0);
    for (int r = first; r < first + samples; r += CHAIN) {
      Arrays.fill(sums, 0, 2 * d, 0f);
      int end = Math.min(first + samples, r + CHAIN);
      rowsBackward(b, r, end, work, w, sums, 0, sums, d);
      for (int i = 0; i < 2 * d; i++) {
        totals[i] += sums[i];
      }
    }
    add(totals, 0, dMu, b);
    add(totals, d, dLogVar, b);
  }

  private void add(double[] totals, int from, @Nullable Tensor gradient, int b) {
    for (int i = 0; gradient != null && i < d; i++) {
      gradient.array()[gradient.offset() + b * d + i] += (float) totals[from + i];
    }
  }

  /** Adds what rows [r, end) of point b bring, to its parameters' gradients at m and v. */
  private void rowsBackward(
      int b, int r, int end, float[] work, int w, float[] toMu, int m, float[] toLogVar, int v) {
    int p = mu.offset() + b * d;
    for (; r < end; r++) {
      int row = z.offset() + r * d;
      float g = logQ.array()[logQ.offset() + r];
      if (logVar == null) {
        ScoreRows.toLogits(z.array(), row, work, w, g, toMu, m, d);
      } else if (dMu != null) {
        ScoreRows.toParameters(z.array(), row, mu.array(), p, work, w, g, toMu, m, toLogVar, v, d);
      }
      if (dZ != null) {
        int to = dZ.offset() + r * d;
        ScoreRows.toPoint(z.array(), row, mu.array(), p, work, w, g, dZ.array(), to, d);
      }
    }
  }
}
