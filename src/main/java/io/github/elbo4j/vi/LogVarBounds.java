package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;

/**
 * The interval a network's log-variance is clamped to, so that no step can make σ overflow or
 * vanish silently. The derivative of the clamp is 1 inside and 0 outside, which is exact.
 *
 * @param low lower bound, in nats
 * @param high upper bound, above low
 */
public record LogVarBounds(float low, float high) {
  public LogVarBounds {
    if (!(low < high) || !Float.isFinite(low) || !Float.isFinite(high)) {
      throw new IllegalArgumentException(
          "LogVarBounds: low " + low + " and high " + high + " must be finite and low < high");
    }
  }

  /** The bounded log-variance, the shape of {@code raw}. */
  public Var apply(Tape tape, Var raw) {
    return GaussianOps.clampLogVar(tape, raw, low, high);
  }
}
