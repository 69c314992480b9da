package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.GaussianNetwork;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Want;
import io.github.elbo4j.vi.prior.LayeredPrior;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Two or more stochastic layers, inferred from the data upwards (Rezende et al. 2014; Burda et al.
 * 2016, section 5):
 *
 * <pre>
 * q(z|x) = N(z_1; mu(x), exp(logVar(x))) · Π_{l≥2} N(z_l; mu_l(z_{l−1}), exp(logVar_l(z_{l−1})))
 * </pre>
 *
 * A latent is the row {@code [z_1, …, z_L]}, beside a {@link LayeredPrior} of the same widths.
 */
public final class LayeredPosterior implements Posterior {
  /**
   * The posterior by its sizes.
   *
   * @param widths of z_1, …, z_L, at least two
   */
  public record Spec(List<Integer> widths) implements PosteriorSpec {
    public Spec {
      widths = List.copyOf(widths);
    }

    @Override
    public int latent() {
      return widths.stream().mapToInt(Integer::intValue).sum();
    }

    @Override
    public int decoded() {
      return widths.getFirst();
    }

    @Override
    public PriorSpec prior(PriorSpec named) {
      return layered(named, widths);
    }

    @Override
    public void declare(Parameters.Builder builder, int in) {
      DiagonalGaussianPosterior.declare(builder, in, widths.getFirst());
      for (int l = 1; l < widths.size(); l++) {
        GaussianNetwork.declare(builder, name(l), widths.get(l - 1), in, widths.get(l));
      }
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      GaussianNetwork[] upper = new GaussianNetwork[widths.size() - 1];
      for (int l = 1; l < widths.size(); l++) {
        upper[l - 1] = new GaussianNetwork(parameters, name(l), bounds);
      }
      return new LayeredPosterior(new DiagonalGaussianPosterior(parameters, bounds), upper);
    }
  }

  static final String STL_REFUSAL =
      "sticking the landing needs log q at fixed parameters, which several stochastic layers do not"
          + " offer here: use --estimator pathwise";

  private final DiagonalGaussianPosterior first;
  private final GaussianNetwork[] upper;

  private LayeredPosterior(DiagonalGaussianPosterior first, GaussianNetwork[] upper) {
    this.first = first;
    this.upper = upper;
  }

  private static String name(int layer) {
    return "posterior.layer" + layer;
  }

  /** The top layer is standard normal, those below it are learned: nothing else has that shape. */
  static PriorSpec layered(PriorSpec named, List<Integer> widths) {
    if (!named.equals(PriorSpec.NORMAL)) {
      throw new IllegalArgumentException(
          "a posterior with several stochastic layers brings its own prior, N(0, I) at the top and"
              + " learned below: leave --prior at normal");
    }
    return new LayeredPrior.Spec(widths);
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    String refusal = refusal(prior, want);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    Draw layer = own(tape, first.mean(tape, h), first.logVar(tape, h), noise, samples, want);
    Var z = layer.z();
    Var below = z;
    Var logQ = want.densities() ? layer.logQ() : null;
    for (int l = 0; l < upper.length; l++) {
      Var read = upper[l].read(tape, below);
      layer =
          own(tape, upper[l].mu(tape, read), upper[l].logVar(tape, read), noise.branch(l), 1, want);
      below = layer.z();
      z = ComposeOps.concat(tape, z, below);
      logQ = logQ == null ? null : ComposeOps.sum(tape, logQ, 1, layer.logQ(), 1);
    }
    Draw draw = Draw.of(tape, z, this, h);
    return logQ == null ? draw : draw.densities(logQ, prior.logDensity(tape, z));
  }

  /**
   * A draw of one layer with its own log q. The density under N(0, I) that comes with it is not
   * that of this model and is not used.
   */
  static Draw own(Tape tape, Var mu, Var logVar, NoiseKey noise, int samples, Want want) {
    return DiagonalGaussianPosterior.draw(
        tape, mu, logVar, noise, samples, Prior.standardNormal(), want);
  }

  @Override
  public Var mean(Tape tape, Var h) {
    Var below = first.mean(tape, h);
    Var all = below;
    for (GaussianNetwork network : upper) {
      below = network.mu(tape, network.read(tape, below));
      all = ComposeOps.concat(tape, all, below);
    }
    return all;
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES, LOG_DENSITIES_SCORE -> null;
      case KL, KL_PER_DIM -> prior.closedFormRefusal();
      case LOG_DENSITIES_STL -> STL_REFUSAL;
    };
  }
}
