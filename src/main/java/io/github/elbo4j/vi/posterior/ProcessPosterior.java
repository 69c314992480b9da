package io.github.elbo4j.vi.posterior;

import io.github.elbo4j.autodiff.CholeskyOps;
import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.DenseOps;
import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.ProcessOps;
import io.github.elbo4j.autodiff.ScoreOps;
import io.github.elbo4j.autodiff.ShapeOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.Draw;
import io.github.elbo4j.vi.GaussianNetwork;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Want;
import org.jspecify.annotations.Nullable;

/**
 * A variational Gaussian process (Tran, Ranganath and Blei 2016): random functions of a latent
 * input shift the parameters of a mean-field posterior. The 2·D functions are independent Gaussian
 * processes with a common ARD kernel, conditioned on M learned pairs (s_m, t_m), the variational
 * data; each sample draws functions of its own, of which it needs one value each:
 *
 * <pre>
 * ξ ~ N(0, I_D)     f ~ N(mean(ξ), (variance(ξ) + {@value #JITTER})·I_2D) by {@link ProcessOps#conditional}
 * z ~ q(z|f,x) = N(mu(x) + f_1..D, exp(logVar(x) + f_D+1..2D))
 * log q(z|x) is replaced by   log N(ξ) + log q(f|ξ) + log q(z|f,x) − log r(ξ,f|z,x)
 * </pre>
 *
 * with r an auxiliary Gaussian. In expectation that is above log q(z|x), so that the ELBO stays a
 * bound; with importance weights (z, f, ξ) is sampled together and the weights stay unbiased.
 *
 * <p>The status of the Cholesky factors is read on the host, so a CUDA step is no graph.
 */
public final class ProcessPosterior implements Posterior {
  /**
   * The posterior by its sizes.
   *
   * @param latent D &gt;= 1
   * @param points M &gt;= 1, pairs of variational data
   */
  public record Spec(int latent, int points) implements PosteriorSpec {
    @Override
    public void declare(Parameters.Builder builder, int in) {
      DiagonalGaussianPosterior.declare(builder, in, latent);
      builder.add(INPUTS, points, latent, Initializer.normal(1));
      builder.add(OUTPUTS, points, 2 * latent, Initializer.normal(INITIAL_SCALE));
      // The distances between standard normal inputs grow with D; the kernel must not vanish.
      builder.add(WEIGHT, 1, latent, Initializer.constant((float) -Math.log(latent)));
      float logVariance = (float) (2 * Math.log(INITIAL_SCALE));
      builder.add(VARIANCE, 1, 1, Initializer.constant(logVariance));
      GaussianNetwork.declare(builder, AUXILIARY, latent + in, in, 3 * latent);
    }

    @Override
    public Posterior build(Parameters parameters, LogVarBounds bounds) {
      return new ProcessPosterior(parameters, bounds, latent);
    }
  }

  private static final String INPUTS = "posterior.process.inputs";
  private static final String OUTPUTS = "posterior.process.outputs";
  private static final String WEIGHT = "posterior.process.logWeight";
  private static final String VARIANCE = "posterior.process.logVariance";
  private static final String AUXILIARY = "posterior.auxiliary";

  /** Standard deviation of a function before training. */
  private static final double INITIAL_SCALE = 0.3;

  /** Variance of the functions' own noise, which keeps every factor far from singular. */
  static final float JITTER = 1e-3f;

  /** Of the kernel's log-variance: above, float32 has no factor beside that noise. */
  private static final LogVarBounds AMPLITUDE = new LogVarBounds(-8, 2);

  private static final String KL_REFUSAL =
      "the analytic KL, which free bits need too, does not exist for a variational Gaussian"
          + " process: use --objective elbo, which samples it, or elbo:mc";
  private static final String BOUND_REFUSAL =
      "the log q of a variational Gaussian process is a bound that holds the auxiliary model r: use"
          + " --estimator pathwise";

  private final int latent;
  private final DiagonalGaussianPosterior heads;
  private final Var inputs;
  private final Var outputs;
  private final Var logWeight;
  private final Var logVariance;
  private final GaussianNetwork auxiliary;
  private final LogVarBounds bounds;
  private final Var origin; // [1,D] of 0
  private final Var zeros; // [1,2D]
  private final Var ones; // [1,2D]
  private final Var one; // [1,1]
  private final Var jitter; // [1,1]

  private ProcessPosterior(Parameters parameters, LogVarBounds bounds, int latent) {
    this.latent = latent;
    this.bounds = bounds;
    heads = new DiagonalGaussianPosterior(parameters, bounds);
    inputs = learned(parameters, INPUTS);
    outputs = learned(parameters, OUTPUTS);
    logWeight = learned(parameters, WEIGHT);
    logVariance = learned(parameters, VARIANCE);
    auxiliary = new GaussianNetwork(parameters, AUXILIARY, bounds);
    origin = row(parameters, latent, 0);
    zeros = row(parameters, 2 * latent, 0);
    ones = row(parameters, 2 * latent, 1);
    one = row(parameters, 1, 1);
    jitter = row(parameters, 1, JITTER);
  }

