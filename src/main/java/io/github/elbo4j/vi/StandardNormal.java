package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.LikelihoodOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * N(0, I). {@link DiagonalGaussianPosterior} does not ask it, since the kernel that samples knows
 * it; a posterior of another kind does.
 */
enum StandardNormal implements Prior {
  INSTANCE;

  private static final Var UNIT_LOG_VAR = Var.constant(Tensor.zeros(1));

  @Override
  public void sample(Backend kernels, NoiseKey noise, Tensor z) {
    kernels.random().normal(noise, 0, z);
  }

  @Override
  public Var logDensity(Tape tape, Var z) {
    return LikelihoodOps.gaussian(tape, z, zeros(tape, z), UNIT_LOG_VAR);
  }

  @Override
  public Var klFrom(Tape tape, Var mu, Var logVar) {
    Var origin = Var.constant(zeros(tape, mu));
    return GaussianOps.klToPrior(tape, mu, logVar, origin, origin);
  }

  @Override
  public Var klPerDimFrom(Tape tape, Var mu, Var logVar) {
    Var origin = Var.constant(zeros(tape, mu));
    return GaussianOps.klPerDimToPrior(tape, mu, logVar, origin, origin);
  }

  @Override
  public boolean isStandardNormal() {
    return true;
  }

  @Override
  public @Nullable String closedFormRefusal() {
    return null;
  }

  private static Tensor zeros(Tape tape, Var like) {
    Tensor zeros = tape.arena().take(1, like.value().columns());
    tape.backend().memory().fill(zeros, 0);
    return zeros;
  }
}
