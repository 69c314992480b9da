package io.github.elbo4j.train;

import io.github.elbo4j.data.Batches;
import io.github.elbo4j.data.Binarize;
import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.nn.Schedule;
import io.github.elbo4j.vi.Objective;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Trains a VAE into a run folder. Every epoch ends with an evaluation, a line of metrics, a grid of
 * samples and a checkpoint, in that order, so that a run killed at any moment goes on from its last
 * epoch with the same bits.
 */
public final class Trainer {
  /** What a caller hears of a training. */
  public interface Listener {
    /**
     * After each step: {@code done} of {@code total} steps of {@code epoch}, and the loss in nats
     * an example.
     */
    void step(int epoch, int done, int total, float loss);

    /** After each epoch. */
    void epoch(EpochMetrics metrics);

    /** Something that a person who resumes a run should know, on one line. */
    default void notice(String line) {}
  }

  /**
   * How a training ended.
   *
   * @param metrics of the last epoch
   * @param seconds wall-clock time of this call
   */
  public record Result(EpochMetrics metrics, double seconds) {}

  private static final int SAMPLES = 64;

  private final RunConfig config;
  private final Backend backend;
  private final Path folder;
  private final Listener listener;
  private final Model model;
  private final Adam adam;
  private final Batches batches;
  private final TrainingStep training;
  private final @Nullable GradientReport gradients;
  private final Evaluation evaluation;
  private final Pictures pictures;
  private final MetricsLog log;
  private final String data;
  private final int classes;
  private boolean told;

  /**
   * Prepares a training; nothing is written yet.
   *
   * @param folder the run folder, made when the training starts
   * @throws ConfigException when the configuration asks for what there is not
   */
  public Trainer(
      RunConfig config, DataSplits data, Backend backend, Path folder, Listener listener) {
    this.config = config;
    this.backend = backend;
    this.folder = folder;
    this.listener = listener;
    PreparedData prepared = PreparedData.of(data, config);
    int height = data.train().height();
    int width = data.train().width();
    this.classes = data.train().classes();
    this.batches = new Batches(prepared.train(), config.batch(), config.seed());
    Composition composition =
        Composition.of(config, new Composition.Facts(height * width, classes, batches.perEpoch()));
    requireLabels(config, data);
    this.model =
        Model.create(
            composition,
            height,
            width,
            prepared.train().pixelMeans(),
            config.seed(),
            backend.memory());
    this.adam = adam(config, model.parameters(), batches.perEpoch());
    Objective objective = composition.objective(model, prepared.train().count());
    int rows = Math.min(config.batch(), prepared.train().count());
    boolean dynamic = prepared.binarize() == Binarize.DYNAMIC;
    this.training =
        new TrainingStep(model, backend, objective, adam, batches, rows, config.seed(), dynamic);
    this.gradients =
        config.reportGradientVariance()
            ? new GradientReport(
                model, backend, objective, prepared.train(), rows, config.seed(), dynamic)
            : null;
    this.evaluation = new Evaluation(model, backend, prepared.test(), config.seed());
    this.pictures = new Pictures(model, backend);
    this.data = prepared.sha256(Composition.conditioned(config));
    this.log = new MetricsLog(folder.resolve(MetricsLog.FILE));
  }

  private static Adam adam(RunConfig config, Parameters parameters, int stepsPerEpoch) {
    try {
      Adam.Builder builder =
          Adam.builder(parameters)
              .learningRate(config.learningRate())
              .schedule(Schedule.parse(config.schedule()), stepsPerEpoch)
              .weightDecay(config.weightDecay());
      if (config.clipNorm() > 0) {
        builder.clipNorm(config.clipNorm());
      }
      if (config.polyak() > 0) {
        builder.average(config.polyak());
      }
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new ConfigException("config: " + e.getMessage());
    }
  }

