package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;

/** The approximate posterior q(z|x), read off the encoder's last hidden layer. */
public interface Posterior {
  /**
   * K reparameterised samples a data point.
   *
   * @param h the encoder's output, [B,H]
   * @param noise names the noise
   * @param samples K &gt;= 1
   * @param prior what KL and log p(z) are taken of
   * @param want what is needed beside z
   * @throws IllegalArgumentException when this posterior and prior have no formula for {@code want}
   */
  Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want);

  /** E[z|x], [B,D]: what active units and reconstructions are computed from. */
  Var mean(Tape tape, Var h);
}
