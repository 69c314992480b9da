package io.github.elbo4j.vi.prior;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.DivergenceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Prior;
import org.jspecify.annotations.Nullable;

/**
 * A mixture of K diagonal Gaussians, {@code p(z) = Σ_k π_k N(z; mu_k, exp(logVar_k))}.
 *
 * <p>Weights are the density of one coordinate more, in which component k stands at {@code a_k} and
 * every z at 0: {@code π_k = exp(−a_k²/2) / Σ_j exp(−a_j²/2)}. So the kernel of mixtures with equal
 * weights gives all of it and its gradient:
 *
 * <pre>
 * log p(z) = logsumexp_k log N([z, 0]; [mu_k, a_k]) − logsumexp_k log N(0; a_k, 1)
 * </pre>
 */
abstract class MixturePrior implements Prior {
  static final String KL_REFUSAL =
      "the analytic KL to a mixture prior, which free bits need too, does not exist: use"
          + " --objective elbo, which samples it, or elbo:mc";

  private final int components;
  private final Var zeros = new Var();
  private final Var unitLogVars = new Var();
  private final Var logCounts = new Var();

  final LogVarBounds bounds;

  MixturePrior(int components, LogVarBounds bounds) {
    this.components = components;
    this.bounds = bounds;
  }

  /** mu [K,D]. */
  abstract Var mu(Tape tape);

  /** logVar [K,D] of what {@link #mu} gave last. */
  abstract Var logVar(Tape tape);

  /** a [K,1], or null for equal weights. */
  abstract @Nullable Var places();

  @Override
  public Var logDensity(Tape tape, Var z) {
    Var mu = mu(tape);
    Var logVar = logVar(tape);
    Var a = places();
    if (a == null) { // the kernel's weights are 1/K², log Σ 1/K² = log mean − log K
      Var logMean = logSum(tape, z, mu, logVar);
      Tensor logCount = tape.arena().take(logMean.value().size());
      tape.backend().memory().fill(logCount, (float) Math.log(components));
      return ComposeOps.sum(tape, logMean, 1, logCounts.setConstant(logCount), 1);
    }
    int rows = z.value().rows();
    Var zero = zeros.setConstant(column(tape, rows));
    Var unit = unitLogVars.setConstant(column(tape, components));
    Var joint =
        logSum(
            tape,
            ComposeOps.concat(tape, z, zero),
            ComposeOps.concat(tape, mu, a),
            ComposeOps.concat(tape, logVar, unit));
    Var weights = logSum(tape, zero, a, ComposeOps.scale(tape, a, zeroFactor(tape)));
    return ComposeOps.sum(tape, joint, 1, weights, -1);
  }

  private Var logSum(Tape tape, Var z, Var mu, Var logVar) {
    return DivergenceOps.aggregatedPosterior(tape, z, mu, logVar, components, Weighting.WEIGHTED)
        .logQ();
  }

  /** One element of 0: what makes a log-variance of 0 that needs a gradient as its mean does. */
  private static Tensor zeroFactor(Tape tape) {
    Tensor zero = tape.arena().take(1);
    tape.backend().memory().fill(zero, 0);
    return zero;
  }

  private static Tensor column(Tape tape, int rows) {
    Tensor column = tape.arena().take(rows, 1);
    tape.backend().memory().fill(column, 0);
    return column;
  }

  @Override
  public void sample(Backend kernels, NoiseKey noise, Tensor z) {
    Tape tape = new Tape(kernels);
    tape.resetForInference();
    Tensor mu = mu(tape).value().onHost();
    Tensor logVar = logVar(tape).value().onHost();
    Var a = places();
    double[] cumulative = cumulative(a == null ? null : a.value().onHost());
    Tensor uniform = Tensor.zeros(z.rows());
    kernels.random().uniform(noise.branch(0), 0, uniform);
    Tensor normal = Tensor.zeros(z.rows(), z.columns());
    kernels.random().normal(noise, 0, normal);
    float[] drawn = new float[z.size()];
    int d = z.columns();
    for (int r = 0; r < z.rows(); r++) {
      int k = component(cumulative, uniform.get(r));
      for (int i = 0; i < d; i++) {
        double sigma = Math.exp(0.5 * logVar.get(k * d + i));
        drawn[r * d + i] = (float) (mu.get(k * d + i) + sigma * normal.get(r * d + i));
      }
    }
    z.set(drawn);
  }

  private double[] cumulative(@Nullable Tensor a) {
    double[] sums = new double[components];
    double sum = 0;
    for (int k = 0; k < components; k++) {
      sum += a == null ? 1 : Math.exp(-0.5 * a.get(k) * a.get(k));
      sums[k] = sum;
    }
    return sums;
  }

  private static int component(double[] cumulative, double uniform) {
    double target = uniform * cumulative[cumulative.length - 1];
    int k = 0;
    while (k < cumulative.length - 1 && cumulative[k] < target) {
      k++;
    }
    return k;
  }

  @Override
  public String closedFormRefusal() {
    return KL_REFUSAL;
  }
}
