package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/**
 * Cases of {@link FusedLikelihoodKernels}. Its reference is that of {@link LikelihoodKernels},
 * whose gradients are checked there.
 */
public final class FusedLikelihoodCases implements FamilyCases {
  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (LikelihoodSizes s : LikelihoodSizes.all()) {
      List<KernelCase> ofSize =
          List.of(
              bernoulli(s), bytes(s, false), bytes(s, true), gaussian(s, false), gaussian(s, true));
      for (KernelCase c : ofSize) {
        cases.add(s.hot() ? c.asHot() : c);
      }
    }
    return cases;
  }

  @Override
  public List<GradCase> gradients() {
    return List.of();
  }

  private static KernelCase bernoulli(LikelihoodSizes s) {
    return KernelCase.of(
        "fusedLikelihood.bernoulliWithGradient",
        s.toString(),
        f -> {
          Tensor logits = BernoulliCases.logits(f, s);
          Tensor x = f.uniform("x", 0, 1, s.b(), s.n());
          Tensor g = f.input("g", s.rows());
          Tensor logLik = f.output("logLik", BernoulliCases.sums(logits), s.rows());
          Tensor dLogits = f.accumulated("dLogits", Tolerance.ELEMENT, s.rows(), s.n());
          return k -> k.fusedLikelihood().bernoulliWithGradient(logits, x, g, logLik, dLogits);
        });
  }

  private static KernelCase bytes(LikelihoodSizes s, boolean drawn) {
    return KernelCase.of(
        "fusedLikelihood.bernoulliBytesWithGradient",
        s + (drawn ? " drawn" : ""),
        f -> {
          Tensor logits = BernoulliCases.logits(f, s);
          ByteTensor x = f.bytes("x", s.b(), s.n());
          Tensor g = f.input("g", s.rows());
          Tensor logLik = f.output("logLik", BernoulliCases.sums(logits), s.rows());
          Tensor dLogits = f.accumulated("dLogits", Tolerance.ELEMENT, s.rows(), s.n());
          NoiseKey key = BernoulliCases.noise();
          return k -> {
            if (drawn) {
              k.fusedLikelihood().bernoulliWithGradient(logits, x, key, g, logLik, dLogits);
            } else {
              k.fusedLikelihood().bernoulliWithGradient(logits, x, g, logLik, dLogits);
            }
          };
        });
  }

  private static KernelCase gaussian(LikelihoodSizes s, boolean pixels) {
    return KernelCase.of(
        pixels
            ? "fusedLikelihood.gaussianBytesWithGradient"
            : "fusedLikelihood.gaussianWithGradient",
        s.toString(),
        f -> {
          Tensor mean = f.input("mean", s.rows(), s.n());
          Tensor x = f.input("x", s.b(), s.n());
          ByteTensor bytes = f.bytes("bytes", s.b(), s.n());
          Tensor logVar = GaussianLikelihoodCases.ownLogVar(f, s);
          Tensor g = f.input("g", s.rows());
          Tolerance sums = GaussianLikelihoodCases.sums(s, mean, logVar);
          Tensor logLik = f.output("logLik", sums, s.rows());
          Tensor dMean = f.accumulated("dMean", Tolerance.GRADIENT, s.rows(), s.n());
          Tensor dLogVar = GaussianLikelihoodCases.ownGradient(f, s, mean, logVar, g);
          return k -> {
            if (pixels) {
              k.fusedLikelihood()
                  .gaussianWithGradient(mean, bytes, logVar, g, logLik, dMean, dLogVar);
            } else {
              k.fusedLikelihood().gaussianWithGradient(mean, x, logVar, g, logLik, dMean, dLogVar);
            }
          };
        });
  }
}
