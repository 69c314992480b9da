package io.github.elbo4j.vi.prior;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.ScoreOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Encoder;
import io.github.elbo4j.vi.GaussianNetwork;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Vae;
import java.util.List;

/**
 * Several stochastic layers (Rezende et al. 2014; Burda et al. 2016, section 5):
 *
 * <pre>
 * p(z) = N(z_L; 0, I) · Π_{l&lt;L} N(z_l; mu_l(z_{l+1}), exp(logVar_l(z_{l+1})))
 * </pre>
 *
 * A latent is the row {@code [z_1, …, z_L]}; the decoder reads z_1.
 */
public final class LayeredPrior implements Prior {
  static final String KL_REFUSAL =
      "the analytic KL of a model with several stochastic layers, which free bits need too, does"
          + " not exist: use --objective elbo, which samples it, or elbo:mc";

  /**
   * The prior by its sizes.
   *
   * @param widths of z_1, …, z_L
   */
  public record Spec(List<Integer> widths) implements PriorSpec {
    public Spec {
      widths = List.copyOf(widths);
    }

    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {
      int width = model.hidden().isEmpty() ? widths.getFirst() : model.hidden().getLast();
      for (int l = 0; l < widths.size() - 1; l++) {
        GaussianNetwork.declare(builder, name(l), widths.get(l + 1), width, widths.get(l));
      }
    }

    @Override
    public Prior build(
        Parameters parameters, Vae.Spec model, Encoder encoder, Posterior posterior) {
      return new LayeredPrior(parameters, widths, model.bounds());
    }
  }

  private final int[] widths;
  private final int[] offsets;
  private final GaussianNetwork[] networks;

  /** The prior whose parameters {@link Spec#declare} put there. */
  public LayeredPrior(Parameters parameters, List<Integer> widths, LogVarBounds bounds) {
    this.widths = widths.stream().mapToInt(Integer::intValue).toArray();
    offsets = new int[this.widths.length];
    networks = new GaussianNetwork[this.widths.length - 1];
    for (int l = 0; l < networks.length; l++) {
      offsets[l + 1] = offsets[l] + this.widths[l];
      networks[l] = new GaussianNetwork(parameters, name(l), bounds);
    }
  }

  private static String name(int layer) {
    return "prior.layer" + layer;
  }

  /** p(z_l|z_{l+1}) of layer l from 0, below the last. */
  public GaussianNetwork network(int l) {
    return networks[l];
  }

  /** Columns of layer l from 0 of a latent. */
  private Var layer(Tape tape, Var z, int l) {
    return ComposeOps.columns(tape, z, offsets[l], widths[l]);
  }

  @Override
  public Var logDensity(Tape tape, Var z) {
    int last = widths.length - 1;
    Var above = layer(tape, z, last);
    Var sum = Prior.standardNormal().logDensity(tape, above);
    for (int l = last - 1; l >= 0; l--) {
      Var read = networks[l].read(tape, above);
      Var here = layer(tape, z, l);
      Var logP =
          ScoreOps.gaussianLogProb(
              tape, here, networks[l].mu(tape, read), networks[l].logVar(tape, read));
      sum = ComposeOps.sum(tape, sum, 1, logP, 1);
      above = here;
    }
    return sum;
  }

  @Override
  public void sample(Backend kernels, NoiseKey noise, Tensor z) {
    Tape tape = new Tape(kernels);
    tape.resetForInference();
    int last = widths.length - 1;
    Tensor top = tape.arena().take(z.rows(), widths[last]);
    kernels.random().normal(noise, 0, top);
    Var above = Var.constant(top);
    Var all = above;
    for (int l = last - 1; l >= 0; l--) {
      Var read = networks[l].read(tape, above);
      above =
          GaussianOps.reparameterize(
                  tape,
                  networks[l].mu(tape, read),
                  networks[l].logVar(tape, read),
                  noise.branch(l),
                  1,
                  GaussianOps.Want.SAMPLE)
              .z();
      all = ComposeOps.concat(tape, above, all);
    }
    kernels.memory().copy(all.value(), z);
  }

  @Override
  public String closedFormRefusal() {
    return KL_REFUSAL;
  }
}
