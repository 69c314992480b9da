package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;
import static io.github.elbo4j.kernel.selfcheck.Arguments.N;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;

/** Checks of likelihoods. */
final class LikelihoodChecks {
  private LikelihoodChecks() {}

  static void addTo(Comparison c) {
    c.check("likelihood.bernoulli", LikelihoodChecks::bernoulli);
    for (int[] logVar : new int[][] {{1}, {N}, {B * K, N}}) {
      String name = "likelihood.gaussian logVar " + Shape.of(logVar);
      c.check(name, (k, a) -> gaussianLikelihood(k, a, logVar));
    }
  }

  private static void bernoulli(Backend k, Arguments a) {
    Tensor logits = a.normal(B * K, N);
    ByteTensor x = a.bytes(B, N);
    Tensor g = a.normal(B * K);
    NoiseKey draws = new NoiseKey(3, 3).at(1);
    k.likelihood().bernoulli(logits, x, a.out(B * K));
    k.likelihood().bernoulli(logits, x, draws, a.out(B * K));
    k.likelihood().bernoulliBackward(logits, x, draws, g, a.out(B * K, N));
    Tensor probabilities = Tensor.zeros(B, N);
    k.pixels().scale(x, probabilities);
    k.likelihood().bernoulli(logits, probabilities, a.out(B * K));
    k.likelihood().bernoulliBackward(logits, probabilities, g, a.out(B * K, N));
  }

  private static void gaussianLikelihood(Backend k, Arguments a, int[] shape) {
    Tensor mean = a.normal(B * K, N);
    Tensor x = a.normal(B, N);
    ByteTensor pixels = a.bytes(B, N);
    Tensor logVar = a.normal(shape);
    Tensor g = a.positive(B * K); // a sum over rows must not cancel
    k.likelihood().gaussian(mean, x, logVar, a.out(B * K));
    k.likelihood().gaussianBackward(mean, x, logVar, g, a.out(B * K, N), a.out(shape));
    k.likelihood().gaussian(mean, pixels, logVar, a.out(B * K));
    k.likelihood().gaussianBackward(mean, pixels, logVar, g, a.out(B * K, N), a.out(shape));
  }
}
