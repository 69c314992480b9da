package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import org.jspecify.annotations.Nullable;

/** From data to what the posterior reads. */
@FunctionalInterface
public interface Encoder {
  /**
   * The encoder's last hidden layer.
   *
   * @param x [B,N]
   * @param condition [B,C], or null for a model without a condition
   * @return [B,H]
   */
  Var encode(Tape tape, Var x, @Nullable Var condition);
}
