package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Mlp;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.Want;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The negative ELBO with the gradient of the posterior from its score function (Williams 1992;
 * Ranganath et al. 2014), which asks nothing of z, neither that it be continuous nor that the
 * decoder be differentiable in it:
 *
 * <pre>
 * ∇E_q[f] = E_q[ (f − baseline)·∇log q(z|x) ],   f = log p(x|z) − β·( log q(z|x) − log p(z) )
 * </pre>
 *
 * <p>Where the KL has a closed form it and its gradient are taken from there, and f = log p(x|z)
 * alone: the Rao-Blackwellised estimate over the factors of q. No baseline depends on the sample
 * that it is subtracted from, so that all of them leave the estimate unbiased. Beside one data
 * point alone in its mini-batch, a baseline made of the others is 0.
 */
final class ScoreElbo implements Objective {
  /** What is subtracted from f. */
  enum Baseline {
    /** Nothing. */
    NONE,
    /** The mean f of the other data points of the mini-batch. */
    CONSTANT,
    /**
     * The same, and what a network of x expects of the rest (Mnih and Gregor 2014), which is
     * trained on the squared error.
     */
    LEARNED,
    /** The mean f of the other samples of the data point (Kool et al. 2019). */
    LEAVE_ONE_OUT,
    /**
     * The same, of {@code f − c·h} with {@code h = log q(z|x) − log p(z)}, whose mean is the KL,
     * and {@code c·∇KL} added for it; c is the scale of least variance (Ranganath et al. 2014, eq.
     * 9), averaged over the other data points, without which the estimate were biased.
     */
    OPTIMAL
  }

  /** The hidden layer of a learned baseline, as Mnih and Gregor (2014) have it. */
  private static final List<Integer> WIDTHS = List.of(100);

  private static final String NAME = "objective.baseline";

  private static final String OPTIMAL_REFUSAL =
      "estimator score:optimal scales a control variate whose mean is the KL in closed form, which"
          + " posterior and prior do not have here: use score:loo:SAMPLES";

  /**
   * The objective.
   *
   * @param elbo weights of the KL
   * @param samples K of each data point; at least 2 for LEAVE_ONE_OUT and OPTIMAL
   */
  record Spec(Elbo elbo, Baseline baseline, int samples) implements ObjectiveSpec {
    @Override
    public void declare(Parameters.Builder builder, Vae.Spec model) {
      if (baseline == Baseline.LEARNED) {
        int width = Mlp.declare(builder, NAME, model.data(), WIDTHS);
        Dense.declare(
            builder, NAME + ".mean", width, 1, Initializer.fanInUniform(), Initializer.zeros());
      }
    }

    @Override
    public Objective build(Parameters parameters, Vae.Spec model, long examples) {
      return new ScoreElbo(this, parameters);
    }
  }

  private final Spec spec;
  private final @Nullable Mlp hidden;
  private final @Nullable Dense mean;

  private ScoreElbo(Spec spec, Parameters parameters) {
    this.spec = spec;
    boolean learned = spec.baseline == Baseline.LEARNED;
    hidden = learned ? new Mlp(parameters, NAME, WIDTHS.size(), Activation.TANH) : null;
    mean = learned ? new Dense(parameters, NAME + ".mean", Activation.NONE) : null;
  }

  @Override
  public int scheduled() {
    return spec.elbo.scheduled();
  }

  @Override
  public void schedule(long step, float[] numbers) {
    spec.elbo.schedule(step, numbers);
  }

  @Override
  public @Nullable String refusal(Posterior posterior, Prior prior) {
    String refusal = posterior.refusal(prior, Want.LOG_DENSITIES_SCORE);
    if (refusal == null && spec.baseline == Baseline.OPTIMAL && !closed(posterior, prior)) {
      return OPTIMAL_REFUSAL;
    }
    if (refusal == null && spec.elbo.freeBits() > 0) {
      return posterior.refusal(prior, Want.KL_PER_DIM);
    }
    return refusal == null && spec.elbo.form() == Elbo.Form.ANALYTIC
        ? posterior.refusal(prior, Want.KL)
        : refusal;
  }

