package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * Planar steps (Rezende and Mohamed 2015), all of them one kernel:
 *
 * <pre>
 * z' = z + û·tanh(wᵀz + b)        û of u and w such that wᵀû &gt; −1
 * log|det| = log( 1 + (1 − tanh²)·wᵀû )
 * </pre>
 *
 * Their inverse takes the root of a function for each row, through which no gradient goes here.
 */
public final class PlanarFlow implements Flow {
  /**
   * The flow by its length.
   *
   * @param steps S &gt;= 1
   * @param shared whether all data points have the same steps
   */
  public record Spec(int steps, boolean shared) implements FlowSpec {
    public Spec {
      FlowSpec.atLeastOne(steps);
    }

    @Override
    public void declare(Parameters.Builder builder, String name, int dimensions, int context) {
      Numbers.declare(builder, name + ".u", context, steps * dimensions, shared, SPREAD);
      Numbers.declare(builder, name + ".w", context, steps * dimensions, shared, SPREAD);
      Numbers.declare(builder, name + ".b", context, steps, shared, SPREAD);
    }

    @Override
    public Flow build(Parameters parameters, String name, int dimensions, boolean conditioned) {
      return new PlanarFlow(
          Numbers.of(parameters, name + ".u", shared),
          Numbers.of(parameters, name + ".w", shared),
          Numbers.of(parameters, name + ".b", shared));
    }
  }

  private static final double SPREAD = 0.1;

  private final Numbers u;
  private final Numbers w;
  private final Numbers b;

  private PlanarFlow(Numbers u, Numbers w, Numbers b) {
    this.u = u;
    this.w = w;
    this.b = b;
  }

  @Override
  public Var forward(Tape tape, Var z, @Nullable Var h, Var logDet) {
    return FlowOps.planar(tape, z, u.read(tape, h), w.read(tape, h), b.read(tape, h), logDet);
  }

  @Override
  public boolean invertible() {
    return false;
  }

  @Override
  public Flow detached() {
    return new PlanarFlow(u.detached(), w.detached(), b.detached());
  }
}
