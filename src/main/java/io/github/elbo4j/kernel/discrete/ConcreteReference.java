package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Gradients;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Sizes;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Upstream;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ConcreteKernels} in double: the law. A sample's density is that of {@link #logDensity}, by
 * definition, and its gradient follows by the chain rule; the mathematics is in {@link ConcreteLaw}
 * and {@link BinaryConcreteLaw}.
 */
public final class ConcreteReference extends ConcreteKernels {
  private static Sizes sizes(Tensor logAlpha, Tensor sample, int categories) {
    int k = logAlpha.rows() == 0 ? 1 : sample.rows() / logAlpha.rows();
    return new Sizes(k, logAlpha.columns(), categories);
  }

  @Override
  protected void doGumbelMax(
      Tensor logAlpha,
      int categories,
      NoiseKey noise,
      @Nullable Tensor oneHot,
      @Nullable Tensor index) {
    int variables = logAlpha.columns() / categories;
    int rows = oneHot != null ? oneHot.rows() : index != null ? index.rows() : 0;
    int k = logAlpha.rows() == 0 ? 1 : rows / logAlpha.rows();
    double[] u = ConcreteLaw.uniforms(noise, rows * variables * categories);
    Sizes s = new Sizes(k, logAlpha.columns(), categories);
    double[] d =
        ConcreteLaw.argmax(ConcreteLaw.perturbed(Doubles.read(logAlpha), u, s), categories);
    Doubles.write(d, index);
    Doubles.write(ConcreteLaw.oneHot(d, categories), oneHot);
  }

  @Override
  protected void doSample(
      Tensor logAlpha,
      int categories,
      float tau,
      NoiseKey noise,
      Tensor logY,
      @Nullable Tensor y,
      @Nullable Tensor oneHot,
      @Nullable Tensor logQ) {
    Sizes s = sizes(logAlpha, logY, categories);
    double[] logits = Doubles.read(logAlpha);
    double[] u = ConcreteLaw.uniforms(noise, logY.size());
    double[] z = ConcreteLaw.perturbed(logits, u, s);
    double[] sample = ConcreteLaw.logSoftmax(z, tau, categories);
    Doubles.write(sample, logY);
    Doubles.write(ConcreteLaw.exps(sample), y);
    Doubles.write(ConcreteLaw.oneHot(ConcreteLaw.argmax(z, categories), categories), oneHot);
    Doubles.write(ConcreteLaw.logDensity(logits, tau, sample, false, s, logY.rows()), logQ);
  }

