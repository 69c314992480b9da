package io.github.elbo4j.vi.prior;

import io.github.elbo4j.autodiff.ConcreteOps;
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
import org.jspecify.annotations.Nullable;

/**
 * N independent Concrete variables with equal logits (Maddison et al. 2017): the relaxation of the
 * uniform prior.
 */
public final class ConcretePrior implements Prior {
  /**
   * The prior by its sizes.
   *
   * @param variables N
   * @param categories C
   * @param tau temperature
   */
  public record Spec(int variables, int categories, float tau) implements PriorSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {}

    @Override
    public Prior build(
        Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior) {
      return new ConcretePrior(this, parameters);
    }
  }

  /** Of whatever needs the density at a z that it has not the logarithm of. */
  public static final String DENSITY_REFUSAL =
      "the density of a Concrete sample is computed from its logarithm, which z alone does not give"
          + " without rounding to 0: use objective elbo, beta, iwae or renyi with estimator"
          + " pathwise";

  private final Spec spec;
  private final Var logits;
  private final Var tau;

  private ConcretePrior(Spec spec, Parameters parameters) {
    this.spec = spec;
    this.logits =
        Var.constant(UniformPrior.equalLogits(parameters, spec.variables * spec.categories));
    this.tau = Var.constant(Tensor.of(new float[] {spec.tau}, 0, 1));
  }

  @Override
  public void sample(Backend kernels, NoiseKey noise, Tensor z) {
    Tape tape = new Tape(kernels);
    tape.resetForInference();
    ConcreteOps.Sample drawn =
        ConcreteOps.sample(
            tape,
            logits,
            spec.categories,
            tau,
            noise,
            z.rows(),
            ConcreteOps.Want.SAMPLE,
            ConcreteOps.Density.NONE);
    kernels.memory().copy(drawn.y().value(), z);
  }

  /** Always refused: see {@link #logDensityOfLog}. */
  @Override
  public Var logDensity(Tape tape, Var z) {
    throw new IllegalArgumentException(DENSITY_REFUSAL);
  }

  /**
   * The log density of log z, [R].
   *
   * @param logZ [R,N·C]
   */
  public Var logDensityOfLog(Tape tape, Var logZ) {
    return ConcreteOps.logDensity(tape, logits, spec.categories, tau, logZ, false);
  }

  @Override
  public @Nullable String closedFormRefusal() {
    return "the KL between Concrete distributions has no closed form";
  }
}
