package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
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
 * The ladder (Sønderby et al. 2016): a deterministic way up gives each layer an estimate from the
 * data, and on the way down it is merged, by precision, with what the generative model expects:
 *
 * <pre>
 * d_1 = h(x)          d_l = tanh(W d_{l−1} + b)           (muᵈ_l, logVarᵈ_l) read off d_l
 * q(z_L|x) = N(muᵈ_L, exp(logVarᵈ_L))
 * q(z_l|z_{l+1}, x) ∝ N(muᵈ_l, exp(logVarᵈ_l)) · p(z_l|z_{l+1})
 * </pre>
 *
 * A latent is the row {@code [z_1, …, z_L]}, beside the {@link LayeredPrior} whose networks this
 * shares.
 */
public final class LadderPosterior implements Posterior {
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
      return LayeredPosterior.layered(named, widths);
    }

    @Override
    public void declare(Parameters.Builder builder, int in) {
      Initializer weights = Initializer.fanInUniform();
      Initializer zeros = Initializer.zeros();
      DiagonalGaussianPosterior.declare(builder, in, widths.getFirst());
      for (int l = 1; l < widths.size(); l++) {
        GaussianNetwork.declare(builder, name(l), in, in, widths.get(l));
        Dense.declare(builder, name(l) + ".up", in, in, weights, zeros);
      }
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      return new LadderPosterior(parameters, widths, bounds);
    }
  }

  private final DiagonalGaussianPosterior first;
  private final GaussianNetwork[] upper;
  private final Dense[] up;
  private final LayeredPrior generative;

  private LadderPosterior(Parameters parameters, List<Integer> widths, LogVarBounds bounds) {
    first = new DiagonalGaussianPosterior(parameters, bounds);
    generative = new LayeredPrior(parameters, widths, bounds);
    upper = new GaussianNetwork[widths.size() - 1];
    up = new Dense[upper.length];
    for (int l = 0; l < upper.length; l++) {
      upper[l] = new GaussianNetwork(parameters, name(l + 1), bounds);
      up[l] = new Dense(parameters, name(l + 1) + ".up", Activation.TANH);
    }
  }

  private static String name(int layer) {
    return "posterior.layer" + layer;
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    String refusal = refusal(prior, want);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    int last = upper.length;
    Var top = read(tape, h, last);
    Draw layer =
        LayeredPosterior.own(
            tape, mu(tape, top, last), logVar(tape, top, last), noise, samples, want);
    Var all = layer.z();
    Var above = all;
    Var logQ = want.densities() ? layer.logQ() : null;
    for (int l = last - 1; l >= 0; l--) {
      ComposeOps.Merged q = merged(tape, h, l, above, samples);
      layer = LayeredPosterior.own(tape, q.mu(), q.logVar(), noise.branch(l), 1, want);
      above = layer.z();
      all = ComposeOps.concat(tape, above, all);
      logQ = logQ == null ? null : ComposeOps.sum(tape, logQ, 1, layer.logQ(), 1);
    }
    Draw draw = Draw.of(tape, all, this, h);
    return logQ == null ? draw : draw.densities(logQ, prior.logDensity(tape, all));
  }

  /** q(z_l|z_{l+1}, x) of layer l from 0. */
  private ComposeOps.Merged merged(Tape tape, Var h, int l, Var above, int samples) {
    GaussianNetwork p = generative.network(l);
    Var expected = p.read(tape, above);
    Var seen = read(tape, h, l);
    Var mu = ComposeOps.repeatRows(tape, mu(tape, seen, l), samples);
    Var logVar = ComposeOps.repeatRows(tape, logVar(tape, seen, l), samples);
    return ComposeOps.mergeGaussians(
        tape, mu, logVar, p.mu(tape, expected), p.logVar(tape, expected));
  }

  /** What the two heads of layer l from 0 read. */
  private Var read(Tape tape, Var h, int l) {
    Var d = h;
    for (int i = 0; i < l; i++) {
      d = up[i].forward(tape, d);
    }
    return l == 0 ? d : upper[l - 1].read(tape, d);
  }

  /** muᵈ of layer l from 0, [B,D_l], from what its heads read. */
  private Var mu(Tape tape, Var read, int l) {
    return l == 0 ? first.mean(tape, read) : upper[l - 1].mu(tape, read);
  }

  /** logVarᵈ of layer l from 0, [B,D_l], from what its heads read. */
  private Var logVar(Tape tape, Var read, int l) {
    return l == 0 ? first.logVar(tape, read) : upper[l - 1].logVar(tape, read);
  }

  @Override
  public Var mean(Tape tape, Var h) {
    Var above = mu(tape, read(tape, h, upper.length), upper.length);
    Var all = above;
    for (int l = upper.length - 1; l >= 0; l--) {
      above = merged(tape, h, l, above, 1).mu();
      all = ComposeOps.concat(tape, above, all);
    }
    return all;
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES -> null;
      case KL, KL_PER_DIM -> prior.closedFormRefusal();
      case LOG_DENSITIES_STL -> LayeredPosterior.STL_REFUSAL;
      case LOG_DENSITIES_SCORE ->
          "the score function of a ladder would miss that its posterior shares networks with the"
              + " prior: use --estimator pathwise";
    };
  }
}
