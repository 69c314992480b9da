package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Batch normalisation in two passes over the data: the statistics, then the values. A chunk of rows
 * gives each channel's mean and its squares about that mean while it is in cache; chunks and blocks
 * are merged in double (Chan, Golub and LeVeque 1983), so that a large mean costs no digits of the
 * variance.
 */
final class BatchNormForward extends KernelTask {
  private static final double[] NONE = {};
  private static final float[] NO_SCALE = {};

  private Tensor x = Tensor.EMPTY;
  private Tensor bias = Tensor.EMPTY;
  private Tensor mean = Tensor.EMPTY;
  private Tensor y = Tensor.EMPTY;
  private int channels;
  private int pixels;
  private boolean statistics;
  private final RowBlocks blocks = new RowBlocks();

  /** For each block the mean of each channel, then the sum of squares about it. */
  private double[] moments = NONE;

  /** rstd·gain of each channel. */
  private float[] scale = NO_SCALE;

  /** Writes the batch's mean and rstd, updates the running statistics, and normalises by them. */
  void train(
      Tensor in,
      Tensor gain,
      Tensor b,
      float epsilon,
      float momentum,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor out,
      Tensor means,
      Tensor rstd) {
    set(in, gain, b, means, out);
    double[] held = Scratch.get().doubles(Scratch.HELD, Math.max(1, blocks.count) * 2 * channels);
    moments = held;
    try {
      statistics = true;
      Parallel.run(this, blocks.count, 4L * in.size());
    } catch (RuntimeException | Error e) {
      forget();
      throw e;
    }
    double n = (double) in.rows() * pixels;
    merge(held);
    for (int c = 0; c < channels; c++) {
      double variance = n == 0 ? 0 : held[channels + c] / n;
      means.array()[means.offset() + c] = (float) held[c];
      rstd.array()[rstd.offset() + c] = (float) (1 / Math.sqrt(variance + epsilon));
      if (n > 0) {
        move(runningMean, c, held[c], momentum);
        move(runningVariance, c, held[channels + c] / (n - 1), momentum);
      }
    }
    normalize(gain, rstd);
  }

  private static void move(Tensor running, int c, double batch, float momentum) {
    int at = running.offset() + c;
    double old = running.array()[at];
    running.array()[at] = (float) (old + momentum * (batch - old));
  }

  /** Normalises by given statistics; writes rstd. */
  void fixed(
      Tensor in,
      Tensor gain,
      Tensor b,
      Tensor means,
      Tensor variance,
      float epsilon,
      Tensor out,
      Tensor rstd) {
    set(in, gain, b, means, out);
    for (int c = 0; c < channels; c++) {
      double v = (double) variance.array()[variance.offset() + c] + epsilon;
      rstd.array()[rstd.offset() + c] = (float) (1 / Math.sqrt(v));
    }
    normalize(gain, rstd);
  }

  private void set(Tensor in, Tensor gain, Tensor b, Tensor means, Tensor out) {
    x = in;
    bias = b;
    mean = means;
    y = out;
    channels = gain.size();
    pixels = in.columns() / channels;
    blocks.set(in.rows(), NormColumns.rows(in.columns()));
  }

  private void normalize(Tensor gain, Tensor rstd) {
    float[] held = Scratch.get().floats(Scratch.HELD, channels);
    for (int c = 0; c < channels; c++) {
      held[c] = rstd.array()[rstd.offset() + c] * gain.array()[gain.offset() + c];
    }
    scale = held;
    statistics = false;
    fork(blocks.count, 2L * x.size());
  }

  /** Merges the moments of all blocks into the first's. */
  private void merge(double[] held) {
    if (blocks.count == 0) {
      Arrays.fill(held, 0, 2 * channels, 0);
    }
    for (int b = 1; b < blocks.count; b++) {
      double before = (double) blocks.first(b) * pixels;
      double more = (double) (blocks.end(b) - blocks.first(b)) * pixels;
      int from = b * 2 * channels;
      double part = more / (before + more);
      for (int c = 0; c < channels; c++) {
        double step = held[from + c] - held[c];
        held[c] += step * part;
        held[channels + c] += held[from + channels + c] + step * step * before * part;
      }
    }
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    bias = Tensor.EMPTY;
    mean = Tensor.EMPTY;
    y = Tensor.EMPTY;
    moments = NONE;
    scale = NO_SCALE;
  }

  @Override
  public void run(int block) {
    int first = blocks.first(block);
    int end = blocks.end(block);
    if (!statistics) {
      values(first, end);
    } else if (pixels == 1) {
      columnMoments(block * 2 * channels, first, end);
    } else {
      imageMoments(block * 2 * channels, first, end);
    }
  }

  private void columnMoments(int at, int first, int end) {
    float[] sums = Scratch.get().floats(0, channels);
    float[] means = Scratch.get().floats(1, channels);
    Arrays.fill(moments, at, at + 2 * channels, 0);
    for (int r = first; r < end; r += blocks.chunk) {
      int rows = Math.min(blocks.chunk, end - r);
      int from = x.offset() + r * channels;
      NormColumns.sums(x.array(), from, rows, channels, sums);
      for (int c = 0; c < channels; c++) {
        means[c] = sums[c] / rows;
      }
      NormColumns.squares(x.array(), from, rows, channels, means, sums);
      double before = r - first;
      double part = rows / (before + rows);
      for (int c = 0; c < channels; c++) {
        double step = means[c] - moments[at + c];
        moments[at + c] += step * part;
        moments[at + channels + c] += sums[c] + step * step * before * part;
      }
    }
  }

  private void imageMoments(int at, int first, int end) {
    float[] lanes = Scratch.get().floats(0, SimdMath.L);
    Arrays.fill(moments, at, at + 2 * channels, 0);
    for (int r = first; r < end; r++) {
      double before = (double) (r - first) * pixels;
      double part = pixels / (before + pixels);
      for (int c = 0; c < channels; c++) {
        int from = x.offset() + (r * channels + c) * pixels;
        double m = Lanes.sum(x.array(), from, pixels, lanes) / pixels;
        double squares = NormRows.squares(x.array(), from, (float) m, pixels, lanes);
        double step = m - moments[at + c];
        moments[at + c] += step * part;
        moments[at + channels + c] += squares + step * step * before * part;
      }
    }
  }

  private void values(int first, int end) {
    float[] m = mean.array();
    float[] b = bias.array();
    for (int r = first; r < end; r++) {
      int from = x.offset() + r * channels * pixels;
      int to = y.offset() + r * channels * pixels;
      if (pixels == 1) {
        NormColumns.normalize(
            x.array(), from, m, mean.offset(), scale, 0, b, bias.offset(), y.array(), to, channels);
        continue;
      }
      for (int c = 0; c < channels; c++) {
        float shift = m[mean.offset() + c];
        float start = b[bias.offset() + c];
        int i = c * pixels;
        NormRows.normalize(x.array(), from + i, shift, scale[c], start, y.array(), to + i, pixels);
      }
    }
  }
}
