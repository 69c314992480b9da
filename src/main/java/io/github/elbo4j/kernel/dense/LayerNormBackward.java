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
    float[] lanes = Scratch.get().floats(1, 2 * L);
    int end = blocks.end(block);
    for (int r0 = blocks.first(block); r0 < end; r0 += blocks.chunk) {
      int rows = Math.min(blocks.chunk, end - r0);
      for (int r = r0; dX != null && r < r0 + rows; r++) {
        gradient(r, dX, lanes);
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

  private void gradient(int r, Tensor to, float[] lanes) {
    int from = x.offset() + r * d;
    int g = dY.offset() + r * d;
    float m = mean.array()[mean.offset() + r];
    float s = rstd.array()[rstd.offset() + r];
    double shift = 0;
    double slope = 0;
    for (int i = 0; i < d; i += Lanes.CHUNK) {
      int n = Math.min(Lanes.CHUNK, d - i);
      int w = gain.offset() + i;
      NormColumns.layerSums(x.array(), from + i, m, dY.array(), g + i, gain.array(), w, n, lanes);
      shift += Lanes.sum(lanes, 0);
      slope += Lanes.sum(lanes, L);
    }
    NormColumns.layerGradient(
        x.array(),
        from,
        m,
        s,
        (float) (shift / d),
        (float) (slope * s * s / d),
        dY.array(),
        g,
        gain.array(),
        gain.offset(),
        to.array(),
        to.offset() + r * d,
        d);
  }
}
