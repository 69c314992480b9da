package io.github.elbo4j.kernel.pixels;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link PixelsKernels} on vectors, large arrays cut into blocks for the team of threads. */
public final class PixelsSimd extends PixelsKernels {
  private static final ThreadLocal<Fill> FILL = ThreadLocal.withInitial(Fill::new);

  @Override
  protected void doScale(ByteTensor x, Tensor out) {
    FILL.get().run(null, 0, x, out);
  }

  @Override
  protected void doBinarize(NoiseKey key, long first, ByteTensor x, Tensor out) {
    FILL.get().run(key, first, x, out);
  }

  private static final class Fill extends KernelTask {
    private static final int BLOCK = 16384;
    private static final byte[] NO_PIXELS = {};
    private static final float[] NONE = {};

    private @Nullable NoiseKey key;
    private long first;
    private byte[] pixels = NO_PIXELS;
    private int pixelsFrom;
    private float[] out = NONE;
    private int outFrom;
    private int n;

    /** Draws when there is noise to draw with, else scales. */
    void run(@Nullable NoiseKey noise, long firstElement, ByteTensor x, Tensor target) {
      key = noise;
      first = firstElement;
      pixels = x.array();
      pixelsFrom = x.offset();
      out = target.array();
      outFrom = target.offset();
      n = x.size();
      fork(Math.ceilDiv(n, BLOCK), (noise == null ? 1L : 10L) * n);
    }

    @Override
    protected void forget() {
      pixels = NO_PIXELS;
      out = NONE;
    }

    @Override
    public void run(int block) {
      int at = block * BLOCK;
      int count = Math.min(BLOCK, n - at);
      if (key == null) {
        PixelRows.scale(pixels, pixelsFrom + at, out, outFrom + at, count);
      } else {
        PixelRows.binarize(key, first + at, pixels, pixelsFrom + at, out, outFrom + at, count);
      }
    }
  }
}
