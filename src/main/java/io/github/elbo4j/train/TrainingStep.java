package io.github.elbo4j.train;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.data.Batches;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Replay;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Pass;
import org.jspecify.annotations.Nullable;

/**
 * One step of training: data, forward, backward, optimiser. After the first steps it allocates
 * nothing, and it is a function of (parameters, optimiser, data, seed, step) alone.
 *
 * <p>On a device a step is queued as a whole, and from its third time with the same number of rows
 * on as a single launch ({@link Replay}); the bits are the same. To time either:
 *
 * <pre>{@code
 * try (TrainingStep step = new TrainingStep(…)) {
 *   step.useGraphs(false);                         // a launch a kernel; leave out for graphs
 *   for (int i = 0; i < 5; i++) step.run(i, "");   // warm
 *   long start = System.nanoTime();                // run returns once the device is done
 *   for (int i = 5; i < 105; i++) step.run(i, "");
 *   double seconds = (System.nanoTime() - start) * 1e-9 / 100;
 *   boolean graph = step.replayed();
 * }
 * }</pre>
 */
public final class TrainingStep implements AutoCloseable {
  /** What a device hands back: the loss, Σ log p(x|z), Σ KL. */
  private static final int RESULTS = 3;

  private final Model model;
  private final Backend backend;
  private final Objective objective;
  private final Adam adam;
  private final Batches batches;
  private final Batch batch;
  private final Tape tape;
  private final NoiseKey posteriorNoise;
  private final @Nullable NoiseKey binarize;
  private final @Nullable Replay replay;
  private final Runnable work = this::launch;
  private final Pass pass;
  private long filled = -1;
  private long current;
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
    this.replay = backend.memory().replay(RESULTS);
  }

  /**
   * Does step {@code step}, counted from 0.
   *
   * @param checkpoint where the last good checkpoint is, for the message of a failure
   * @return the loss, nats an example
   * @throws NonFiniteException when the loss is not finite; the parameters are as before the step
   */
  public float run(long step, String checkpoint) {
    current = step;
    fill(step);
    rows = batches.rows(step);
    batch.prepare(rows);
    pass.schedule(backend, objective, step);
    posteriorNoise.at((int) step);
    if (binarize != null) {
      binarize.at((int) step);
    }
    return replay == null ? compute(checkpoint) : queue(replay, checkpoint);
  }

  private void fill(long step) {
    if (filled != step) {
      batches.fill(step, batch.bytes());
      batches.fillLabels(step, batch.labels());
      filled = step;
    }
  }

  /** The step on a backend whose kernels are done when they return. */
  private float compute(String checkpoint) {
    Var loss = forward();
    float value = loss.value().get(0);
    if (!Float.isFinite(value)) {
      throw new NonFiniteException(current + 1, culprit(), checkpoint);
    }
    logLikSum = rows * mean(pass.logLik());
    klSum = rows * mean(pass.kl());
    tape.backward(loss);
    adam.step(backend);
    return value;
  }

  /** The step on a device, which the host prepares the next one beside. */
  private float queue(Replay device, String checkpoint) {
    adam.prepare();
    device.start(rows, (int) current, work);
    fill(current + 1);
    device.finish();
    float value = device.result(0);
    if (!Float.isFinite(value)) {
      fill(current);
      batch.prepare(rows);
      forward(); // the same bits again: the parameters are those it had
      throw new NonFiniteException(current + 1, culprit(), checkpoint);
    }
    logLikSum = device.result(1);
    klSum = device.result(2);
    adam.advance();
    return value;
  }

  /** All kernels of a step on a device; nothing is looked at before they are done. */
  private void launch() {
    Var loss = forward();
    if (replay != null) {
      Tensor results = replay.results();
      backend.memory().fill(results, 0);
      backend.memory().add(loss.value(), results.slice(0, loss.value().shape()));
      addMean(pass.logLik().value(), results.slice(1, Shape.of(1)));
      addMean(pass.kl().value(), results.slice(2, Shape.of(1)));
    }
    tape.backward(loss);
    adam.launch(backend, loss.value());
  }

  /** The mean of what there is of each example, over the samples, summed over the examples. */
  private void addMean(Tensor terms, Tensor sum) {
    backend.reduce().addSum(terms, rows / (float) terms.size(), sum);
  }

  private Var forward() {
    Observed x = batch.convert(backend, binarize);
    tape.reset();
    return pass.scheduledLoss(tape, x, posteriorNoise, objective);
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

  /**
   * Whether a device is given steps as graphs; so unless {@code -Delbo4j.cuda.graphs=false}. Of no
   * consequence elsewhere.
   */
  public void useGraphs(boolean wanted) {
    if (replay != null) {
      replay.capture(wanted);
    }
  }

  /** Whether the last step was a single launch on a device. */
  public boolean replayed() {
    return replay != null && replay.replayed();
  }

  /**
   * Why steps like the last are not a single launch on a device, on one line, or null where they
   * are, may become one, or were not to be one.
   */
  public @Nullable String whyNotReplayed() {
    String reason = replay == null ? null : replay.whyNot();
    return reason == null
        ? null
        : "cuda graphs: steps are launched kernel by kernel, since " + reason;
  }

  /** Gives back what the step holds on a device beside its tensors; steps may go on. */
  @Override
  public void close() {
    if (replay != null) {
      replay.close();
    }
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
