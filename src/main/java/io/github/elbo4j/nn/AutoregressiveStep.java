package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.CouplingOps;
import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One autoregressive step of a flow with its masked network, in its two directions:
 *
 * <pre>
 * forward   z'_i = g_i·z_i + (1 − g_i)·m_i      m, s of z;  g = sigmoid(s);  log|det| = Σ log g
 * inverse   z_i  = m_i + (z'_i − m_i)/g_i       m, s of z, found dimension after dimension
 * </pre>
 *
 * <p>As a posterior's step (inverse autoregressive flow, Kingma et al. 2016) forward samples, one
 * pass of the network. As a density of data (masked autoregressive flow, Papamakarios et al. 2017)
 * forward goes from data to noise, one pass, and inverse, D passes, samples.
 */
public final class AutoregressiveStep {
  private final Made network;
  private final Var input = new Var();

  /** A step with this network. */
  public AutoregressiveStep(Made network) {
    this.network = network;
  }

  /**
   * z' of z.
   *
   * @param z [R,D]
   * @param context see {@link Made#forward}
   * @param logDet added to, {@link FlowOps#logDet}
   */
  public Var forward(Tape tape, Var z, @Nullable Var context, Var logDet) {
    Made.Outputs o = network.forward(tape, z, context);
    return CouplingOps.gated(tape, z, o.m(), o.s(), logDet);
  }

  /**
   * z of z', without gradients: D passes of the network, each of which makes one more dimension
   * right whatever the others hold.
   *
   * @param scratch a tape that is reset before each pass; nothing on it may be in use, the context
   *     not either
   * @param moved z', read, [R,D]
   * @param context see {@link Made#forward}; read
   * @param out written, [R,D]; z
   * @param logDet log|det| of this direction is added, [R], or null
   */
  public void inverse(
      Tape scratch, Tensor moved, @Nullable Tensor context, Tensor out, @Nullable Tensor logDet) {
    boolean recorded = scratch.recording();
    scratch.backend().memory().copy(moved, out);
    Var h = context == null ? null : Var.constant(context);
    for (int i = 0; i < network.dimensions(); i++) {
      scratch.resetForInference();
      Made.Outputs o = network.forward(scratch, input.setConstant(out), h);
      Tensor last = i == network.dimensions() - 1 ? logDet : null;
      scratch.backend().coupling().gatedInverse(moved, o.m().value(), o.s().value(), out, last);
    }
    if (recorded) {
      scratch.resetForTraining();
    }
  }
}
