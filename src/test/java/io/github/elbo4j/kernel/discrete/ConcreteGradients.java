package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Gradients;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Sizes;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Upstream;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import java.util.List;

/** Gradient checks of the family's reference. */
final class ConcreteGradients {
  private static final int B = 2;
  private static final int K = 3;
  private static final int N = 2;
  private static final int C = 4;
  private static final Sizes S = new Sizes(K, N * C, C);
  private static final Sizes BINARY = new Sizes(K, N * C, 1);
  private static final int R = B * K;
  private static final double TAU = 0.7;

  private static final double[] LOGITS = GradCheck.random(1, B * N * C, 1);
  private static final double[] U = ConcreteLaw.uniforms(new NoiseKey(3, 1), R * N * C);
  private static final double[] LOG_Y = GradCheck.random(2, R * N * C, 1);
  private static final double[] TO_LOG_Y = GradCheck.random(3, R * N * C, 1);
  private static final double[] TO_Y = GradCheck.random(4, R * N * C, 1);
  private static final double[] TO_ROW = GradCheck.random(5, R, 1);

  private ConcreteGradients() {}

  static List<GradCase> all() {
    return List.of(
        new GradCase("concrete.sampleBackward", "pathwise", () -> sample(false)),
        new GradCase("concrete.sampleBackward", "stl", () -> sample(true)),
        new GradCase("concrete.logDensityBackward", "of logY", () -> density(false)),
        new GradCase("concrete.logDensityBackward", "of y", () -> density(true)),
        new GradCase("concrete.conditionalBackward", "z and logY", ConcreteGradients::conditional),
        new GradCase("concrete.binarySampleBackward", "pathwise", () -> binarySample(false)),
        new GradCase("concrete.binarySampleBackward", "stl", () -> binarySample(true)),
        new GradCase("concrete.binaryLogDensityBackward", "of the logit", () -> binary(false)),
        new GradCase("concrete.binaryLogDensityBackward", "of y", () -> binary(true)));
  }

  /** Under stl the density keeps the parameters of the point it is taken at. */
  private static double sampled(double[] logits, double tau, boolean stl) {
    double[] logY = ConcreteLaw.logSoftmax(ConcreteLaw.perturbed(logits, U, S), tau, C);
    double[] logQ =
        ConcreteLaw.logDensity(stl ? LOGITS : logits, stl ? TAU : tau, logY, false, S, R);
    return GradCheck.dot(TO_LOG_Y, logY)
        + GradCheck.dot(TO_Y, ConcreteLaw.exps(logY))
        + GradCheck.dot(TO_ROW, logQ);
  }

  private static void sample(boolean stl) {
    double[] logY = ConcreteLaw.logSoftmax(ConcreteLaw.perturbed(LOGITS, U, S), TAU, C);
    Gradients g = Gradients.zeros(LOGITS, logY);
    Upstream up = new Upstream(TO_LOG_Y, TO_Y, TO_ROW);
    ConcreteLaw.sampleBackward(LOGITS, TAU, logY, up, stl, S, g);
    GradCheck.check("dLogAlpha", LOGITS, g.logAlpha(), x -> sampled(x, TAU, stl));
    GradCheck.check("dTau", new double[] {TAU}, g.tau(), t -> sampled(LOGITS, t[0], stl));
  }

  private static double weighed(double[] logits, double tau, double[] logY, boolean ofY) {
    return GradCheck.dot(TO_ROW, ConcreteLaw.logDensity(logits, tau, logY, ofY, S, R));
  }

  private static void density(boolean ofY) {
    Gradients g = Gradients.zeros(LOGITS, LOG_Y);
    ConcreteLaw.logDensityBackward(LOGITS, TAU, LOG_Y, ofY, TO_ROW, S, g);
    GradCheck.check("dLogAlpha", LOGITS, g.logAlpha(), x -> weighed(x, TAU, LOG_Y, ofY));
    GradCheck.check("dLogY", LOG_Y, g.sample(), y -> weighed(LOGITS, TAU, y, ofY));
    GradCheck.check("dTau", new double[] {TAU}, g.tau(), t -> weighed(LOGITS, t[0], LOG_Y, ofY));
  }

  private static double conditioned(double[] logits, double tau, double[] index) {
    double[] z = ConcreteLaw.conditional(logits, index, U, S);
    return GradCheck.dot(TO_Y, z) + GradCheck.dot(TO_LOG_Y, ConcreteLaw.logSoftmax(z, tau, C));
  }

  private static void conditional() {
    double[] index = new double[R * N];
    for (int i = 0; i < index.length; i++) {
      index[i] = i % C;
    }
    double[] z = ConcreteLaw.conditional(LOGITS, index, U, S);
    double[] logY = ConcreteLaw.logSoftmax(z, TAU, C);
    Gradients g = Gradients.zeros(LOGITS, z);
    ConcreteLaw.conditionalBackward(LOGITS, TAU, z, logY, TO_Y, TO_LOG_Y, S, g);
    GradCheck.check("dLogAlpha", LOGITS, g.logAlpha(), x -> conditioned(x, TAU, index));
    GradCheck.check("dTau", new double[] {TAU}, g.tau(), t -> conditioned(LOGITS, t[0], index));
  }

  private static double binarySampled(double[] logits, double tau, boolean stl) {
    double[] logit = BinaryConcreteLaw.sample(logits, tau, U, BINARY);
    double[] logQ =
        BinaryConcreteLaw.logDensity(
            stl ? LOGITS : logits, stl ? TAU : tau, logit, false, BINARY, R);
    double sum = GradCheck.dot(TO_LOG_Y, logit) + GradCheck.dot(TO_ROW, logQ);
    for (int i = 0; i < logit.length; i++) {
      sum += TO_Y[i] / (1 + Math.exp(-logit[i]));
    }
    return sum;
  }

  private static void binarySample(boolean stl) {
    double[] logit = BinaryConcreteLaw.sample(LOGITS, TAU, U, BINARY);
    Gradients g = Gradients.zeros(LOGITS, logit);
    Upstream up = new Upstream(TO_LOG_Y, TO_Y, TO_ROW);
    BinaryConcreteLaw.sampleBackward(LOGITS, TAU, logit, up, stl, BINARY, g);
    GradCheck.check("dLogAlpha", LOGITS, g.logAlpha(), x -> binarySampled(x, TAU, stl));
    GradCheck.check("dTau", new double[] {TAU}, g.tau(), t -> binarySampled(LOGITS, t[0], stl));
  }

  private static double binaryWeighed(double[] logits, double tau, double[] logit, boolean ofY) {
    return GradCheck.dot(TO_ROW, BinaryConcreteLaw.logDensity(logits, tau, logit, ofY, BINARY, R));
  }

  private static void binary(boolean ofY) {
    Gradients g = Gradients.zeros(LOGITS, LOG_Y);
    BinaryConcreteLaw.logDensityBackward(LOGITS, TAU, LOG_Y, ofY, TO_ROW, BINARY, g);
    GradCheck.check("dLogAlpha", LOGITS, g.logAlpha(), x -> binaryWeighed(x, TAU, LOG_Y, ofY));
    GradCheck.check("dLogit", LOG_Y, g.sample(), y -> binaryWeighed(LOGITS, TAU, y, ofY));
    GradCheck.check(
        "dTau", new double[] {TAU}, g.tau(), t -> binaryWeighed(LOGITS, t[0], LOG_Y, ofY));
  }
}
