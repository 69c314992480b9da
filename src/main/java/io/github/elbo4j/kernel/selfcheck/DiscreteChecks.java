package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;

/** Checks of discrete latents. */
final class DiscreteChecks {
  private static final int N = 5;
  private static final int C = 11;
  private static final int R = B * K;
  private static final NoiseKey NOISE = new NoiseKey(9, 3).at(2);

  private DiscreteChecks() {}

  static void addTo(Comparison c) {
    c.check("concrete.sample", DiscreteChecks::sample);
    c.check("concrete.logDensity", DiscreteChecks::density);
    c.check("concrete.conditional", DiscreteChecks::conditional);
    c.check("concrete.binarySample", DiscreteChecks::binary);
    c.check("categorical.logProb", DiscreteChecks::logProb);
    c.check("categorical.kl", DiscreteChecks::divergences);
    c.check("categorical.marginalize", DiscreteChecks::marginalize);
  }

  private static void sample(Backend k, Arguments a) {
    Tensor logits = a.normal(B, N * C);
    Tensor logY = a.out(R, N * C);
    k.concrete().gumbelMax(logits, C, NOISE, a.out(R, N * C), a.out(R, N));
    k.concrete().sample(logits, C, 0.7f, NOISE, logY, a.out(R, N * C), a.out(R, N * C), a.out(R));
    k.concrete()
        .sampleBackward(
            logits,
            C,
            0.7f,
            logY,
            a.normal(R, N * C),
            a.normal(R, N * C),
            a.normal(R),
            true,
            a.out(B, N * C),
            a.out(1));
  }

  private static void density(Backend k, Arguments a) {
    Tensor logits = a.normal(B, N * C);
    Tensor logY = a.normal(R, N * C);
    k.concrete().logDensity(logits, C, 0.7f, logY, true, a.out(R));
    k.concrete()
        .logDensityBackward(
            logits, C, 0.7f, logY, true, a.normal(R), a.out(B, N * C), a.out(R, N * C), a.out(1));
  }

  private static void conditional(Backend k, Arguments a) {
    Tensor logits = a.normal(B, N * C);
    Tensor z = a.out(R, N * C);
    Tensor logY = a.out(R, N * C);
    k.concrete().conditional(logits, C, 0.7f, categories(), NOISE, z, logY);
    k.concrete()
        .conditionalBackward(
            logits,
            C,
            0.7f,
            z,
            logY,
            a.normal(R, N * C),
            a.normal(R, N * C),
            a.out(B, N * C),
            a.out(1));
  }

  private static Tensor categories() {
    Tensor index = Tensor.zeros(R, N);
    for (int i = 0; i < index.size(); i++) {
      index.array()[i] = i % C;
    }
    return index;
  }

  private static void binary(Backend k, Arguments a) {
    Tensor logits = a.normal(B, C);
    Tensor logit = a.out(R, C);
    k.concrete().binarySample(logits, 0.7f, NOISE, logit, a.out(R, C), a.out(R, C), a.out(R));
    k.concrete()
        .binarySampleBackward(
            logits,
            0.7f,
            logit,
            a.normal(R, C),
            a.normal(R, C),
            a.normal(R),
            true,
            a.out(B, C),
            a.out(1));
    k.concrete().binaryLogDensity(logits, 0.7f, logit, true, a.out(R));
    k.concrete()
        .binaryLogDensityBackward(
            logits, 0.7f, logit, true, a.normal(R), a.out(B, C), a.out(R, C), a.out(1));
  }

  private static void logProb(Backend k, Arguments a) {
    Tensor logits = a.normal(B, N * C);
    Tensor weights = a.normal(R, N * C);
    k.categorical().logProb(logits, C, categories(), a.out(R));
    k.categorical().logProbBackward(logits, C, categories(), a.normal(R), a.out(B, N * C));
    k.categorical().logProbOfWeights(logits, C, weights, a.out(R));
    k.categorical()
        .logProbOfWeightsBackward(
            logits, C, weights, a.normal(R), a.out(B, N * C), a.out(R, N * C));
  }

  private static void divergences(Backend k, Arguments a) {
    Tensor logits = a.normal(R, N * C);
    Tensor prior = a.normal(B, N * C);
    k.categorical().entropy(logits, C, a.out(R));
    k.categorical().entropyBackward(logits, C, a.normal(R), a.out(R, N * C));
    k.categorical().klToUniform(logits, C, a.out(R));
    k.categorical().kl(logits, C, prior, a.out(R));
    k.categorical().klBackward(logits, C, prior, a.normal(R), a.out(R, N * C), a.out(B, N * C));
  }

  private static void marginalize(Backend k, Arguments a) {
    Tensor responsibilities = a.out(R, N * C);
    k.categorical()
        .marginalize(a.normal(B, N * C), C, a.normal(R, N * C), a.out(R, N), responsibilities);
    k.categorical()
        .marginalizeBackward(responsibilities, C, a.normal(R, N), a.out(B, N * C), a.out(R, N * C));
  }
}
