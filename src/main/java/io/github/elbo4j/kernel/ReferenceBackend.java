package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.dense.DenseReference;
import io.github.elbo4j.kernel.gaussian.GaussianReference;
import io.github.elbo4j.kernel.likelihood.LikelihoodReference;
import io.github.elbo4j.kernel.memory.MemoryReference;
import io.github.elbo4j.kernel.optim.OptimReference;
import io.github.elbo4j.kernel.pixels.PixelsReference;
import io.github.elbo4j.kernel.random.RandomReference;
import io.github.elbo4j.kernel.reduce.ReduceReference;

/** The scalar backend in double: the law that every other backend is measured by. */
final class ReferenceBackend {
  private ReferenceBackend() {}

  static Backend create() {
    return new Backend(
        "reference",
        new MemoryReference(),
        new RandomReference(),
        new PixelsReference(),
        new GaussianReference(),
        new LikelihoodReference(),
        new DenseReference(),
        new ReduceReference(),
        new OptimReference());
  }
}
