package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import org.jspecify.annotations.Nullable;

/** What an objective adds to the negative ELBO, see {@link PenalizedElbo}. */
interface Penalty {
  /**
   * The weighted penalty of a pass whose latents are drawn and decoded.
   *
   * @return one element; null where the mini-batch is too small to compare its points
   */
  @Nullable Var of(Pass pass);

  /** Why a model of these parts cannot be trained with this; null when it can. */
  default @Nullable String refusal(Posterior posterior, Prior prior) {
    return null;
  }
}
