package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of layer normalisation over blocks of rows. The sums for gain and bias are float32 over
 * a few rows, then double.
 */
final class LayerNormBackward extends KernelTask {
  private static final int L = SimdMath.L;
  private static final double[] NONE = {};

  private Tensor x = Tensor.EMPTY;
  private Tensor gain = Tensor.EMPTY;
  private Tensor mean = Tensor.EMPTY;
  private Tensor rstd = Tensor.EMPTY;
  private Tensor dY = Tensor.EMPTY;
  private @Nullable Tensor dX;
  private boolean summed;
  private int d;
  private final RowBlocks blocks = new RowBlocks();

  /** For each block Σ dY, then Σ dY·n, of each column. */
  private double[] sums = NONE;

  void run(
      Tensor in,
      Tensor g,
      Tensor means,
      Tensor rstds,
      Tensor gradient,
      @Nullable Tensor inGradient,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    x = in;
    gain = g;
    mean = means;
    rstd = rstds;
    dY = gradient;
    dX = inGradient;
    summed = dGain != null;
    d = in.columns();
    blocks.set(in.rows(), NormColumns.rows(d));
    double[] held = Scratch.get().doubles(Scratch.HELD, Math.max(1, blocks.count) * 2 * d);
    sums = held;
    int parts = blocks.count;
    fork(parts, 6L * in.size());
    if (dGain != null && dBias != null) {
      RowBlocks.total(held, parts, 2 * d);
      RowBlocks.accumulate(held, 0, dBias);
      RowBlocks.accumulate(held, d, dGain);
    }
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    gain = Tensor.EMPTY;
    mean = Tensor.EMPTY;
    rstd = Tensor.EMPTY;
    dY = Tensor.EMPTY;
    dX = null;
    sums = NONE;
  }

  @Override
  public void run(int block) {
    int at = block * 2 * d;
    Arrays.fill(sums, at, at + 2 * d, 0);
    float[] chunk = Scratch.get().floats(0, 2 * d);
    float[] lanes = Scratch.get().floats(1, 2 * Lanes.ROWS * L);
    int end = blocks.end(block);
    for (int r0 = blocks.first(block); r0 < end; r0 += blocks.chunk) {
      int rows = Math.min(blocks.chunk, end - r0);
      if (dX != null) {
        gradients(r0, rows, dX, lanes);
      }
      if (summed) {
        parameters(r0, rows, chunk);
        for (int i = 0; i < 2 * d; i++) {
          sums[at + i] += chunk[i];
        }
      }
    }
  }

  private void parameters(int r0, int rows, float[] chunk) {
    NormColumns.layerParameters(
        x.array(),
        x.offset() + r0 * d,
        mean.array(),
        mean.offset() + r0,
        rstd.array(),
        rstd.offset() + r0,
        dY.array(),
        dY.offset() + r0 * d,
        rows,
        chunk,
        d);
  }

  /** The gradients of some rows; none waits for the lanes of the one before. */
  private void gradients(int r0, int rows, Tensor to, float[] lanes) {
    int from = x.offset() + r0 * d;
    int g = dY.offset() + r0 * d;
    int m = mean.offset() + r0;
    if (d > Lanes.CHUNK) {
      for (int r = 0; r < rows; r++) {
        double shift = 0;
        double slope = 0;
        for (int i = 0; i < d; i += Lanes.CHUNK) {
          layerSums(from + r * d + i, m + r, g + r * d + i, i, 1, lanes);
          shift += Lanes.sum(lanes, 0);
          slope += Lanes.sum(lanes, L);
        }
        gradient(r0 + r, to, shift, slope);
      }
      return;
    }
    layerSums(from, m, g, 0, rows, lanes);
    for (int r = 0; r < rows; r++) {
      gradient(r0 + r, to, Lanes.sum(lanes, 2 * r * L), Lanes.sum(lanes, (2 * r + 1) * L));
    }
  }

  private void layerSums(int from, int m, int g, int i, int rows, float[] lanes) {
    int n = Math.min(Lanes.CHUNK, d - i);
    int w = gain.offset() + i;
    NormColumns.layerSums(
        x.array(), from, mean.array(), m, dY.array(), g, gain.array(), w, rows, n, lanes);
  }

  private void gradient(int r, Tensor to, double shift, double slope) {
    float s = rstd.array()[rstd.offset() + r];
    NormColumns.layerGradient(
        x.array(),
        x.offset() + r * d,
        mean.array()[mean.offset() + r],
        s,
        (float) (shift / d),
        (float) (slope * s * s / d),
        dY.array(),
        dY.offset() + r * d,
        gain.array(),
        gain.offset(),
        to.array(),
        to.offset() + r * d,
        d);
  }
}
