package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import org.jspecify.annotations.Nullable;

/**
 * An invertible map {@code z' = f(z; h)} of latents that knows the determinant of its Jacobian
 * (Rezende and Mohamed 2015), so that {@code log q(z') = log q(z) − log|det ∂z'/∂z|}. B data
 * points, R = B·K rows with row b·K + k, D dimensions; log-determinants are in nats.
 */
public interface Flow {
  /**
   * z' of z.
   *
   * @param z [R,D]
   * @param h what the flow is told about each data point, [B,H]; null for a flow declared without
   * @param logDet log|det ∂z'/∂z| is added, {@link FlowOps#logDet}
   */
  Var forward(Tape tape, Var z, @Nullable Var h, Var logDet);

  /**
   * z of z', with gradients.
   *
   * @param moved z', [R,D]
   * @param logDet log|det ∂z/∂z'| is added
   * @throws UnsupportedOperationException where {@link #invertible} says no
   */
  default Var inverse(Tape tape, Var moved, @Nullable Var h, Var logDet) {
    throw new UnsupportedOperationException("this flow has no inverse that gradients go through");
  }

  /** Whether there is an {@link #inverse} that gradients go through. */
  default boolean invertible() {
    return true;
  }

  /** Whether log|det| is 0 and distances from the origin stay: a rotation or reflection. */
  default boolean orthogonal() {
    return false;
  }

  /** The same flow, read but not learned: gradients pass through it and leave nothing in it. */
  Flow detached();
}
