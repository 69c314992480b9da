package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The distribution p(z) of the latents before any data are seen. A posterior asks it for what the
 * objective needs, unless the two share a fused kernel.
 */
public interface Prior {
  /**
   * Draws latents.
   *
   * @param z written, [R,D]
   */
  void sample(Backend kernels, NoiseKey noise, Tensor z);

  /**
   * log p(z) of each row, in nats.
   *
   * @param z [R,D], R &gt;= 1
   * @return [R]
   */
  Var logDensity(Tape tape, Var z);

  /**
   * KL( N(mu, exp(logVar)) ‖ p ) in closed form.
   *
   * @param mu [B,D]
   * @param logVar [B,D]
   * @return [B]
   * @throws IllegalArgumentException with the {@link #closedFormRefusal}, which is what this does
   *     unless overridden
   */
  default Var klFrom(Tape tape, Var mu, Var logVar) {
    throw new IllegalArgumentException(closedFormRefusal());
  }

  /** The same for each dimension, [B,D]. */
  default Var klPerDimFrom(Tape tape, Var mu, Var logVar) {
    throw new IllegalArgumentException(closedFormRefusal());
  }

  /** Why {@link #klFrom} has no formula for this prior; null when it has one. */
  default @Nullable String closedFormRefusal() {
    return "the KL from a Gaussian posterior to this prior has no closed form";
  }

  /** Whether this is N(0, I), which fused kernels know. */
  default boolean isStandardNormal() {
    return false;
  }

  /**
   * N(0, I), whose KL from a diagonal Gaussian posterior is known in closed form (KERNELS.md §1).
   */
  static Prior standardNormal() {
    return StandardNormal.INSTANCE;
  }
}
