package io.github.elbo4j.kernel.random;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.tensor.Tensor;
import java.util.Objects;

/**
 * Counter-based noise (KERNELS.md, conventions; Salmon et al. 2011). Element i of an output is
 * element {@code first + i} of the noise array that {@link NoiseKey} names, see {@link Philox}: any
 * part of an array can be drawn at any time, on any backend, by any number of threads.
 */
public abstract class RandomKernels {
  /**
   * The raw 32-bit words, equal on every backend.
   *
   * @param key names the noise
   * @param first index of the first element, &gt;= 0
   * @param out written: {@code out[from] … out[from + n - 1]}
   */
  public final void bits(NoiseKey key, long first, int[] out, int from, int n) {
    checkFirst("bits", first);
    Objects.checkFromIndexSize(from, n, out.length);
    doBits(key, first, out, from, n);
  }

  /**
   * Uniforms {@code u = (k + ½)·2⁻²³} with k the upper 23 bits of the word: in (0,1), never 0 or 1,
   * equal to the bit on every backend.
   *
   * @param out written, any shape
   */
  public final void uniform(NoiseKey key, long first, Tensor out) {
    checkFirst("uniform", first);
    doUniform(key, first, out);
  }

  /**
   * Standard normals by Box–Muller, within 1e-5 of each other on all backends. Of the four words of
   * a block, words 0 and 1 (and 2 and 3) make a pair: radius {@code √(−2 ln u)} from the uniform of
   * the even word, angle {@code θ = ½π·t} with {@code t = odd word · 2⁻³⁰} in [−2, 2) quarter
   * turns; the even element is {@code r cos θ}, the odd {@code r sin θ}. |normal| &lt;= 5.8.
   *
   * @param out written, any shape
   */
  public final void normal(NoiseKey key, long first, Tensor out) {
    checkFirst("normal", first);
    doNormal(key, first, out);
  }

  /**
   * Dropout (Srivastava et al. 2014), scaled so that the expectation stays: {@code y = x·m} with
   * {@code m = 1/(1 − p)} where the element's uniform is &gt;= p, else 0. Element i is kept or not
   * by element i of the uniforms that {@code noise} names, and by nothing else; no mask is stored.
   * A NaN or an infinity that is dropped is NaN, as {@code 0·∞} is.
   *
   * @param x read, any shape
   * @param p probability of dropping an element, in [0,1)
   * @param noise names the uniforms
   * @param y written, the shape of {@code x}; may be {@code x} itself
   */
  public final void dropout(Tensor x, float p, NoiseKey noise, Tensor y) {
    String m = "dropout";
    checkProbability(m, p);
    Checks.same(m, "y", y, "x", x);
    Checks.sameOrDistinct(m, "y", y, "x", x);
    doDropout(x, p, noise, y);
  }

  /**
   * Gradient of {@link #dropout}: {@code dX += dY·m}, with m drawn again.
   *
   * @param dY read, any shape
   * @param p as in the forward pass
   * @param noise as in the forward pass, with its step
   * @param dX accumulated, the shape of {@code dY}
   */
  public final void dropoutBackward(Tensor dY, float p, NoiseKey noise, Tensor dX) {
    String m = "dropoutBackward";
    checkProbability(m, p);
    Checks.same(m, "dX", dX, "dY", dY);
    Checks.distinct(m, "dX", dX, "dY", dY);
    doDropoutBackward(dY, p, noise, dX);
  }

  private static void checkProbability(String method, float p) {
    if (!(p >= 0 && p < 1)) {
      throw Checks.fail(method, "p " + p + " must be in [0,1)");
    }
  }

  private static void checkFirst(String method, long first) {
    if (first < 0) {
      throw Checks.fail(method, "first " + first + " must be >= 0");
    }
  }

  protected abstract void doBits(NoiseKey key, long first, int[] out, int from, int n);

  protected abstract void doUniform(NoiseKey key, long first, Tensor out);

  protected abstract void doNormal(NoiseKey key, long first, Tensor out);

  protected abstract void doDropout(Tensor x, float p, NoiseKey noise, Tensor y);

  protected abstract void doDropoutBackward(Tensor dY, float p, NoiseKey noise, Tensor dX);
}
