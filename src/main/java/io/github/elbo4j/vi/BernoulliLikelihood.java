package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.LikelihoodOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/** Independent Bernoulli pixels from logits (KERNELS.md §2). */
public final class BernoulliLikelihood implements Likelihood {
  /**
   * Means are kept this far from 0 and 1 before their logit becomes the output bias (Burda et al.
   * 2016).
   */
  private static final double CLIP = 1e-3;

  private final Dense logits;

  /** The likelihood whose parameters {@link #declare} put there. */
  public BernoulliLikelihood(Parameters parameters) {
    logits = new Dense(parameters, "likelihood.logits", Activation.NONE);
  }

  /**
   * Declares the head on a decoder of width {@code in}.
   *
   * @param dataMeans mean of each data dimension in [0,1]: the bias starts at its logit, so that
   *     the untrained model already knows the mean picture; null for zeros
   */
  public static void declare(
      Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
    Initializer bias = dataMeans == null ? Initializer.zeros() : Initializer.of(logits(dataMeans));
    Dense.declare(builder, "likelihood.logits", in, data, Initializer.fanInUniform(), bias);
  }

  private static float[] logits(double[] means) {
    float[] logits = new float[means.length];
    for (int i = 0; i < logits.length; i++) {
      double p = Math.clamp(means[i], CLIP, 1 - CLIP);
      logits[i] = (float) Math.log(p / (1 - p));
    }
    return logits;
  }

  @Override
  public Var logLik(Tape tape, Var h, Observed data) {
    return LikelihoodOps.bernoulli(tape, logits.forward(tape, h), data.x().value());
  }

  @Override
  public Var mean(Tape tape, Var h) {
    return logits.forward(tape, h, Activation.SIGMOID);
  }
}
