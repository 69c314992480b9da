package io.github.elbo4j.train;

import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.data.DownloadProgress;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.ImportanceEstimator;
import io.github.elbo4j.vi.inference.AggregatedPosterior;
import io.github.elbo4j.vi.inference.AnnealedImportance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A finished or paused run, opened to use its model. */
public final class TrainedRun {
  /**
   * What {@link #evaluate} found, in nats an example.
   *
   * @param examples images evaluated
   * @param elbo mean ELBO, one sample an image
   * @param estimates importance-weighted estimates of log p(x), one an image, and how far they can
   *     be trusted
   * @param activeUnits latent dimensions in use
   */
  public record Report(
      int examples, double elbo, ImportanceEstimator.Diagnosis estimates, int activeUnits) {
    /** Mean importance-weighted estimate of log p(x). */
    public double logLikelihood() {
      return mean(estimates.logLikelihood());
    }

    /** Standard error of {@link #logLikelihood} over the images; NaN for a single image. */
    public double standardError() {
      return standardError(estimates.logLikelihood());
    }

    /** Mean effective sample size. */
    public double ess() {
      return mean(estimates.ess());
    }

    /** Share of the images whose Pareto k̂ is above 0.7: their estimates are not reliable. */
    public double unreliable() {
      return Arrays.stream(estimates.kHat()).filter(k -> !(k <= 0.7)).count() / (double) examples;
    }

    static double mean(double[] values) {
      double mean = 0;
      for (double v : values) {
        mean += v / values.length;
      }
      return mean;
    }

    static double standardError(double[] values) {
      double mean = mean(values);
      double squares = 0;
      for (double v : values) {
        squares += (v - mean) * (v - mean);
      }
      int n = values.length;
      return n < 2 ? Double.NaN : Math.sqrt(squares / (n - 1) / n);
    }
  }

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
    Images images =
        switch (split) {
          case "test" -> PreparedData.of(splits, config).test();
          case "train" -> PreparedData.of(splits, config).asTrainedOn(config);
          default ->
              throw new ConfigException("split is \"" + split + "\" and must be train or test");
        };
    requireLabels(spec, images);
    return images;
  }

  /** A model that is told the class can use no picture whose class it does not know. */
  private void requireLabels(String spec, Images images) throws IOException {
    int classes = model.vae().condition();
    if (classes > 0 && images.labels() == null) {
      throw new IOException("data " + spec + " has no labels, and the model is told the class");
    }
    if (classes > 0 && images.classes() > classes) {
      throw new IOException(
          "data %s has labels up to %d, and the model knows the classes 0 to %d"
              .formatted(spec, images.classes() - 1, classes - 1));
    }
  }

  /**
   * ELBO, importance-weighted log-likelihood and active units.
   *
   * @param importanceSamples K, streamed
   * @param seed of the noise, or null for the run's own
   * @param progress told how far it is
   */
  public Report evaluate(
      Images data, int importanceSamples, @Nullable Long seed, Progress progress) {
    Evaluation evaluation = evaluation(data, seed);
    Evaluation.Scores scores = evaluation.elbo();
    return new Report(
        data.count(),
        scores.elbo(),
        evaluation.diagnose(importanceSamples, progress),
        scores.activeUnits());
  }

  private Evaluation evaluation(Images data, @Nullable Long seed) {
    return new Evaluation(model, backend, data, seed == null ? config.seed() : seed);
  }

  /**
   * A second opinion on log p(x) of each image, by annealed importance sampling, in nats.
   *
   * @param chains an image
   * @param temperatures between prior and posterior
   * @throws ConfigException when the latents are discrete
   */
  public double[] annealed(
      Images data, int chains, int temperatures, @Nullable Long seed, Progress progress) {
    try {
      AnnealedImportance estimator =
          new AnnealedImportance(model.vae(), model.parameters(), backend, chains, temperatures);
      return evaluation(data, seed).annealed(estimator, progress);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("--annealed: " + e.getMessage());
    }
  }

  /** Latent dimensions in use over these images. */
  public int activeUnits(Images data) {
    return evaluation(data, null).elbo().activeUnits();
  }

  /** The model as a map between pictures and latents. */
  public LatentSpace latents() {
    return new LatentSpace(model, backend);
  }

  /**
   * Writes a PNG grid of {@code count} draws from the prior.
   *
   * @param label the class of all of them; null for all classes in turn, where the model is told
   *     any
   * @throws ConfigException when the model knows no such class
   */
  public void sample(Path file, int count, long seed, @Nullable Integer label) throws IOException {
    requireClass(label);
    new Pictures(model, backend).samples(file, count, seed, label);
  }

  /**
   * The same from the aggregated posterior, to which a mixture of Gaussians is fitted.
   *
   * @param train images whose latents it is fitted to
   * @param components of the mixture, at least 1
   * @return mean log-likelihood of the latents under the mixture, nats
   * @throws ConfigException when the model knows no such class, its latents are discrete, or there
   *     are more components than images
   */
  public double sampleAggregated(
      Path file, int count, long seed, @Nullable Integer label, Images train, int components)
      throws IOException {
    requireClass(label);
    LatentSpace space = latents();
    if (!space.continuous()) {
      throw new ConfigException(
          "--from aggregated: a mixture of Gaussians has no discrete latents");
    }
    int d = space.dimensions();
    try {
      float[] z = space.draw(train, new NoiseKey(seed, Streams.AGGREGATED));
      AggregatedPosterior mixture = AggregatedPosterior.fit(z, d, components, seed);
      float[] drawn = mixture.sample(count, seed);
      new Pictures(model, backend).samples(file, Tensor.of(drawn, 0, count, d), label);
      return mixture.logLikelihood();
    } catch (IllegalArgumentException e) {
      throw new ConfigException("--from aggregated: " + e.getMessage());
    }
  }

  private void requireClass(@Nullable Integer label) {
    int classes = model.vae().condition();
    if (label != null && classes == 0) {
      throw new ConfigException(
          "--class %d: the model is told no class; train one with --condition label"
              .formatted(label));
    }
    if (label != null && (label < 0 || label >= classes)) {
      throw new ConfigException(
          "--class %d: the model knows the classes 0 to %d".formatted(label, classes - 1));
    }
  }

  /**
   * Writes a PNG grid of images above their reconstructions; returns the mean squared error a
   * pixel.
   */
  public double reconstruct(Path file, Images images) throws IOException {
    return new Pictures(model, backend).reconstructions(file, images);
  }
}
