package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * A radial step (Rezende and Mohamed 2015), which moves z away from a centre or towards it:
 *
 * <pre>
 * z' = z + βh·(z − z0)            h = 1/(α + r), r = ‖z − z0‖, α &gt; 0, β &gt; −α
 * log|det| = (D−1)·log(1 + βh) + log(1 + βh − βh²r)
 * </pre>
 *
 * No gradient goes through its inverse here.
 */
public final class RadialFlow implements Flow {
  /**
   * Radial steps in a row.
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
      for (int i = 0; i < steps; i++) {
        String step = name + "." + i;
        Numbers.declare(builder, step + ".center", context, dimensions, shared, CENTER_SPREAD);
        Numbers.declare(builder, step + ".alpha", context, 1, shared, SPREAD);
        Numbers.declare(builder, step + ".beta", context, 1, shared, SPREAD);
      }
    }

    @Override
    public Flow build(Parameters parameters, String name, int dimensions, boolean conditioned) {
      Flow[] built = new Flow[steps];
      for (int i = 0; i < steps; i++) {
        String step = name + "." + i;
        built[i] =
            new RadialFlow(
                Numbers.of(parameters, step + ".center", shared),
                Numbers.of(parameters, step + ".alpha", shared),
                Numbers.of(parameters, step + ".beta", shared));
      }
      return new Steps(built);
    }
  }

  private static final double CENTER_SPREAD = 1;

  /** Near 0 alpha and beta cancel: the identity. */
  private static final double SPREAD = 0.1;

  private final Numbers center;
  private final Numbers alphaHat;
  private final Numbers betaHat;

  private RadialFlow(Numbers center, Numbers alphaHat, Numbers betaHat) {
    this.center = center;
    this.alphaHat = alphaHat;
    this.betaHat = betaHat;
  }

  @Override
  public Var forward(Tape tape, Var z, @Nullable Var h, Var logDet) {
    return FlowOps.radial(
        tape, z, center.read(tape, h), alphaHat.read(tape, h), betaHat.read(tape, h), logDet);
  }

  @Override
  public boolean invertible() {
    return false;
  }

  @Override
  public Flow detached() {
    return new RadialFlow(center.detached(), alphaHat.detached(), betaHat.detached());
  }
}
