package io.github.elbo4j.kernel.random;

import io.github.elbo4j.kernel.Doubles;
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

  /** What element {@code index} is multiplied by: see {@link RandomKernels#dropout}. */
  static double mask(NoiseKey key, long index, float p) {
    return Philox.uniform(Philox.bits(key, index)) < p ? 0 : 1 / (1 - (double) p);
  }

  /** x·mask. */
  static double[] dropped(double[] x, float p, NoiseKey noise) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = x[i] * mask(noise, i, p);
    }
    return y;
  }

  @Override
  protected void doDropout(Tensor x, float p, NoiseKey noise, Tensor y) {
    Doubles.write(dropped(Doubles.read(x), p, noise), y);
  }

  @Override
  protected void doDropoutBackward(Tensor dY, float p, NoiseKey noise, Tensor dX) {
    Doubles.accumulate(dropped(Doubles.read(dY), p, noise), dX);
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
