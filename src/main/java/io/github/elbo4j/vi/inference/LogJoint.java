package io.github.elbo4j.vi.inference;

import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Vae;

/**
 * {@code β·log p(x|z) + log p(z)} of many latents at once and its gradient in z: what a chain moves
 * along and what a most probable latent maximises. R = B·C rows: C latents a data point, side by
 * side.
 */
final class LogJoint {
  private final Vae vae;
  private final Parameters parameters;
  private final Tape tape;
  private final Tensor z;
  private final Tensor dz;
  private final Var latent;
  private final int rows;
  private final int dimensions;
  private final double[] logLik;
  private final double[] logPrior;
  private float[] gradient = {};

  /**
   * The joint density of a model.
   *
   * @param parameters the model's own, whose gradients are cleared after each evaluation
   * @param rows R
   */
  LogJoint(Vae vae, Parameters parameters, Backend backend, int rows) {
    this.vae = vae;
    this.parameters = parameters;
    this.rows = rows;
    dimensions = vae.latent();
    tape = new Tape(backend);
    z = Tensor.zeros(rows, dimensions);
    dz = Tensor.zeros(rows, dimensions);
    latent = Var.parameter(z, dz);
    logLik = new double[rows];
    logPrior = new double[rows];
  }

  /** Evaluates at {@code at}, R·D numbers, with temperature β. */
  void evaluate(Observed x, double[] at, double beta) {
    for (int i = 0; i < at.length; i++) {
      z.array()[i] = (float) at[i];
    }
    dz.fill(0);
    tape.resetForTraining();
    Var likelihood = vae.logLik(tape, latent, x);
    Var prior = vae.prior().logDensity(tape, latent);
    tape.backward(ReduceOps.weightedSum(tape, likelihood, (float) beta, prior, 1));
    read(likelihood, logLik);
    read(prior, logPrior);
    gradient = dz.array();
    tape.backend().memory().fill(parameters.gradients(), 0);
  }

  private void read(Var v, double[] to) {
    Tensor host = v.value().onHost();
    for (int r = 0; r < rows; r++) {
      to[r] = host.get(r);
    }
  }

  /** log p(x|z) of row {@code r}. */
  double logLik(int r) {
    return logLik[r];
  }

  /** log p(z) of row {@code r}. */
  double logPrior(int r) {
    return logPrior[r];
  }

  /** Element {@code i} of the gradient in z, R·D elements. */
  double gradient(int i) {
    return gradient[i];
  }

  /** D. */
  int dimensions() {
    return dimensions;
  }
}