  private boolean closed(Posterior posterior, Prior prior) {
    return spec.elbo.form() != Elbo.Form.MONTE_CARLO && posterior.refusal(prior, Want.KL) == null;
  }

  @Override
  public Var loss(Pass pass) {
    Tape tape = pass.tape();
    Vae vae = pass.vae();
    Latent drawn = pass.sample(spec.samples, Want.LOG_DENSITIES_SCORE);
    Var logLik = pass.logLik(drawn.z());
    Var loss;
    Var f;
    Var exact = null;
    if (closed(vae.posterior(), vae.prior())) {
      boolean perDim = spec.elbo.freeBits() > 0;
      Want want = perDim ? Want.KL_PER_DIM : Want.KL;
      Latent divergence = vae.sample(tape, pass.h(), pass.noise(), 1, want);
      exact = divergence.kl();
      f = logLik.detached();
      pass.report(logLik, exact);
      loss = spec.elbo.loss(pass, logLik, exact, perDim ? divergence.klPerDim() : null);
    } else { // log p(z) may have parameters; the gradient of E[log q] is all in the score
      Var kl = ComposeOps.sum(tape, drawn.logQ().detached(), 1, drawn.logP(), -1);
      f = spec.elbo.weighted(pass, logLik, kl).detached();
      pass.report(logLik, kl);
      loss = spec.elbo.loss(pass, logLik, kl, null);
    }
    return withScore(pass, loss, drawn, f, exact);
  }

  private Var withScore(Pass pass, Var loss, Latent drawn, Var f, @Nullable Var kl) {
    Tape tape = pass.tape();
    boolean ofPoint = spec.baseline == Baseline.LEAVE_ONE_OUT || spec.baseline == Baseline.OPTIMAL;
    int points = Signals.points(pass);
    int rows = ofPoint ? points : 1;
    int columns = f.value().size() / rows;
    Var signal = Signals.shaped(tape, f, rows, columns);
    Var logQ = Signals.shaped(tape, drawn.logQ(), rows, columns);
    Var all = loss;
    switch (spec.baseline) {
      case NONE -> {}
      case CONSTANT, LEAVE_ONE_OUT -> signal = Signals.centred(tape, signal);
      case LEARNED -> {
        signal = Signals.centred(tape, signal);
        Var expected = Signals.shaped(tape, baseline(pass), 1, columns);
        Var error = ComposeOps.sum(tape, signal, 1, expected, -1);
        Var squares = ComposeOps.product(tape, error, error);
        all =
            Signals.withGradientOf(tape, all, ReduceOps.weightedSum(tape, squares, half(squares)));
        signal = error.detached();
      }
      case OPTIMAL -> {
        if (rows > 1 && kl != null) {
          Var h = ComposeOps.sum(tape, drawn.logQ().detached(), 1, drawn.logP().detached(), -1);
          h = Signals.shaped(tape, h, rows, columns);
          Var each = Signals.shaped(tape, Signals.coefficient(tape, signal, h), 1, rows);
          Var scale = Signals.others(tape, each);
          Var known = Signals.score(tape, scale, Signals.shaped(tape, kl, 1, rows));
          all = Signals.withGradientOf(tape, all, known);
          Var column = Signals.shaped(tape, scale, rows, 1);
          Var wide = ComposeOps.repeatRows(tape, column, columns);
          wide = Signals.shaped(tape, wide, rows, columns);
          signal = ComposeOps.sum(tape, signal, 1, ComposeOps.product(tape, wide, h), -1);
        }
        signal = Signals.centred(tape, signal);
      }
    }
    return Signals.withGradientOf(tape, all, Signals.score(tape, signal, logQ));
  }

  private static float half(Var squares) {
    return 0.5f / squares.value().size();
  }

  /** What the network expects, [B,1]. */
  private Var baseline(Pass pass) {
    if (hidden == null || mean == null) {
      throw new IllegalStateException("ScoreElbo: no baseline was declared");
    }
    return mean.forward(pass.tape(), hidden.forward(pass.tape(), pass.data().x()));
  }
}
