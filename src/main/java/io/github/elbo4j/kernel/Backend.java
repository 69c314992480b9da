package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.gaussian.GaussianKernels;
import io.github.elbo4j.kernel.likelihood.LikelihoodKernels;
import io.github.elbo4j.kernel.pixels.PixelsKernels;
import io.github.elbo4j.kernel.random.RandomKernels;

/**
 * All kernel families of one implementation.
 *
 * @param name {@code simd} or {@code reference}
 */
public record Backend(
    String name,
    RandomKernels random,
    GaussianKernels gaussian,
    PixelsKernels pixels,
    LikelihoodKernels likelihood) {
  @Override
  public String toString() {
    return name;
  }
}
