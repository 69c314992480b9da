package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Log-probabilities of given points and their gradients, over blocks of data points: all samples of
 * a point belong to one block, so its gradients are summed in one order by one thread, and what
 * depends on its parameters alone is computed once for all its samples. Without a log-variance the
 * parameters are logits of Bernoullis.
 */
final class LogProbTask extends KernelTask {
  private static final int BLOCK = 4096;
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
    int p = b * d;
    for (int r = b * samples; r < (b + 1) * samples; r++) {
      int row = z.offset() + r * d;
      float g = logQ.array()[logQ.offset() + r];
      if (logVar == null && dMu != null) {
        ScoreRows.toLogits(z.array(), row, work, w, g, dMu.array(), dMu.offset() + p, d);
      }
      if (logVar != null && dMu != null && dLogVar != null) {
        ScoreRows.toParameters(
            z.array(),
            row,
            mu.array(),
            mu.offset() + p,
            work,
            w,
            g,
            dMu.array(),
            dMu.offset() + p,
            dLogVar.array(),
            dLogVar.offset() + p,
            d);
      }
      if (dZ != null) {
        ScoreRows.toPoint(
            z.array(),
            row,
            mu.array(),
            mu.offset() + p,
            work,
            w,
            g,
            dZ.array(),
            dZ.offset() + r * d,
            d);
      }
    }
  }
}
