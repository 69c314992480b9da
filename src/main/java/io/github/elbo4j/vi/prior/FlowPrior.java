package io.github.elbo4j.vi.prior;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Encoder;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.flow.CouplingFlow;
import io.github.elbo4j.vi.flow.Flow;

/**
 * A standard normal through a learned flow of affine couplings (RealNVP, Dinh et al. 2017; as a
 * prior, Chen et al. 2017):
 *
 * <pre>
 * u ~ N(0, I)        z = f(u)        log p(z) = log N(f⁻¹(z); 0, I) + log|det ∂f⁻¹/∂z|
 * </pre>
 *
 * Both directions cost one pass of the networks.
 */
public final class FlowPrior implements Prior {
  static final String KL_REFUSAL =
      "the analytic KL to a flow prior, which free bits need too, does not exist: use --objective"
          + " elbo, which samples it, or elbo:mc";

  /**
   * The prior by its sizes.
   *
   * @param steps couplings, &gt;= 1
   * @param width of each one's hidden layer, &gt;= 1
   */
  public record Spec(int steps, int width) implements PriorSpec {
    public Spec {
      flow(steps, width); // refuses what there is not
    }

    private static CouplingFlow.Spec flow(int steps, int width) {
      return new CouplingFlow.Spec(CouplingFlow.Kind.AFFINE, steps, width);
    }

    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {
      flow(steps, width).declare(builder, NAME, model.latent(), 0);
    }

    @Override
    public Prior build(
        Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior) {
      return new FlowPrior(flow(steps, width).build(parameters, NAME, model.latent(), false));
    }
  }

  private static final String NAME = "prior.flow";

  private final Flow flow;

  /** A prior through any flow that is {@link Flow#invertible} and told nothing beside u. */
  public FlowPrior(Flow flow) {
    this.flow = flow;
  }

  @Override
  public void sample(Backend kernels, NoiseKey noise, Tensor z) {
    Prior.standardNormal().sample(kernels, noise, z);
    Tape tape = new Tape(kernels);
    tape.resetForInference();
    Var u = Var.constant(z);
    Var moved = flow.forward(tape, u, null, FlowOps.logDet(tape, z.rows()));
    kernels.memory().copy(moved.value(), z);
  }

  @Override
  public Var logDensity(Tape tape, Var z) {
    Var logDet = FlowOps.logDet(tape, z.value().rows());
    Var u = flow.inverse(tape, z, null, logDet);
    return ComposeOps.sum(tape, Prior.standardNormal().logDensity(tape, u), 1, logDet, 1);
  }

  @Override
  public String closedFormRefusal() {
    return KL_REFUSAL;
  }
}
