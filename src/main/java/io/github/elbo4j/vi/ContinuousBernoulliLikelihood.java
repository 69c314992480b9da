package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.DensityOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Independent continuous Bernoulli pixels from logits (Loaiza-Ganem and Cunningham 2019; KERNELS.md
 * §3): a density on [0,1], unlike the Bernoulli's for grey pixels, whose log p(x|z) may therefore
 * be above 0.
 */
final class ContinuousBernoulliLikelihood implements Likelihood {
  private static final String LOGITS = "likelihood.logits";

  /** Means closer to 0 or 1 need logits beyond ±50, a steep place to start from. */
  private static final double CLIP = 0.02;

  private final Dense logits;

  /** The likelihood whose parameters {@link #declare} put there. */
  ContinuousBernoulliLikelihood(Parameters parameters) {
    logits = new Dense(parameters, LOGITS, Activation.NONE);
  }

  /** Declares the head on a decoder of width {@code in}; it starts at the mean picture. */
  static void declare(Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
    Initializer bias = Initializer.zeros();
    if (dataMeans != null) {
      float[] start = new float[dataMeans.length];
      for (int i = 0; i < start.length; i++) {
        start[i] = (float) logit(Math.clamp(dataMeans[i], CLIP, 1 - CLIP));
      }
      bias = Initializer.of(start);
    }
    Dense.declare(builder, LOGITS, in, data, Initializer.fanInUniform(), bias);
  }

  /** The logit l of a mean: {@code mean = 1/(1 − exp(−l)) − 1/l}, which rises with l. */
  private static double logit(double mean) {
    double low = -100;
    double high = 100;
    while (high - low > 1e-9) {
      double l = (low + high) / 2;
      double there = Math.abs(l) < 1e-4 ? 0.5 + l / 12 : -1 / Math.expm1(-l) - 1 / l;
      if (there < mean) {
        low = l;
      } else {
        high = l;
      }
    }
    return low;
  }

  @Override
  public Var logLik(Tape tape, Var h, Observed data) {
    return DensityOps.continuousBernoulli(tape, logits.forward(tape, h), data.x().value());
  }

  /**
   * The mean, through which no gradient passes. It is what the derivative of log p to a logit, x −
   * E[x|z], lacks at x = 0.
   */
  @Override
  public Var mean(Tape tape, Var h) {
    Var l = logits.forward(tape, h);
    int rows = l.value().rows();
    int columns = l.value().columns();
    Tensor zeros = filled(tape, tape.arena().take(rows, columns), 0);
    Tensor mean = filled(tape, tape.arena().take(rows, columns), 0);
    Tensor minus = filled(tape, tape.arena().take(rows), -1);
    tape.backend().likelihood().continuousBernoulliBackward(l.value(), zeros, minus, mean);
    return Var.constant(mean);
  }

  private static Tensor filled(Tape tape, Tensor t, float value) {
    tape.backend().memory().fill(t, value);
    return t;
  }
}
