package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Gradients of batch normalisation: the sums over each channel, then dX. */
final class BatchNormBackward extends KernelTask {
  private static final double[] NONE = {};
  private static final float[] NO_COEFFICIENTS = {};

  private Tensor x = Tensor.EMPTY;
  private Tensor mean = Tensor.EMPTY;
  private Tensor dY = Tensor.EMPTY;
  private @Nullable Tensor dX;
  private int channels;
  private int pixels;
  private boolean fixed;
  private boolean summing;
  private final RowBlocks blocks = new RowBlocks();

  /** For each block Σ dY, then Σ dY·(x − mean), of each channel. */
  private double[] sums = NONE;

  /** Of each channel the mean of dY, the slope on x − mean, and rstd·gain, in three stretches. */
  private float[] coefficients = NO_COEFFICIENTS;

  /** {@code given}: the statistics do not depend on x. */
  void run(
      boolean given,
      Tensor in,
      Tensor gain,
      Tensor means,
      Tensor rstd,
      Tensor gradient,
      @Nullable Tensor inGradient,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    fixed = given;
    x = in;
    mean = means;
    dY = gradient;
    dX = inGradient;
    channels = gain.size();
    pixels = in.columns() / channels;
    blocks.set(in.rows(), NormColumns.rows(in.columns()));
    double[] held = Scratch.get().doubles(Scratch.HELD, Math.max(1, blocks.count) * 2 * channels);
    sums = held;
    try {
      if (!fixed || dGain != null) {
        summing = true;
        Parallel.run(this, blocks.count, 4L * in.size());
        RowBlocks.total(held, blocks.count, 2 * channels);
      }
      setCoefficients(held, gain, rstd);
      if (dX != null) {
        summing = false;
        Parallel.run(this, blocks.count, 3L * in.size());
      }
    } finally {
      forget();
    }
    if (dGain != null && dBias != null) {
      for (int c = 0; c < channels; c++) {
        held[channels + c] *= rstd.array()[rstd.offset() + c];
      }
      RowBlocks.accumulate(held, 0, dBias);
      RowBlocks.accumulate(held, channels, dGain);
    }
  }

  private void setCoefficients(double[] held, Tensor gain, Tensor rstd) {
    float[] c = Scratch.get().floats(Scratch.HELD, 3 * channels);
    double n = Math.max(1, (double) x.rows() * pixels);
    for (int i = 0; i < channels; i++) {
      double s = rstd.array()[rstd.offset() + i];
      c[i] = (float) (held[i] / n);
      c[channels + i] = (float) (held[channels + i] * s * s / n);
      c[2 * channels + i] = (float) (s * gain.array()[gain.offset() + i]);
    }
    coefficients = c;
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    mean = Tensor.EMPTY;
    dY = Tensor.EMPTY;
    dX = null;
    sums = NONE;
    coefficients = NO_COEFFICIENTS;
  }

  @Override
  public void run(int block) {
    int first = blocks.first(block);
    int end = blocks.end(block);
    int at = block * 2 * channels;
    if (summing && pixels == 1) {
      columnSums(at, first, end);
    } else if (summing) {
      imageSums(at, first, end);
    } else if (dX != null) {
      for (int r = first; r < end; r++) {
        gradient(r, dX);
      }
    }
  }

  private void columnSums(int at, int first, int end) {
    float[] sum = Scratch.get().floats(0, channels);
    float[] slope = Scratch.get().floats(1, channels);
    Arrays.fill(sums, at, at + 2 * channels, 0);
    for (int r = first; r < end; r += blocks.chunk) {
      int rows = Math.min(blocks.chunk, end - r);
      int from = x.offset() + r * channels;
      int g = dY.offset() + r * channels;
      NormColumns.slopes(
          x.array(), from, dY.array(), g, rows, channels, mean.array(), mean.offset(), sum, slope);
      for (int c = 0; c < channels; c++) {
        sums[at + c] += sum[c];
        sums[at + channels + c] += slope[c];
      }
    }
  }

  private void imageSums(int at, int first, int end) {
    float[] lanes = Scratch.get().floats(0, SimdMath.L);
    Arrays.fill(sums, at, at + 2 * channels, 0);
    for (int r = first; r < end; r++) {
      for (int c = 0; c < channels; c++) {
        int i = (r * channels + c) * pixels;
        int g = dY.offset() + i;
        float m = mean.array()[mean.offset() + c];
        sums[at + c] += Lanes.sum(dY.array(), g, pixels, lanes);
        sums[at + channels + c] +=
            NormRows.slope(x.array(), x.offset() + i, m, dY.array(), g, pixels, lanes);
      }
    }
  }

  private void gradient(int r, Tensor to) {
    float[] c = coefficients;
    int row = r * channels * pixels;
    int from = x.offset() + row;
    int g = dY.offset() + row;
    int o = to.offset() + row;
    float[] m = mean.array();
    int mAt = mean.offset();
    if (pixels == 1 && fixed) {
      NormColumns.addScaled(dY.array(), g, c, 2 * channels, to.array(), o, channels);
    } else if (pixels == 1) {
      NormColumns.gradient(x.array(), from, m, mAt, c, dY.array(), g, to.array(), o, channels);
    } else {
      for (int i = 0; i < channels; i++) {
        imageGradient(i, from + i * pixels, g + i * pixels, m[mAt + i], to.array(), o + i * pixels);
      }
    }
  }

  private void imageGradient(int i, int from, int g, float m, float[] out, int to) {
    float[] c = coefficients;
    float scale = c[2 * channels + i];
    if (fixed) {
      NormRows.addScaled(dY.array(), g, scale, out, to, pixels);
    } else {
      float slope = c[channels + i];
      NormRows.gradient(x.array(), from, m, slope, dY.array(), g, c[i], scale, out, to, pixels);
    }
  }
}
