package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;
import static io.github.elbo4j.kernel.selfcheck.Arguments.N;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.likelihood.FusedLikelihoodKernels;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;

/** Checks of likelihoods. */
final class LikelihoodChecks {
  private LikelihoodChecks() {}

  static void addTo(Comparison c) {
    c.check("likelihood.bernoulli", LikelihoodChecks::bernoulli);
    c.check("fusedLikelihood", LikelihoodChecks::withGradient);
    for (int[] logVar : new int[][] {{1}, {N}, {B * K, N}}) {
      String name = "likelihood.gaussian logVar " + Shape.of(logVar);
      c.check(name, (k, a) -> gaussianLikelihood(k, a, logVar));
      String shape = " logScale " + Shape.of(logVar);
      c.check("likelihood.laplace" + shape, (k, a) -> laplace(k, a, logVar));
      c.check("levels.discretizedLogistic" + shape, (k, a) -> logistic(k, a, logVar));
    }
    c.check("likelihood.continuousBernoulli", LikelihoodChecks::continuousBernoulli);
    for (int levels : new int[] {5, 50}) {
      c.check("levels.categorical " + levels, (k, a) -> categorical(k, a, levels));
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

  private static void withGradient(Backend k, Arguments a) {
    Tensor output = a.normal(B * K, N);
    ByteTensor pixels = a.bytes(B, N);
    Tensor x = Tensor.zeros(B, N);
    k.pixels().scale(pixels, x);
    Tensor logVar = a.normal(B * K, N);
    Tensor g = a.normal(B * K);
    FusedLikelihoodKernels f = k.fusedLikelihood();
    f.bernoulliWithGradient(output, x, g, a.out(B * K), a.out(B * K, N));
    f.bernoulliWithGradient(output, pixels, g, a.out(B * K), a.out(B * K, N));
    NoiseKey draws = new NoiseKey(3, 3).at(1);
    f.bernoulliWithGradient(output, pixels, draws, g, a.out(B * K), a.out(B * K, N));
    f.gaussianWithGradient(output, x, logVar, g, a.out(B * K), a.out(B * K, N), a.out(B * K, N));
    f.gaussianWithGradient(
        output, pixels, logVar, g, a.out(B * K), a.out(B * K, N), a.out(B * K, N));
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

  private static void continuousBernoulli(Backend k, Arguments a) {
    Tensor logits = a.normal(B * K, N);
    ByteTensor pixels = a.bytes(B, N);
    Tensor x = Tensor.zeros(B, N);
    k.pixels().scale(pixels, x);
    Tensor g = a.normal(B * K);
    k.likelihood().continuousBernoulli(logits, x, a.out(B * K));
    k.likelihood().continuousBernoulli(logits, pixels, a.out(B * K));
    k.likelihood().continuousBernoulliBackward(logits, x, g, a.out(B * K, N));
    k.likelihood().continuousBernoulliBackward(logits, pixels, g, a.out(B * K, N));
  }

  private static void laplace(Backend k, Arguments a, int[] shape) {
    Tensor mean = a.normal(B * K, N);
    Tensor x = a.normal(B, N);
    ByteTensor pixels = a.bytes(B, N);
    Tensor logScale = a.normal(shape);
    Tensor g = a.positive(B * K);
    k.likelihood().laplace(mean, x, logScale, a.out(B * K));
    k.likelihood().laplaceBackward(mean, x, logScale, g, a.out(B * K, N), a.out(shape));
    k.likelihood().laplace(mean, pixels, logScale, a.out(B * K));
    k.likelihood().laplaceBackward(mean, pixels, logScale, g, a.out(B * K, N), a.out(shape));
  }

  private static void logistic(Backend k, Arguments a, int[] shape) {
    Tensor mean = a.normal(B * K, N);
    ByteTensor x = a.bytes(B, N);
    Tensor logScale = a.normal(shape);
    Tensor g = a.positive(B * K);
    k.levels().discretizedLogistic(mean, x, logScale, a.out(B * K));
    k.levels().discretizedLogisticBackward(mean, x, logScale, g, a.out(B * K, N), a.out(shape));
  }

  private static void categorical(Backend k, Arguments a, int levels) {
    Tensor logits = a.normal(B * K, N * levels);
    ByteTensor x = a.bytes(B, N);
    for (int i = 0; i < x.size(); i++) {
      x.array()[i] = (byte) ((x.array()[i] & 255) % levels);
    }
    k.levels().categorical(logits, x, a.out(B * K));
    k.levels().categoricalBackward(logits, x, a.normal(B * K), a.out(B * K, N * levels));
  }
}