  private static Var learned(Parameters parameters, String name) {
    return Var.parameter(parameters.value(name), parameters.gradient(name));
  }

  private static Var row(Parameters parameters, int columns, float value) {
    Tensor t = parameters.allocate(columns).slice(0, Shape.of(1, columns));
    t.fill(value);
    return Var.constant(t);
  }

  @Override
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
    String refusal = refusal(prior, want);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    GaussianOps.Want part =
        want.densities() ? GaussianOps.Want.LOG_DENSITIES : GaussianOps.Want.SAMPLE;
    int rows = Math.multiplyExact(h.value().rows(), samples);
    GaussianOps.Sample xi = GaussianOps.reparameterize(tape, origin, origin, noise, rows, part);
    GaussianOps.Sample eps =
        GaussianOps.reparameterize(tape, zeros, zeros, noise.branch(0), rows, part);
    ProcessOps.Conditional process = process(tape, xi.z());
    Var scale = scale(tape, process.variance());
    Var f = ComposeOps.sum(tape, process.mean(), 1, spread(tape, scale, eps.z()), 1);
    GaussianOps.Sample latentSample = given(tape, h, f, noise.branch(1), samples, part);
    Draw draw = Draw.of(tape, latentSample.z(), this, h);
    if (want.densities()) {
      Var logQ = ComposeOps.sum(tape, xi.logQ(), 1, latentSample.logQ(), 1);
      // log q(f|ξ) = log N(ε) − ½·2D·log variance
      Var logDet = CholeskyOps.logDet(tape, scale);
      Var logF = ComposeOps.sum(tape, eps.logQ(), 1, logDet, -latent);
      Var logR = logR(tape, h, latentSample.z(), ComposeOps.concat(tape, xi.z(), f));
      draw.densities(
          ComposeOps.sum(tape, logQ, 1, logF, 1, logR, -1),
          prior.logDensity(tape, latentSample.z()));
    }
    return draw;
  }

  /** The functions at points [R,D]: mean [R,2D] and variance [R]. */
  private ProcessOps.Conditional process(Tape tape, Var points) {
    Var amplitude = AMPLITUDE.apply(tape, logVariance);
    return ProcessOps.conditional(tape, inputs, outputs, points, logWeight, amplitude, JITTER);
  }

  /** √(variance + jitter), [R,1]: the Cholesky factors of matrices of one element. */
  private Var scale(Tape tape, Var variance) {
    Var column = ShapeOps.reshape(tape, variance, variance.value().size(), 1);
    return CholeskyOps.cholesky(tape, DenseOps.dense(tape, column, one, jitter, Activation.NONE));
  }

  /** Each row of eps [R,2D] times its element of scale [R,1]. */
  private Var spread(Tape tape, Var scale, Var eps) {
    return ComposeOps.product(tape, DenseOps.dense(tape, scale, ones, null, Activation.NONE), eps);
  }

  /** q(z|f,x) where f is [B·K,2D]. */
  private GaussianOps.Sample given(
      Tape tape, Var h, Var f, NoiseKey noise, int samples, GaussianOps.Want part) {
    Var read = ComposeOps.concat(tape, heads.mean(tape, h), heads.logVar(tape, h));
    Var lambda = ComposeOps.sum(tape, ComposeOps.repeatRows(tape, read, samples), 1, f, 1);
    Var mu = ComposeOps.columns(tape, lambda, 0, latent);
    Var logVar = bounds.apply(tape, ComposeOps.columns(tape, lambda, latent, latent));
    return GaussianOps.reparameterize(tape, mu, logVar, noise, 1, part);
  }

  /** log r(ξ,f|z,x), [B·K]. */
  private Var logR(Tape tape, Var h, Var z, Var drawn) {
    Var seen = auxiliary.read(tape, ComposeOps.concat(tape, z, h));
    return ScoreOps.gaussianLogProb(
        tape, drawn, auxiliary.mu(tape, seen), auxiliary.logVar(tape, seen));
  }

  /** The mean of q(z|f,x) at the means of f and of ξ. */
  @Override
  public Var mean(Tape tape, Var h) {
    Var shift = ComposeOps.columns(tape, process(tape, origin).mean(), 0, latent);
    Var shifts = ComposeOps.repeatRows(tape, shift, h.value().rows());
    return ComposeOps.sum(tape, heads.mean(tape, h), 1, shifts, 1);
  }

  @Override
  public @Nullable String refusal(Prior prior, Want want) {
    return switch (want) {
      case SAMPLE, LOG_DENSITIES -> null;
      case KL, KL_PER_DIM -> KL_REFUSAL;
      case LOG_DENSITIES_STL, LOG_DENSITIES_SCORE -> BOUND_REFUSAL;
    };
  }
}
