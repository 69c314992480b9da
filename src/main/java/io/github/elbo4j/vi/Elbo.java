package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;

/**
 * The negative evidence lower bound with the analytic KL (Kingma and Welling 2014), weighted as in
 * the β-VAE (Higgins et al. 2017), warmed up (Sønderby et al. 2016), with free bits (Kingma et al.
 * 2016):
 *
 * <pre>
 * loss = −mean_b log p(x|z) + β(step)·KL        β(step) = β·min(1, step/warmupSteps)
 * KL   = mean_b kl[b], or with free bits Σ_d max(λ, mean_b kl[b,d])
 * </pre>
 *
 * @param beta weight of the KL, &gt;= 0; 1 is the ELBO
 * @param warmupSteps steps over which the weight grows linearly from 0; 0 for none
 * @param freeBits λ, nats of KL a latent dimension that cost nothing; 0 for none
 */
public record Elbo(double beta, long warmupSteps, double freeBits) implements Objective {
  public Elbo {
    if (!(beta >= 0) || beta == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("Elbo: beta " + beta + " must be finite and >= 0");
    }
    if (warmupSteps < 0) {
      throw new IllegalArgumentException("Elbo: warmupSteps " + warmupSteps + " must be >= 0");
    }
    if (!(freeBits >= 0) || freeBits == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("Elbo: freeBits " + freeBits + " must be finite and >= 0");
    }
  }

  /**
   * Reads {@code elbo} or {@code beta:WEIGHT}.
   *
   * @throws IllegalArgumentException naming what is possible
   */
  public static Elbo parse(String text, long warmupSteps, double freeBits) {
    if (text.equals("elbo")) {
      return new Elbo(1, warmupSteps, freeBits);
    }
    try {
      if (text.startsWith("beta:")) {
        double beta = Double.parseDouble(text.substring("beta:".length()));
        if (beta >= 0 && Double.isFinite(beta)) {
          return new Elbo(beta, warmupSteps, freeBits);
        }
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the forms.
    }
    throw new IllegalArgumentException(
        "objective \"" + text + "\" must be elbo or beta:WEIGHT with WEIGHT >= 0");
  }

  /** The weight of the KL at a step. */
  public double weightAt(long step) {
    return step >= warmupSteps ? beta : beta * step / warmupSteps;
  }

  @Override
  public Want wants() {
    return freeBits > 0 ? Want.KL_PER_DIM : Want.KL;
  }

  @Override
  public int samples() {
    return 1;
  }

  @Override
  public Var loss(Tape tape, Var logLik, Latent latent, long step) {
    if (logLik.value().size() == 0) {
      throw new IllegalArgumentException(
          "Elbo: logLik " + logLik.value().shape() + " must not be empty: the loss is a mean");
    }
    float perRow = -1f / logLik.value().size();
    float weight = (float) weightAt(step);
    if (freeBits > 0) {
      return ReduceOps.freeBits(tape, logLik, perRow, latent.klPerDim(), (float) freeBits, weight);
    }
    float perPoint = weight / latent.kl().value().size();
    return ReduceOps.weightedSum(tape, logLik, perRow, latent.kl(), perPoint);
  }
}