  @Override
  protected void doSampleBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      @Nullable Tensor dLogY,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    double[] logits = Doubles.read(logAlpha);
    double[] sample = Doubles.read(logY);
    Gradients g = Gradients.zeros(logits, sample);
    ConcreteLaw.sampleBackward(
        logits,
        tau,
        sample,
        upstream(dLogY, dY, dLogQ),
        stickTheLanding,
        sizes(logAlpha, logY, categories),
        g);
    accumulate(g, dLogAlpha, null, dTau);
  }

  private static Upstream upstream(
      @Nullable Tensor dLogY, @Nullable Tensor dY, @Nullable Tensor dLogQ) {
    return new Upstream(
        Doubles.readOptional(dLogY), Doubles.readOptional(dY), Doubles.readOptional(dLogQ));
  }

  private static void accumulate(
      Gradients g, @Nullable Tensor dLogAlpha, @Nullable Tensor dSample, @Nullable Tensor dTau) {
    Doubles.accumulate(g.logAlpha(), dLogAlpha);
    Doubles.accumulate(g.sample(), dSample);
    Doubles.accumulate(g.tau(), dTau);
  }

  @Override
  protected void doLogDensity(
      Tensor logAlpha, int categories, float tau, Tensor logY, boolean ofY, Tensor logDensity) {
    Sizes s = sizes(logAlpha, logY, categories);
    Doubles.write(
        ConcreteLaw.logDensity(
            Doubles.read(logAlpha), tau, Doubles.read(logY), ofY, s, logY.rows()),
        logDensity);
  }

  @Override
  protected void doLogDensityBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogY,
      @Nullable Tensor dTau) {
    double[] logits = Doubles.read(logAlpha);
    double[] sample = Doubles.read(logY);
    Gradients g = Gradients.zeros(logits, sample);
    ConcreteLaw.logDensityBackward(
        logits, tau, sample, ofY, Doubles.read(dLogDensity), sizes(logAlpha, logY, categories), g);
    accumulate(g, dLogAlpha, dLogY, dTau);
  }

  @Override
  protected void doConditional(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor index,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor logY) {
    double[] perturbed =
        ConcreteLaw.conditional(
            Doubles.read(logAlpha),
            Doubles.read(index),
            ConcreteLaw.uniforms(noise, z.size()),
            sizes(logAlpha, z, categories));
    Doubles.write(perturbed, z);
    Doubles.write(ConcreteLaw.logSoftmax(perturbed, tau, categories), logY);
  }

  @Override
  protected void doConditionalBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor z,
      @Nullable Tensor logY,
      @Nullable Tensor dz,
      @Nullable Tensor dLogY,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    double[] logits = Doubles.read(logAlpha);
    double[] perturbed = Doubles.read(z);
    Gradients g = Gradients.zeros(logits, perturbed);
    ConcreteLaw.conditionalBackward(
        logits,
        tau,
        perturbed,
        Doubles.readOptional(logY),
        Doubles.readOptional(dz),
        Doubles.readOptional(dLogY),
        sizes(logAlpha, z, categories),
        g);
    accumulate(g, dLogAlpha, null, dTau);
  }

  @Override
  protected void doBinarySample(
      Tensor logAlpha,
      float tau,
      NoiseKey noise,
      Tensor logit,
      @Nullable Tensor y,
      @Nullable Tensor hard,
      @Nullable Tensor logQ) {
    Sizes s = sizes(logAlpha, logit, 1);
    double[] logits = Doubles.read(logAlpha);
    double[] u = ConcreteLaw.uniforms(noise, logit.size());
    double[] sample = BinaryConcreteLaw.sample(logits, tau, u, s);
    Doubles.write(sample, logit);
    Doubles.write(BinaryConcreteLaw.logDensity(logits, tau, sample, false, s, logit.rows()), logQ);
    double[] relaxed = new double[sample.length];
    double[] rounded = new double[sample.length];
    for (int i = 0; i < sample.length; i++) {
      relaxed[i] = ReferenceMath.sigmoid(sample[i]);
      rounded[i] = BinaryConcreteLaw.hard(sample[i]);
    }
    Doubles.write(relaxed, y);
    Doubles.write(rounded, hard);
  }

  @Override
  protected void doBinarySampleBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      @Nullable Tensor dLogit,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    double[] logits = Doubles.read(logAlpha);
    double[] sample = Doubles.read(logit);
    Gradients g = Gradients.zeros(logits, sample);
    BinaryConcreteLaw.sampleBackward(
        logits,
        tau,
        sample,
        upstream(dLogit, dY, dLogQ),
        stickTheLanding,
        sizes(logAlpha, logit, 1),
        g);
    accumulate(g, dLogAlpha, null, dTau);
  }

  @Override
  protected void doBinaryLogDensity(
      Tensor logAlpha, float tau, Tensor logit, boolean ofY, Tensor logDensity) {
    Sizes s = sizes(logAlpha, logit, 1);
    Doubles.write(
        BinaryConcreteLaw.logDensity(
            Doubles.read(logAlpha), tau, Doubles.read(logit), ofY, s, logit.rows()),
        logDensity);
  }

  @Override
  protected void doBinaryLogDensityBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogit,
      @Nullable Tensor dTau) {
    double[] logits = Doubles.read(logAlpha);
    double[] sample = Doubles.read(logit);
    Gradients g = Gradients.zeros(logits, sample);
    BinaryConcreteLaw.logDensityBackward(
        logits, tau, sample, ofY, Doubles.read(dLogDensity), sizes(logAlpha, logit, 1), g);
    accumulate(g, dLogAlpha, dLogit, dTau);
  }
}
