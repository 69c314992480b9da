package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import org.jspecify.annotations.Nullable;

/** The approximate posterior q(z|x), read off the encoder's last hidden layer. */
public interface Posterior {
  /**
   * K samples a data point.
   *
   * @param h the encoder's output, [B,H]
   * @param noise names the noise; more than one array of it is drawn from its {@link
   *     NoiseKey#branch branches}
   * @param samples K &gt;= 1
   * @param prior what KL and log p(z) are taken of
   * @param want what is needed beside z; {@link Want#SAMPLE} and {@link Want#LOG_DENSITIES} are
   *     never refused
   * @throws IllegalArgumentException with the {@link #refusal} of {@code want}
   */
  Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want);

  /** The middle of q(z|x), [B,D]: what active units and reconstructions are computed from. */
  Var mean(Tape tape, Var h);

  /** Why this posterior beside that prior has no formula for {@code want}; null when it has one. */
  @Nullable String refusal(Prior prior, Want want);

  /**
   * Why no gradient reaches this posterior's parameters through z, so that estimators that follow
   * its path are refused; null when one does.
   */
  default @Nullable String pathRefusal() {
    return null;
  }

  /** Whether z is a point of ℝᴰ, so that one can move along gradients in it. */
  default boolean continuous() {
    return true;
  }
}
