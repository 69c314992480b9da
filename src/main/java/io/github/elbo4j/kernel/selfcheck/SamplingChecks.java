package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.N;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;

/** Checks of memory, random numbers and pixels. */
final class SamplingChecks {
  private SamplingChecks() {}

  static void addTo(Comparison c) {
    NoiseKey key = new NoiseKey(1, 7).at(3);
    c.check("memory", SamplingChecks::memory);
    c.check("random.bits", (k, a) -> bits(k, a, key));
    c.check("random.uniform", (k, a) -> k.random().uniform(key, 5, a.out(1001)));
    c.check("random.normal", (k, a) -> k.random().normal(key, 5, a.out(1001)));
    c.check("pixels", SamplingChecks::pixels);
  }

  private static void memory(Backend k, Arguments a) {
    Tensor x = a.out(N);
    Tensor y = a.out(N);
    k.memory().swap(x, y);
    k.memory().copy(x, a.out(N));
    k.memory().add(x, y);
    k.memory().fill(a.out(N), 0.5f);
  }

  /** A word as its four bytes, so that a float32 holds it and no tolerance hides a bit. */
  private static void bits(Backend k, Arguments a, NoiseKey key) {
    int[] words = new int[N];
    k.random().bits(key, 5, words, 0, N);
    Tensor out = a.out(N, 4);
    for (int i = 0; i < out.size(); i++) {
      out.array()[i] = (words[i / 4] >>> (8 * (i % 4))) & 255;
    }
  }

  private static void pixels(Backend k, Arguments a) {
    ByteTensor x = a.bytes(B, N);
    k.pixels().scale(x, a.out(B, N));
    k.pixels().binarize(new NoiseKey(1, 2).at(4), 0, x, a.out(B, N));
  }
}
