package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.autodiff.CategoricalOps;
import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.Node;
import io.github.elbo4j.autodiff.ShapeOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Want;
import io.github.elbo4j.vi.prior.UniformPrior;
import org.jspecify.annotations.Nullable;

/**
 * N independent discrete variables of C categories, {@code q(z_n = c|x) = softmax(logits_n(x))_c},
 * beside a {@link UniformPrior}. z is one-hot, [R,N·C]. A binary latent is a variable of the two
 * categories 1 and 0 with logits l and 0; its z has one column, [R,N].
 *
 * <p>A sample has no gradient to the posterior. Estimators that replace it take the {@link #logits}
 * and relax them, or weigh the gradient of log q.
 */
public final class DiscretePosterior implements Posterior {
  /**
   * The posterior by its sizes.
   *
   * @param variables N &gt;= 1
   * @param categories C &gt;= 2; 2 where binary
   * @param binary whether z has one column a variable
   */
  public record Spec(int variables, int categories, boolean binary) implements PosteriorSpec {
    @Override
    public int latent() {
      return binary ? variables : Math.multiplyExact(variables, categories);
    }

    @Override
    public PriorSpec prior(PriorSpec named) {
      requireNoPrior(named);
      return new UniformPrior.Spec(variables, categories, binary);
    }

    @Override
    public void declare(Parameters.Builder builder, int in) {
      Initializer weights = Initializer.fanInUniform();
      Dense.declare(builder, NAME, in, latent(), weights, Initializer.zeros());
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      return new DiscretePosterior(this, parameters);
    }
  }

  static final String NAME = "posterior.logits";

  static final String PRIOR_REFUSAL =
      "a posterior of discrete latents, or of relaxed ones, brings its own prior, in which all"
          + " categories are equally likely: leave --prior at normal";

  static final String NO_PATH =
      "z is discrete, so that no gradient reaches the posterior through it: use --estimator gumbel,"
          + " st-gumbel, score, vimco, rebar or relax";

  private final Spec spec;
  private final Dense head;
  private final Var zero;

  private DiscretePosterior(Spec spec, Parameters parameters) {
    this.spec = spec;
    this.head = new Dense(parameters, NAME, Activation.NONE);
    this.zero = Var.constant(parameters.allocate(1).slice(0, Shape.of(1, 1)));
  }

  static void requireNoPrior(PriorSpec named) {
    if (!named.equals(PriorSpec.NORMAL)) {
      throw new IllegalArgumentException(PRIOR_REFUSAL);
    }
  }

  /** C. */
  public int categories() {
    return spec.categories;
  }

  /** Logits of all categories, [B,N·C]. */
  public Var logits(Tape tape, Var h) {
    Var scores = head.forward(tape, h);
    if (!spec.binary) {
      return scores;
    }
    int rows = scores.value().rows();
    Var column = ShapeOps.reshape(tape, scores, rows * spec.variables, 1);
    Var pairs = ComposeOps.concat(tape, column, zero);
    return ShapeOps.reshape(tape, pairs, rows, 2 * spec.variables);
  }

  /**
   * z of weights of all categories, one-hot or relaxed: those of binary variables without the
   * category 0.
   *
   * @param weights [R,N·C]
   * @return [R,D]
   */
  public Var latents(Tape tape, Var weights) {
    if (!spec.binary) {
      return weights;
    }
    int rows = weights.value().rows();
    Var pairs = ShapeOps.reshape(tape, weights, rows * spec.variables, 2);
    Var column = ComposeOps.columns(tape, pairs, 0, 1);
    return ShapeOps.reshape(tape, column, rows, spec.variables);
  }

  /**
   * K exact samples a data point.
   *
   * @param logits [B,N·C]
   * @return valid until the tape is reset
   */
  public Choice choose(Tape tape, Var logits, NoiseKey noise, int samples) {
    Choice choice = tape.next(Choice.class, Choice::new);
    Tensor scores = logits.value();
    int rows = Math.multiplyExact(scores.rows(), samples);
    Tensor oneHot = tape.open(choice.oneHot, false, rows, scores.columns());
    choice.index = tape.arena().take(rows, spec.variables);
    tape.backend().concrete().gumbelMax(scores, spec.categories, noise, oneHot, choice.index);
    return choice;
  }

  /** KL to the prior of each data point, {@code Σ_n Σ_c p·log p + N log C}, [B]. */
  public Var kl(Tape tape, Var logits) {
    return CategoricalOps.klToUniform(tape, logits, spec.categories);
  }

  /** KL to the prior of each data point and variable, [B,N]. */
  public Var klPerVariable(Tape tape, Var logits) {
    int rows = logits.value().rows();
    Var each = ShapeOps.reshape(tape, logits, rows * spec.variables, spec.categories);
    return ShapeOps.reshape(tape, kl(tape, each), rows, spec.variables);
  }

  /** A draw of given samples with its KL. */
  public Draw draw(Tape tape, Var h, Var logits, Var weights, boolean perVariable) {
    Draw draw = Draw.of(tape, latents(tape, weights), this, h).kl(kl(tape, logits));
    return perVariable ? draw.klPerDim(klPerVariable(tape, logits)) : draw;
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    String refusal = refusal(prior, want);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    Var logits = logits(tape, h);
    Var weights = choose(tape, logits, noise, samples).oneHot();
    if (want.kl()) {
      return draw(tape, h, logits, weights, want == Want.KL_PER_DIM);
    }
    Var z = latents(tape, weights);
    Draw draw = Draw.of(tape, z, this, h);
    return want.densities()
        ? draw.densities(
            CategoricalOps.logProbOfWeights(tape, logits, spec.categories, weights),
            prior.logDensity(tape, z))
        : draw;
  }

  /** Probabilities: of the categories, or of 1. */
  @Override
  public Var mean(Tape tape, Var h) {
    return latents(tape, CategoricalOps.softmax(tape, logits(tape, h), spec.categories));
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    return want == Want.LOG_DENSITIES_STL ? NO_PATH : null;
  }

  @Override
  public String pathRefusal() {
    return NO_PATH;
  }

  @Override
  public boolean continuous() {
    return false;
  }

  /** What {@link #choose} drew. */
  public static final class Choice extends Node {
    private final Var oneHot = new Var();
    private Tensor index = Tensor.EMPTY;

    private Choice() {}

    /** [R,N·C]; it has no gradient. */
    public Var oneHot() {
      return oneHot;
    }

    /** The categories, [R,N]. */
    public Tensor index() {
      return index;
    }

    @Override
    protected boolean reached() {
      return false;
    }

    @Override
    protected void backward(Backend kernels) {}
  }
}
