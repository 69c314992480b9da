package io.github.elbo4j.train;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.data.Batches;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Pass;
import org.jspecify.annotations.Nullable;

/**
 * One step of training: data, forward, backward, optimiser. After the first steps it allocates
 * nothing, and it is a function of (parameters, optimiser, data, seed, step) alone.
 */
public final class TrainingStep {
  private final Model model;
  private final Backend backend;
  private final Objective objective;
  private final Adam adam;
  private final Batches batches;
  private final Batch batch;
  private final Tape tape;
  private final NoiseKey posteriorNoise;
  private final @Nullable NoiseKey binarize;
  private final Pass pass;
  private int rows;
  private double logLikSum;
  private double klSum;

  /**
   * Puts a step together.
   *
   * @param dynamic whether pixels are drawn anew each step
   */
  public TrainingStep(
      Model model,
      Backend backend,
      Objective objective,
      Adam adam,
      Batches batches,
      int batchSize,
      long seed,
      boolean dynamic) {
    this.model = model;
    this.backend = backend;
    this.objective = objective;
    this.adam = adam;
    this.batches = batches;
    this.batch = model.batch(batchSize);
    this.pass = new Pass(model.vae());
    this.tape = new Tape(backend);
    this.posteriorNoise = new NoiseKey(seed, Streams.POSTERIOR);
    this.binarize = dynamic ? new NoiseKey(seed, Streams.BINARIZE) : null;
  }

  /**
   * Does step {@code step}, counted from 0.
   *
   * @param checkpoint where the last good checkpoint is, for the message of a failure
   * @return the loss, nats an example
   * @throws NonFiniteException when the loss is not finite; the parameters are as before the step
   */
  public float run(long step, String checkpoint) {
    rows = batches.fill(step, batch.bytes());
    batches.fillLabels(step, batch.labels());
    if (binarize != null) {
      binarize.at((int) step);
    }
    Observed x = batch.load(backend, rows, binarize);
    tape.reset();
    Var loss = pass.loss(tape, x, posteriorNoise.at((int) step), objective, step);
    float value = loss.value().get(0);
    if (!Float.isFinite(value)) {
      throw new NonFiniteException(step + 1, culprit(), checkpoint);
    }
    logLikSum = rows * mean(pass.logLik());
    klSum = rows * mean(pass.kl());
    tape.backward(loss);
    adam.step(backend);
    return value;
  }

  /** Examples of the last step. */
  public int rows() {
    return rows;
  }

  /** Σ log p(x|z) over the examples of the last step. */
  public double logLikSum() {
    return logLikSum;
  }

  /** Σ KL over the examples of the last step. */
  public double klSum() {
    return klSum;
  }

  /** The first tensor, in the order of the computation, that is not finite. */
  private String culprit() {
    String poisoned = model.nonFiniteParameter();
    if (poisoned != null) {
      return poisoned;
    }
    if (!finite(pass.latent().mean())) {
      return "posterior mu";
    }
    if (!finite(pass.latent().z())) {
      return "latent z";
    }
    if (!finite(pass.kl())) {
      return "KL";
    }
    return finite(pass.logLik()) ? "loss" : "log-likelihood";
  }

  private static double mean(Var v) {
    return Sums.of(v.value()) / v.value().size();
  }

  private static boolean finite(Var v) {
    Tensor t = v.value();
    return Sums.finite(t);
  }
}
