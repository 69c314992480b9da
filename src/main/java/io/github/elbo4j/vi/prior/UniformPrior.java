package io.github.elbo4j.vi.prior;

import io.github.elbo4j.autodiff.CategoricalOps;
import io.github.elbo4j.autodiff.ScoreOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Encoder;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * N independent categorical variables, every category as likely as any other: {@code log p(z) = −N
 * log C}. z is one-hot, [R,N·C]; that of binary variables 0 or 1, [R,N].
 */
public final class UniformPrior implements Prior {
  /**
   * The prior by its sizes.
   *
   * @param variables N
   * @param categories C; 2 where binary
   * @param binary whether z has one column a variable
   */
  public record Spec(int variables, int categories, boolean binary) implements PriorSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {}

    @Override
    public Prior build(
        Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior) {
      return new UniformPrior(this, parameters);
    }
  }

  private final Spec spec;
  private final Tensor equal; // logits of all categories
  private final Var logits; // of what is a column of z

  private UniformPrior(Spec spec, Parameters parameters) {
    this.spec = spec;
    this.equal = equalLogits(parameters, spec.variables * spec.categories);
    this.logits = Var.constant(spec.binary ? equalLogits(parameters, spec.variables) : equal);
  }

  static Tensor equalLogits(Parameters parameters, int columns) {
    return parameters.allocate(columns).slice(0, Shape.of(1, columns));
  }

  @Override
  public void sample(Backend kernels, NoiseKey noise, Tensor z) {
    kernels
        .concrete()
        .gumbelMax(equal, spec.categories, noise, spec.binary ? null : z, spec.binary ? z : null);
  }

  @Override
  public Var logDensity(Tape tape, Var z) {
    return spec.binary
        ? ScoreOps.bernoulliLogProb(tape, z.value(), logits)
        : CategoricalOps.logProbOfWeights(tape, logits, spec.categories, z);
  }

  @Override
  public @Nullable String closedFormRefusal() {
    return "the uniform prior of discrete latents has no KL from a Gaussian";
  }
}
