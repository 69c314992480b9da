package io.github.elbo4j.kernel.pixels;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;

/** The law for {@link PixelsKernels}: one pixel at a time. In float32, since results are exact. */
public final class PixelsReference extends PixelsKernels {
  /** The number in [0,1] of an unsigned byte. */
  public static float scale(byte x) {
    return (x & 0xFF) / 255f;
  }

  /** The binary draw of element {@code index} with the pixel as its probability. */
  public static float binarize(NoiseKey key, long index, byte x) {
    return Philox.uniform(Philox.bits(key, index)) < scale(x) ? 1 : 0;
  }

  @Override
  protected void doScale(ByteTensor x, Tensor out) {
    for (int i = 0; i < x.size(); i++) {
      out.array()[out.offset() + i] = scale(x.array()[x.offset() + i]);
    }
  }

  @Override
  protected void doBinarize(NoiseKey key, long first, ByteTensor x, Tensor out) {
    for (int i = 0; i < x.size(); i++) {
      out.array()[out.offset() + i] = binarize(key, first + i, x.array()[x.offset() + i]);
    }
  }
}
