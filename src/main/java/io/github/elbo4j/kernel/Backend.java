package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.dense.DenseKernels;
import io.github.elbo4j.kernel.gaussian.GaussianKernels;
import io.github.elbo4j.kernel.likelihood.LikelihoodKernels;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.kernel.optim.OptimKernels;
import io.github.elbo4j.kernel.pixels.PixelsKernels;
import io.github.elbo4j.kernel.random.RandomKernels;
import io.github.elbo4j.kernel.reduce.ReduceKernels;

/**
 * All kernel families of one implementation.
 *
 * @param name {@code simd} or {@code reference}
 */
public record Backend(
    String name,
    MemoryKernels memory,
    RandomKernels random,
    PixelsKernels pixels,
    GaussianKernels gaussian,
    LikelihoodKernels likelihood,
    DenseKernels dense,
    ReduceKernels reduce,
    OptimKernels optim) {
  @Override
  public String toString() {
    return name;
  }
}
