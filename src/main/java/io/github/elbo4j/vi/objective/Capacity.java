package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * The β-VAE with controlled capacity (Burgess et al. 2018):
 *
 * <pre>
 * loss = −mean_b log p(x|z) + γ·| mean_b KL − C(step) |        C(step) = C·factor(step)
 * </pre>
 *
 * <p>The KL is pulled to C(step) nats from either side; C grows from 0 over the warm-up. It is the
 * KL in closed form where posterior and prior have one. Elsewhere it is estimated from the sample,
 * and as a mean of |estimate − C| is not | mean − C |, the pull is then a little too strong where
 * the KL is within its noise of C.
 */
final class Capacity implements Objective {
  /**
   * The objective.
   *
   * @param gamma γ &gt;= 0
   * @param nats C &gt;= 0
   * @param annealing of C
   */
  record Spec(double gamma, double nats, Annealing annealing) implements ObjectiveSpec {
    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      return new Capacity(this);
    }
  }

  private final Spec spec;
  private final Var capacity = new Var();

  private Capacity(Spec spec) {
    this.spec = spec;
  }

  @Override
  public int scheduled() {
    return 1;
  }

  @Override
  public void schedule(long step, float[] numbers) {
    numbers[0] = (float) (spec.nats() * spec.annealing().at(step));
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    return Elbo.PLAIN.refusal(posterior, prior);
  }

  @Override
  public Var loss(Pass pass) {
    Tape tape = pass.tape();
    Var kl = Elbo.PLAIN.sample(pass);
    Var logLik = pass.logLik();
    Var mean = ReduceOps.weightedSum(tape, kl, 1f / kl.value().size());
    Var excess = ComposeOps.sum(tape, mean, 1, capacity.setConstant(pass.numbers()), -1);
    Var missed = ReduceOps.weightedSum(tape, logLik, -1f / logLik.value().size());
    float gamma = (float) spec.gamma();
    Var above = ReduceOps.freeBits(tape, excess, 0, 2 * gamma); // γ|e| = 2γ·max(0, e) − γe
    return ComposeOps.sum(tape, missed, 1, above, 1, excess, -gamma);
  }
}
