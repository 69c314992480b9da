package io.github.elbo4j.kernel.pixels;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;

/**
 * Unsigned bytes, which is how images are kept, as float32. Both results are equal to the bit on
 * every backend, so that data does not depend on where it is read.
 */
public abstract class PixelsKernels {
  /**
   * {@code out = x / 255}, the float32 nearest to the quotient; in [0,1].
   *
   * @param x read, [rows, columns]
   * @param out written, the shape of {@code x}
   */
  public final void scale(ByteTensor x, Tensor out) {
    Checks.shape("scale", "out", out, x.rows(), x.columns());
    doScale(x, out);
  }

  /**
   * Binary draws with the pixels as probabilities: {@code out[i] = 1} where {@code u < x[i]/255},
   * else 0, with u the uniform of element {@code first + i} ({@link
   * io.github.elbo4j.kernel.random.RandomKernels#uniform}). A pixel of 0 always gives 0, one of 255
   * always 1 (Salakhutdinov and Murray 2008).
   *
   * @param key names the noise
   * @param first index of the noise of the first pixel, &gt;= 0
   * @param x read, [rows, columns]
   * @param out written, the shape of {@code x}
   */
  public final void binarize(NoiseKey key, long first, ByteTensor x, Tensor out) {
    if (first < 0) {
      throw Checks.fail("binarize", "first " + first + " must be >= 0");
    }
    Checks.shape("binarize", "out", out, x.rows(), x.columns());
    doBinarize(key, first, x, out);
  }

  protected abstract void doScale(ByteTensor x, Tensor out);

  protected abstract void doBinarize(NoiseKey key, long first, ByteTensor x, Tensor out);
}
