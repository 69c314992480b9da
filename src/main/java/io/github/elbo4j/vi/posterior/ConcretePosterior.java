package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.autodiff.CategoricalOps;
import io.github.elbo4j.autodiff.ConcreteOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Want;
import io.github.elbo4j.vi.prior.ConcretePrior;
import org.jspecify.annotations.Nullable;

/**
 * N Concrete variables of C categories (Maddison et al. 2017), the relaxation of categorical ones:
 *
 * <pre>
 * z_n = softmax( (logits_n(x) + G)/τ ),  G Gumbel noise
 * </pre>
 *
 * <p>log q and log p are the densities of log z in the relaxed model, beside a {@link
 * ConcretePrior} of the same temperature; their difference is that of the densities of z. Training
 * and evaluation see one and the same relaxed model: its bound is one on the relaxed log p(x), not
 * on that of the discrete model which it tends to as τ falls to 0.
 */
public final class ConcretePosterior implements Posterior {
  /** What Maddison et al. (2017) found to work for posteriors. */
  public static final double TAU = 2 / 3.0;

  /**
   * The posterior by its sizes.
   *
   * @param variables N &gt;= 1
   * @param categories C &gt;= 2
   * @param tau τ, temperature of the posterior and of its prior
   */
  public record Spec(int variables, int categories, float tau) implements PosteriorSpec {
    @Override
    public int latent() {
      return Math.multiplyExact(variables, categories);
    }

    @Override
    public PriorSpec prior(PriorSpec named) {
      DiscretePosterior.requireNoPrior(named);
      return new ConcretePrior.Spec(variables, categories, tau);
    }

    @Override
    public void declare(Parameters.Builder builder, int in) {
      Initializer weights = Initializer.fanInUniform();
      Dense.declare(builder, DiscretePosterior.NAME, in, latent(), weights, Initializer.zeros());
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      return new ConcretePosterior(this, parameters);
    }
  }

  private final Spec spec;
  private final Dense logits;
  private final Var tau;

  private ConcretePosterior(Spec spec, Parameters parameters) {
    this.spec = spec;
    this.logits = new Dense(parameters, DiscretePosterior.NAME, Activation.NONE);
    this.tau = Var.constant(Tensor.of(new float[] {spec.tau}, 0, 1));
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    String refusal = refusal(prior, want);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    boolean score = want == Want.LOG_DENSITIES_SCORE;
    Var scores = logits.forward(tape, h);
    ConcreteOps.Sample s =
        ConcreteOps.sample(
            tape,
            scores,
            spec.categories,
            tau,
            noise,
            samples,
            ConcreteOps.Want.SAMPLE,
            want == Want.LOG_DENSITIES ? ConcreteOps.Density.WHOLE : ConcreteOps.Density.NONE);
    Draw draw = Draw.of(tape, score ? s.y().detached() : s.y(), this, h);
    if (!want.densities()) {
      return draw;
    }
    if (!(prior instanceof ConcretePrior relaxed)) {
      throw new IllegalArgumentException(DiscretePosterior.PRIOR_REFUSAL);
    }
    if (!score) {
      return draw.densities(s.logQ(), relaxed.logDensityOfLog(tape, s.logs()));
    }
    Var fixed = s.logs().detached();
    Var logQ = ConcreteOps.logDensity(tape, scores, spec.categories, tau, fixed, false);
    return draw.densities(logQ, relaxed.logDensityOfLog(tape, fixed));
  }

  /** Probabilities of the categories. */
  @Override
  public Var mean(Tape tape, Var h) {
    return CategoricalOps.softmax(tape, logits.forward(tape, h), spec.categories);
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES, LOG_DENSITIES_SCORE -> null;
      case KL, KL_PER_DIM -> prior.closedFormRefusal();
      case LOG_DENSITIES_STL -> ConcretePrior.DENSITY_REFUSAL;
    };
  }

  /** False: z lies on simplices, which moves along a gradient leave. */
  @Override
  public boolean continuous() {
    return false;
  }
}
