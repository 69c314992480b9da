package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * Householder reflections {@code z' = z − 2·v·(vᵀz)/‖v‖²}, S in a row (Tomczak and Welling 2016).
 * They keep volumes, and distances from the origin; of a diagonal Gaussian they make one with a
 * full covariance.
 */
public final class HouseholderFlow implements Flow {
  /**
   * The flow by its length.
   *
   * @param steps S &gt;= 1
   * @param shared whether all data points have the same reflections
   */
  public record Spec(int steps, boolean shared) implements FlowSpec {
    public Spec {
      FlowSpec.atLeastOne(steps);
    }

    @Override
    public void declare(Parameters.Builder builder, String name, int dimensions, int context) {
      Numbers.declare(builder, name + ".v", context, steps * dimensions, shared, 1);
    }

    @Override
    public Flow build(Parameters parameters, String name, int dimensions, boolean conditioned) {
      return new HouseholderFlow(Numbers.of(parameters, name + ".v", shared), steps);
    }
  }

  private final Numbers vectors;
  private final int steps;

  private HouseholderFlow(Numbers vectors, int steps) {
    this.vectors = vectors;
    this.steps = steps;
  }

  @Override
  public Var forward(Tape tape, Var z, @Nullable Var h, Var logDet) {
    return FlowOps.householder(tape, z, vectors.read(tape, h));
  }

  /** The same reflections, the last one first: each is its own inverse. */
  @Override
  public Var inverse(Tape tape, Var moved, @Nullable Var h, Var logDet) {
    int d = moved.value().columns();
    Var v = vectors.read(tape, h);
    Var z = moved;
    for (int i = steps - 1; i >= 0; i--) {
      z = FlowOps.householder(tape, z, ComposeOps.columns(tape, v, i * d, d));
    }
    return z;
  }

  @Override
  public boolean orthogonal() {
    return true;
  }

  @Override
  public Flow detached() {
    return new HouseholderFlow(vectors.detached(), steps);
  }
}
