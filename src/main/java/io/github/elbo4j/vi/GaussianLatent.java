package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.Node;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import org.jspecify.annotations.Nullable;

/**
 * Samples of a diagonal Gaussian posterior beside any prior. A node only so that the tape keeps it
 * and a step allocates none: gradients go through the nodes of its parts.
 */
final class GaussianLatent extends Node implements Latent {
  private Var z = new Var();
  private Var mean = new Var();
  private @Nullable Var kl;
  private @Nullable Var klPerDim;
  private @Nullable Var logQ;
  private @Nullable Var logP;

  /**
   * Samples N(mu, exp(logVar)). Everything about the standard normal prior is computed with the
   * samples in one node; another prior is asked for its KL and its density.
   *
   * @param mu [B,D]
   * @param logVar [B,D]
   */
  static Latent draw(
      Tape tape, Var mu, Var logVar, NoiseKey noise, int samples, Prior prior, Want want) {
    boolean fused = prior instanceof StandardNormal;
    GaussianOps.Sample s =
        GaussianOps.reparameterize(tape, mu, logVar, noise, samples, part(want, fused));
    GaussianLatent latent = tape.next(GaussianLatent.class, GaussianLatent::new);
    latent.z = s.z();
    latent.mean = mu;
    latent.kl = null;
    latent.klPerDim = null;
    latent.logQ = null;
    latent.logP = null;
    if (want.kl()) {
      latent.kl = fused ? s.kl() : prior.klFrom(tape, mu, logVar);
    }
    if (want == Want.KL_PER_DIM) {
      latent.klPerDim = fused ? s.klPerDim() : prior.klPerDimFrom(tape, mu, logVar);
    }
    if (want.densities()) {
      latent.logQ = s.logQ();
      latent.logP = fused ? s.logP() : prior.logDensity(tape, s.z());
    }
    return latent;
  }

  /** What the node of the samples computes. */
  private static GaussianOps.Want part(Want want, boolean fused) {
    return switch (want) {
      case SAMPLE -> GaussianOps.Want.SAMPLE;
      case KL -> fused ? GaussianOps.Want.KL : GaussianOps.Want.SAMPLE;
      case KL_PER_DIM -> fused ? GaussianOps.Want.KL_PER_DIM : GaussianOps.Want.SAMPLE;
      case LOG_DENSITIES -> GaussianOps.Want.LOG_DENSITIES;
      case LOG_DENSITIES_STL -> GaussianOps.Want.LOG_DENSITIES_STL;
    };
  }

  @Override
  public Var z() {
    return z;
  }

  @Override
  public Var mean() {
    return mean;
  }

  @Override
  public Var kl() {
    return wanted(kl, "kl");
  }

  @Override
  public Var klPerDim() {
    return wanted(klPerDim, "klPerDim");
  }

  @Override
  public Var logQ() {
    return wanted(logQ, "logQ");
  }

  @Override
  public Var logP() {
    return wanted(logP, "logP");
  }

  private static Var wanted(@Nullable Var v, String name) {
    if (v == null) {
      throw new IllegalStateException("Latent: " + name + " was not asked for");
    }
    return v;
  }

  @Override
  protected boolean reached() {
    return false;
  }

  @Override
  protected void backward(Backend kernels) {
    throw new IllegalStateException("Latent: no gradient arrives here");
  }
}