  /**
   * A model of labelled pictures needs labels on both splits, the test's among those trained on.
   */
  private static void requireLabels(RunConfig config, DataSplits data) {
    if (!Composition.conditioned(config)) {
      return;
    }
    int train = data.train().classes();
    int test = data.test().classes();
    if (train == 0 || test == 0) {
      throw new ConfigException(
          "config: condition is \"label\", but %s has no labels"
              .formatted(train == 0 ? data.train().name() : data.test().name()));
    }
    if (test > train) {
      throw new ConfigException(
          "config: condition is \"label\", but the test labels go up to %d and the training labels to %d"
              .formatted(test - 1, train - 1));
    }
  }

  /**
   * Refuses a configuration that no data could make good.
   *
   * @throws ConfigException when it asks for what there is not
   */
  public static void check(RunConfig config) {
    PreparedData.binarize(config);
    RunConfig small = config.toBuilder().set("hidden", List.of(1)).build();
    Composition composition = Composition.of(small, new Composition.Facts(1, 1, 1));
    Model model =
        Model.create(composition, 1, 1, null, config.seed(), Backends.reference().memory());
    adam(config, model.parameters(), 1);
    composition.objective(model, 1);
  }

  /**
   * Trains up to the configured number of epochs.
   *
   * @param resume whether to go on from the folder's checkpoint; without one the run starts anew
   * @throws IOException when the folder cannot be written, another process is training in it, or
   *     its checkpoint is damaged
   * @throws NonFiniteException when the loss is not finite
   */
  public Result run(boolean resume) throws IOException {
    Files.createDirectories(folder);
    try (RunLock _ = RunLock.take(folder);
        TrainingStep _ = training) {
      return runAlone(resume);
    }
  }

  private Result runAlone(boolean resume) throws IOException {
    long start = System.nanoTime();
    boolean begun = resume && AtomicFiles.exists(folder.resolve(RunConfig.FILE));
    RunCheckpoint done = begun ? restore() : freshFolder();
    EpochMetrics last = done.epoch() == config.epochs() ? logged(done.epoch()) : null;
    for (int epoch = done.epoch() + 1; epoch <= config.epochs(); epoch++) {
      last = epoch(epoch, (long) (epoch - 1) * batches.perEpoch());
    }
    return new Result(Objects.requireNonNull(last), (System.nanoTime() - start) * 1e-9);
  }

  /** What the last epoch of a finished run reached. */
  private EpochMetrics logged(int epoch) throws IOException {
    List<EpochMetrics> all = log.read();
    if (all.isEmpty() || all.getLast().epoch() != epoch) {
      throw new IOException(
          "%s: %s has no line of epoch %d, the last one: use evaluate, or --resume with more --epochs"
              .formatted(folder, MetricsLog.FILE, epoch));
    }
    return all.getLast();
  }

  /**
   * Refuses a folder that cannot be made or written, or in which a new run would meet the files of
   * another one.
   *
   * @throws IOException naming the file that is there
   */
  public static void requireFresh(Path folder) throws IOException {
    requireWritable(folder);
    if (AtomicFiles.exists(folder.resolve(RunConfig.FILE))) {
      throw new IOException(
          folder + " already holds a run: go on with --resume, or choose another --out");
    }
    for (String file : List.of(Checkpoints.FILE, Checkpoints.PREVIOUS, MetricsLog.FILE)) {
      if (AtomicFiles.exists(folder.resolve(file))) {
        throw new IOException(
            "%s holds %s of another run without its %s: choose another --out"
                .formatted(folder, file, RunConfig.FILE));
      }
    }
  }

