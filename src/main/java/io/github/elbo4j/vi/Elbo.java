package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * The negative evidence lower bound (Kingma and Welling 2014), with the KL weighted as in the β-VAE
 * (Higgins et al. 2017), annealed (Sønderby et al. 2016), and with free bits (Kingma et al. 2016):
 *
 * <pre>
 * loss = −mean_b log p(x|z) + β·factor(step)·KL
 * KL   = mean_b kl[b], or with free bits Σ_d max(λ, mean_b kl[b,d])
 * </pre>
 *
 * @param beta weight of the KL, &gt;= 0; 1 is the ELBO
 * @param annealing of the weight
 * @param freeBits λ, nats of KL a latent dimension that cost nothing; 0 for none
 * @param form of the KL
 */
public record Elbo(double beta, Annealing annealing, double freeBits, Form form)
    implements Objective, ObjectiveSpec {
  /** Where the KL comes from. */
  public enum Form {
    /** In closed form where posterior and prior have one, otherwise from the sample. */
    ANY,
    /** In closed form. */
    ANALYTIC,
    /** {@code log q(z|x) − log p(z)} of the sample. */
    MONTE_CARLO,
    /**
     * The same with the gradient through z alone: sticking the landing (Roeder et al. 2017), whose
     * variance vanishes where the posterior is exact.
     */
    STICKING_THE_LANDING
  }

  /** The ELBO as it is. */
  public static final Elbo PLAIN = new Elbo(1, 0, 0);

  public Elbo {
    if (!(beta >= 0) || beta == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("Elbo: beta " + beta + " must be finite and >= 0");
    }
    if (!(freeBits >= 0) || freeBits == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("Elbo: freeBits " + freeBits + " must be finite and >= 0");
    }
    if (freeBits > 0 && (form == Form.MONTE_CARLO || form == Form.STICKING_THE_LANDING)) {
      throw new IllegalArgumentException(
          "free bits need the KL of each dimension in closed form, not from a sample");
    }
  }

  /**
   * With the KL in closed form where there is one.
   *
   * @param warmupSteps steps over which the weight grows linearly from 0; 0 for none
   */
  public Elbo(double beta, long warmupSteps, double freeBits) {
    this(beta, Annealing.linear(warmupSteps), freeBits, Form.ANY);
  }

  /** Reads a form of the KL, {@code analytic} or {@code mc}. */
  public static Form form(SpecText spec, int argument) {
    return switch (spec.arguments().get(argument)) {
      case "analytic" -> Form.ANALYTIC;
      case "mc" -> Form.MONTE_CARLO;
      default ->
          throw spec.refusal(
              "must have analytic or mc where \"%s\" stands"
                  .formatted(spec.arguments().get(argument)));
    };
  }

  /** The weight of the KL at a step. */
  public double weightAt(long step) {
    return beta * annealing.at(step);
  }

  @Override
  public Objective build(Parameters parameters, Vae.Spec model, long examples) {
    return this;
  }

  @Override
  public int scheduled() {
    return annealing.changes() ? 1 : 0;
  }

  @Override
  public void schedule(long step, float[] numbers) {
    if (annealing.changes()) {
      numbers[0] = (float) weightAt(step);
    }
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    String noPath = posterior.pathRefusal();
    if (noPath != null) {
      return noPath;
    }
    return freeBits == 0 && form == Form.ANY
        ? null
        : posterior.refusal(prior, want(posterior, prior));
  }

  private Want want(Posterior posterior, Prior prior) {
    if (freeBits > 0) {
      return Want.KL_PER_DIM;
    }
    return switch (form) {
      case ANALYTIC -> Want.KL;
      case MONTE_CARLO -> Want.LOG_DENSITIES;
      case STICKING_THE_LANDING -> Want.LOG_DENSITIES_STL;
      case ANY -> posterior.refusal(prior, Want.KL) == null ? Want.KL : Want.LOG_DENSITIES;
    };
  }

  /**
   * Draws one sample a data point, decodes it and reports: the part of the loss that other
   * objectives share.
   *
   * @return the KL of each data point, or its estimate from the sample, [B]
   */
  public Var sample(Pass pass) {
    Vae vae = pass.vae();
    if (pass.data().points() == 0) {
      throw new IllegalArgumentException(
          "Elbo: data of 0 points must not be empty: the loss is a mean");
    }
    Want want = want(vae.posterior(), vae.prior());
    Latent latent = pass.sample(1, want);
    Var logLik = pass.logLik(latent.z());
    Var kl =
        want.kl() ? latent.kl() : ComposeOps.sum(pass.tape(), latent.logQ(), 1, latent.logP(), -1);
    pass.report(logLik, kl);
    return kl;
  }

  @Override
  public Var loss(Pass pass) {
    Var kl = sample(pass);
    return loss(pass, pass.logLik(), kl, freeBits > 0 ? pass.latent().klPerDim() : null);
  }

  /**
   * {@code logLik − β·factor(step)·kl} of each sample: what the score function is weighted with.
   *
   * @param logLik any shape
   * @param kl log q(z|x) − log p(z), the same shape
   */
  public Var weighted(Pass pass, Var logLik, Var kl) {
    Tape tape = pass.tape();
    return annealing.changes()
        ? ComposeOps.sum(tape, logLik, 1, ComposeOps.scale(tape, kl, pass.numbers()), -1)
        : ComposeOps.sum(tape, logLik, 1, kl, -(float) beta);
  }

  /**
   * The loss of terms that another estimator computed.
   *
   * @param logLik any number of elements, whose mean is taken
   * @param kl likewise
   * @param klPerDim [B,D], wanted with free bits
   * @return one element
   */
  public Var loss(Pass pass, Var logLik, Var kl, @Nullable Var klPerDim) {
    Tape tape = pass.tape();
    float perRow = -1f / logLik.value().size();
    if (freeBits == 0 && !annealing.changes()) { // one node
      float perPoint = (float) beta / kl.value().size();
      return ReduceOps.weightedSum(tape, logLik, perRow, kl, perPoint);
    }
    Var cost =
        freeBits > 0 && klPerDim != null
            ? ReduceOps.freeBits(tape, klPerDim, (float) freeBits, 1)
            : ReduceOps.weightedSum(tape, kl, 1f / kl.value().size());
    Var missed = ReduceOps.weightedSum(tape, logLik, perRow);
    return annealing.changes()
        ? ComposeOps.sum(tape, missed, 1, ComposeOps.scale(tape, cost, pass.numbers()), 1)
        : ComposeOps.sum(tape, missed, 1, cost, (float) beta);
  }
}
