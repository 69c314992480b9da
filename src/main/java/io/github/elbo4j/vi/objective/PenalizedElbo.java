package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * The negative ELBO and a penalty: {@code loss = elbo loss + penalty}. Warm-up, free bits and the
 * form of the KL are the {@link Elbo}'s; the penalty's weight does not change.
 */
final class PenalizedElbo implements Objective {
  private final Elbo elbo;
  private final Penalty penalty;

  PenalizedElbo(Elbo elbo, Penalty penalty) {
    this.elbo = elbo;
    this.penalty = penalty;
  }

  /**
   * Refuses latents in layers.
   *
   * @param why behind "z has layers, "
   */
  static void requireOneLayer(String objective, Vae.Spec model, String why) {
    if (model.posterior().decoded() < model.latent()) {
      throw new IllegalArgumentException("%s: z has layers, %s".formatted(objective, why));
    }
  }

  @Override
  public int scheduled() {
    return elbo.scheduled();
  }

  @Override
  public void schedule(long step, float[] numbers) {
    elbo.schedule(step, numbers);
  }

  @Override
  public Var loss(Pass pass) {
    Var loss = elbo.loss(pass);
    Var more = penalty.of(pass);
    return more == null ? loss : ComposeOps.sum(pass.tape(), loss, 1, more, 1);
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    String refusal = elbo.refusal(posterior, prior);
    return refusal == null ? penalty.refusal(posterior, prior) : refusal;
  }
}
