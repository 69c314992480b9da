package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.dense.DenseSimd;
import io.github.elbo4j.kernel.gaussian.GaussianSimd;
import io.github.elbo4j.kernel.likelihood.LikelihoodSimd;
import io.github.elbo4j.kernel.memory.MemorySimd;
import io.github.elbo4j.kernel.optim.OptimSimd;
import io.github.elbo4j.kernel.pixels.PixelsSimd;
import io.github.elbo4j.kernel.random.RandomSimd;
import io.github.elbo4j.kernel.reduce.ReduceSimd;

/**
 * The Vector API backend. Only loaded where the incubator module is there, see {@link Backends}.
 */
final class SimdBackend {
  private SimdBackend() {}

  static Backend create() {
    return new Backend(
        "simd",
        new MemorySimd(),
        new RandomSimd(),
        new PixelsSimd(),
        new GaussianSimd(),
        new LikelihoodSimd(),
        new DenseSimd(),
        new ReduceSimd(),
        new OptimSimd());
  }

  /** Lanes and bits of the vectors in use. */
  static String description() {
    return SimdMath.L + " lanes of float32, " + SimdMath.F.vectorBitSize() + "-bit vectors";
  }
}