  private static void requireWritable(Path folder) throws IOException {
    Path there = folder.toAbsolutePath();
    while (!AtomicFiles.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there)) {
      throw new FileAlreadyExistsException(there.toString());
    }
    if (!Files.isWritable(there)) {
      throw new AccessDeniedException(there.toString());
    }
  }

  private RunCheckpoint freshFolder() throws IOException {
    requireFresh(folder);
    config.write(folder.resolve(RunConfig.FILE));
    return none();
  }

  private RunCheckpoint restore() throws IOException {
    RunCheckpoint done = none();
    if (AtomicFiles.exists(folder.resolve(Checkpoints.FILE))) {
      SafeTensors file = Checkpoints.load(folder);
      done = RunCheckpoint.read(file, folder);
      requireSameData(done);
      if (done.step() != (long) done.epoch() * batches.perEpoch()) {
        throw new IOException(
            "%s: the checkpoint did %d steps in %d epochs, the data have %d steps an epoch: they are other data"
                .formatted(folder, done.step(), done.epoch(), batches.perEpoch()));
      }
      if (done.epoch() > config.epochs()) {
        throw new ConfigException(
            "--resume: the run in %s has done %d epochs, more than --epochs %d"
                .formatted(folder, done.epoch(), config.epochs()));
      }
      RunCheckpoint.restore(file, model.parameters());
      RunCheckpoint.restore(file, adam);
      if (!done.backend().isEmpty() && !done.backend().equals(backend.name())) {
        listener.notice(
            "backend: the run was trained with %s so far and goes on with %s, which rounds otherwise"
                .formatted(done.backend(), backend.name()));
      }
    }
    config.write(folder.resolve(RunConfig.FILE));
    log.keepThrough(done.epoch());
    return done;
  }

  private void requireSameData(RunCheckpoint done) throws IOException {
    if (!done.data().isEmpty() && !done.data().equals(data)) {
      throw new IOException(
          "%s: the run was trained on other data: SHA-256 of its images %s, of those of %s %s"
              .formatted(folder, done.data(), config.data(), data));
    }
  }

  private RunCheckpoint none() {
    return at(0, 0);
  }

  private RunCheckpoint at(int epoch, long step) {
    return new RunCheckpoint(
        epoch, step, model.height(), model.width(), classes, data, backend.name());
  }

  private EpochMetrics epoch(int epoch, long firstStep) throws IOException {
    long start = System.nanoTime();
    String checkpoint =
        epoch == 1 ? "none yet" : folder.resolve(Checkpoints.FILE) + " (epoch " + (epoch - 1) + ")";
    double elbo = 0;
    int examples = 0;
    int steps = batches.perEpoch();
    for (int i = 0; i < steps; i++) {
      float loss = training.run(firstStep + i, checkpoint);
      tellWhyNotReplayed();
      elbo += training.logLikSum() - training.klSum();
      examples += training.rows();
      listener.step(epoch, i + 1, steps, loss);
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    long step = firstStep + steps;
    String poisoned = model.nonFiniteParameter();
    if (poisoned != null) {
      throw new NonFiniteException(step, poisoned + " after the update", checkpoint);
    }
    Evaluation.Scores scores = judge(epoch, step, checkpoint);
    EpochMetrics metrics =
        new EpochMetrics(
            epoch,
            step,
            elbo / examples,
            scores.elbo(),
            scores.reconstruction(),
            scores.kl(),
            scores.activeUnits(),
            seconds,
            examples / seconds,
            gradients == null ? null : gradients.measure(step));
    save(metrics);
    listener.epoch(metrics);
    return metrics;
  }

  /** Once. */
  private void tellWhyNotReplayed() {
    if (!told) {
      String line = training.whyNotReplayed();
      if (line != null) {
        listener.notice(line);
        told = true;
      }
    }
  }

  /** Test scores and pictures, with the averaged weights where the run keeps an average. */
  private Evaluation.Scores judge(int epoch, long step, String checkpoint) throws IOException {
    boolean average = config.polyak() > 0;
    if (average) {
      adam.swapAverage(backend);
    }
    try {
      Evaluation.Scores scores = evaluation.elbo();
      if (!Double.isFinite(scores.elbo())) {
        throw new NonFiniteException(step, "test ELBO after the update", checkpoint);
      }
      Path samples = folder.resolve("samples");
      Files.createDirectories(samples);
      pictures.samples(
          samples.resolve("epoch-%04d.png".formatted(epoch)), SAMPLES, config.seed(), null);
      return scores;
    } finally {
      if (average) {
        adam.swapAverage(backend);
      }
    }
  }

  private void save(EpochMetrics metrics) throws IOException {
    log.append(metrics);
    at(metrics.epoch(), metrics.step()).write(folder, model.parameters(), adam);
  }

  /** The backend that trains. */
  public Backend backend() {
    return backend;
  }
}
