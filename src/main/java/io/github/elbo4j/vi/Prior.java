package io.github.elbo4j.vi;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;

/** The distribution p(z) of the latents before any data are seen. */
public interface Prior {
  /**
   * Draws latents.
   *
   * @param z written, [R,D]
   */
  void sample(Backend kernels, NoiseKey noise, Tensor z);

  /**
   * N(0, I), whose KL from a diagonal Gaussian posterior is known in closed form (KERNELS.md §1).
   */
  static Prior standardNormal() {
    return (kernels, noise, z) -> kernels.random().normal(noise, 0, z);
  }
}
