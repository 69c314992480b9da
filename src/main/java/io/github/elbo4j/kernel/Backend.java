package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.dense.DenseKernels;
import io.github.elbo4j.kernel.gaussian.GaussianKernels;
import io.github.elbo4j.kernel.random.RandomKernels;

/**
 * All kernel families of one implementation.
 *
 * @param name {@code simd} or {@code reference}
 */
public record Backend(
    String name, RandomKernels random, GaussianKernels gaussian, DenseKernels dense) {
  @Override
  public String toString() {
    return name;
  }
}
