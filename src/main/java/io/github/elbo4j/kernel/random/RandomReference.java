package io.github.elbo4j.kernel.random;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.tensor.Tensor;

/** The law for {@link RandomKernels}: one element at a time, normals in double. */
public final class RandomReference extends RandomKernels {
  @Override
  protected void doBits(NoiseKey key, long first, int[] out, int from, int n) {
    for (int i = 0; i < n; i++) {
      out[from + i] = Philox.bits(key, first + i);
    }
  }

  @Override
  protected void doUniform(NoiseKey key, long first, Tensor out) {
    for (int i = 0; i < out.size(); i++) {
      out.array()[out.offset() + i] = Philox.uniform(Philox.bits(key, first + i));
    }
  }

  @Override
  protected void doNormal(NoiseKey key, long first, Tensor out) {
    for (int i = 0; i < out.size(); i++) {
      out.array()[out.offset() + i] = (float) normal(key, first + i);
    }
  }

  /** The normal of element {@code index}: see {@link RandomKernels#normal}. */
  public static double normal(NoiseKey key, long index) {
    boolean odd = (index & 16) != 0; // elements 64g + 16w + j: bit 4 is the parity of the word
    long even = index & ~16L;
    double radius = Math.sqrt(-2 * Math.log(Philox.uniform(Philox.bits(key, even))));
    double angle = 0.5 * Math.PI * 0x1p-30 * Philox.bits(key, even | 16);
    return radius * (odd ? Math.sin(angle) : Math.cos(angle));
  }
}
