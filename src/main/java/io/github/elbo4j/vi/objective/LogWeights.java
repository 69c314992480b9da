package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.ImportanceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.Want;
import org.jspecify.annotations.Nullable;

/**
 * Bounds from importance weights {@code log w = log p(x|z) + log p(z) − log q(z|x)} of K samples a
 * data point, with the gradient by one of two estimators.
 *
 * @param samples K &gt;= 1
 * @param doublyReparameterized the gradient to the posterior by Tucker et al. (2019), which has no
 *     score term: its signal does not vanish beside its noise as K grows; otherwise pathwise
 */
record LogWeights(int samples, boolean doublyReparameterized) {
  private Want want() {
    return doublyReparameterized ? Want.LOG_DENSITIES_STL : Want.LOG_DENSITIES;
  }

  /** Refuses models whose log p(z) has parameters that a path would weight like those of q. */
  void require(String objective, Vae.Spec model) {
    if (doublyReparameterized) {
      PenalizedElbo.requireOneLayer(
          objective + " with estimator dreg",
          model,
          "whose own priors have parameters that it would weight like the posterior's: use"
              + " pathwise");
    }
  }

  @Nullable String refusal(Posterior posterior, Prior prior) {
    return posterior.refusal(prior, want());
  }

  /** Draws the samples. */
  Latent sample(Pass pass) {
    requirePoints(pass);
    return pass.sample(samples, want());
  }

  /** Refuses an empty mini-batch. */
  static void requirePoints(Pass pass) {
    if (pass.data().points() == 0) {
      throw new IllegalArgumentException(
          "bound: data of 0 points must not be empty: the loss is a mean");
    }
  }

  /**
   * The bound of each data point; reports log p(x|z) and log q(z|x) − log p(z) of the samples.
   *
   * @param alpha of the Rényi bound
   */
  Var bound(Pass pass, Latent latent, double alpha) {
    Tape tape = pass.tape();
    int points = pass.data().points();
    if (!doublyReparameterized) {
      Var logLik = pass.logLik(latent.z());
      Var logP = latent.logP();
      pass.report(logLik, ComposeOps.sum(tape, latent.logQ(), 1, logP, -1));
      Var logW = ComposeOps.sum(tape, logLik, 1, logP, 1, latent.logQ(), -1);
      return ImportanceOps.bound(tape, logW, points, (float) alpha).bound();
    }
    ImportanceOps.Path z = ImportanceOps.path(tape, latent.z());
    ImportanceOps.Path logQ = ImportanceOps.path(tape, latent.logQ());
    Var logLik = pass.logLik(z.out());
    Var logP = pass.vae().prior().logDensity(tape, z.out()); // the latent's own z has no path
    pass.report(logLik, ComposeOps.sum(tape, logQ.out(), 1, logP, -1));
    Var logW = ComposeOps.sum(tape, logLik, 1, logP, 1, logQ.out(), -1);
    ImportanceOps.Bound bound = ImportanceOps.bound(tape, logW, points, (float) alpha);
    z.weightedBy(bound);
    logQ.weightedBy(bound);
    return bound.bound();
  }
}
