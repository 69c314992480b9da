package io.github.elbo4j.train;

import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.data.DownloadProgress;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A finished or paused run, opened to use its model. */
public final class TrainedRun {
  /**
   * What {@link #evaluate} found, in nats an example.
   *
   * @param examples images evaluated
   * @param elbo mean ELBO, one sample an image
   * @param logLikelihood mean importance-weighted estimate of log p(x)
   * @param standardError of that mean, over the images; NaN for a single image
   * @param activeUnits latent dimensions in use
   */
  public record Report(
      int examples, double elbo, double logLikelihood, double standardError, int activeUnits) {}

  private final RunConfig config;
  private final Model model;
  private final Backend backend;

  private TrainedRun(RunConfig config, Model model, Backend backend) {
    this.config = config;
    this.model = model;
    this.backend = backend;
  }

  /**
   * Opens a run folder. A run with Polyak averaging is used with its averaged weights.
   *
   * @throws IOException when there is no run, or its checkpoint is damaged
   */
  public static TrainedRun open(Path folder, Backend backend) throws IOException {
    RunConfig config = config(folder);
    if (!AtomicFiles.exists(folder.resolve(Checkpoints.FILE))) {
      throw new IOException(folder + " has no checkpoint yet: its first epoch was not finished");
    }
    SafeTensors file = Checkpoints.load(folder);
    RunCheckpoint checkpoint = RunCheckpoint.read(file, folder);
    int height = checkpoint.height();
    int width = checkpoint.width();
    Composition composition =
        Composition.of(config, new Composition.Facts(height * width, checkpoint.classes(), 1));
    Model model = Model.create(composition, height, width, null, config.seed(), backend.memory());
    if (config.polyak() > 0) {
      RunCheckpoint.restoreAverage(file, model.parameters());
    } else {
      RunCheckpoint.restore(file, model.parameters());
    }
    return new TrainedRun(config, model, backend);
  }

  /**
   * The configuration of a run folder.
   *
   * @throws IOException when there is none
   */
  public static RunConfig config(Path folder) throws IOException {
    Path file = folder.resolve(RunConfig.FILE);
    if (!AtomicFiles.exists(file)) {
      throw new IOException(folder + " holds no run: there is no " + RunConfig.FILE + " in it");
    }
    return RunConfig.builder().load(file).build();
  }

  public RunConfig config() {
    return config;
  }

  /** {@link #data(String, String, DownloadProgress)}, telling nobody of a download's progress. */
  public Images data(String spec, String split) throws IOException {
    return data(spec, split, DownloadProgress.NONE);
  }

  /**
   * Loads a split as this run sees it: binarised the way the run's test data were.
   *
   * @param spec data set
   * @param split {@code train} or {@code test}
   * @param progress is told of a download
   * @throws IOException when the data cannot be read or have pictures of another size
   */
  public Images data(String spec, String split, DownloadProgress progress) throws IOException {
    DataSplits splits = DataSource.load(spec, progress);
    if (splits.test().height() != model.height() || splits.test().width() != model.width()) {
      throw new IOException(
          "data %s has pictures of %d x %d, the model is for %d x %d"
              .formatted(
                  spec,
                  splits.test().height(),
                  splits.test().width(),
                  model.height(),
                  model.width()));
    }
    return switch (split) {
      case "test" -> PreparedData.of(splits, config).test();
      case "train" -> PreparedData.of(splits, config).asTrainedOn(config);
      default -> throw new ConfigException("split is \"" + split + "\" and must be train or test");
    };
  }

  /**
   * ELBO, importance-weighted log-likelihood and active units.
   *
   * @param importanceSamples K, streamed in constant memory
   * @param seed of the noise, or null for the run's own
   * @param progress told how far it is
   */
  public Report evaluate(
      Images data, int importanceSamples, @Nullable Long seed, Progress progress) {
    Evaluation evaluation =
        new Evaluation(model, backend, data, seed == null ? config.seed() : seed);
    Evaluation.Scores scores = evaluation.elbo();
    Evaluation.LogLikelihood logLikelihood = evaluation.logLikelihood(importanceSamples, progress);
    return new Report(
        data.count(),
        scores.elbo(),
        logLikelihood.logLikelihood(),
        logLikelihood.standardError(),
        scores.activeUnits());
  }

  /** Writes a PNG grid of {@code count} draws from the prior. */
  public void sample(Path file, int count, long seed) throws IOException {
    new Pictures(model, backend).samples(file, count, seed);
  }

  /**
   * Writes a PNG grid of images above their reconstructions; returns the mean squared error a
   * pixel.
   */
  public double reconstruct(Path file, Images images) throws IOException {
    return new Pictures(model, backend).reconstructions(file, images);
  }
}
