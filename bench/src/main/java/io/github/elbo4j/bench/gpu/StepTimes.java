package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.bench.Spread;
import io.github.elbo4j.data.Batches;
import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.Model;
import io.github.elbo4j.train.RunConfig;
import io.github.elbo4j.train.TrainingStep;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.objective.Objectives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The trainer's own step on the device, with all that it does: gathering a shuffled batch of bytes,
 * taking it there, forward, backward, the check of the loss, Adam. {@code -Delbo4j.cuda.graphs}
 * says whether as one graph or a launch a kernel. bench/gpu/peer.py does the same models in
 * PyTorch.
 */
final class StepTimes {
  private static final double LEARNING_RATE = 1e-3;
  private static final long SEED = 1;

  /** Steps whose losses are compared with PyTorch's: the mean of the last ten. */
  private static final int LEARNING_STEPS = 50;

  private static final int ROUNDS = 15;

  /** Pictures for steps to draw from: at least two of the largest batches. */
  private static final int PICTURES = 8192;

  /** A VAE with ReLU layers, mirrored, and what its step works on. */
  private record Size(String name, List<Integer> hidden, int latent, int batch, String objective) {}

  private static final List<Size> SIZES =
      List.of(
          new Size("784-400-20 batch 128", List.of(400), 20, 128, "elbo"),
          new Size("784-200-200-50 IWAE K=50 batch 20", List.of(200, 200), 50, 20, "iwae:50"),
          new Size("784-2048-2048-64 batch 4096", List.of(2048, 2048), 64, 4096, "elbo"));

  private static final List<Size> TINY =
      List.of(
          new Size("784-8-2 batch 16", List.of(8), 2, 16, "elbo"),
          new Size("784-8-8-3 IWAE K=5 batch 4", List.of(8, 8), 3, 4, "iwae:5"));

  private StepTimes() {}

  /**
   * Prints a row a model.
   *
   * @param args {@code --tiny}, {@code --quick}, {@code --from=i}, and {@code --inputs=FILE} to
   *     write the pictures to, a byte a pixel, instead of measuring
   */
  public static void main(String[] args) throws IOException {
    List<String> all = Arrays.asList(args);
    for (String arg : args) {
      if (arg.startsWith("--inputs=")) {
        Files.write(Path.of(arg.substring("--inputs=".length())), pictures().pixels());
        Items.end();
        return;
      }
    }
    boolean tiny = all.contains("--tiny");
    double seconds = tiny ? 0 : all.contains("--quick") ? 0.5 : 2;
    Items items = new Items(args);
    Images pictures = pictures();
    for (Size size : tiny ? TINY : SIZES) {
      if (items.begin("step " + size.name())) {
        try {
          Items.row(row(size, pictures, seconds));
        } catch (IllegalStateException e) {
          Items.failed("step " + size.name(), e);
        }
      }
    }
    Items.end();
  }

  /** The embedded ones, over and over. */
  private static Images pictures() throws IOException {
    Images images = DataSource.load(DataSource.EMBEDDED).train();
    byte[] once = images.pixels();
    byte[] pixels = new byte[PICTURES * images.size()];
    for (int i = 0; i < pixels.length; i += once.length) {
      System.arraycopy(once, 0, pixels, i, Math.min(once.length, pixels.length - i));
    }
    return new Images("embedded", PICTURES, images.height(), images.width(), pixels, null);
  }

  private static JsonLine row(Size size, Images pictures, double seconds) {
    try (TrainingStep step = step(size, pictures)) {
      return row(size, step, seconds);
    }
  }

  private static JsonLine row(Size size, TrainingStep step, double seconds) {
    float first = step.run(0, "none");
    long done = 1;
    double later = 0;
    int learning = seconds == 0 ? 12 : LEARNING_STEPS;
    for (; done < learning; done++) {
      float loss = step.run(done, "none");
      later += done >= learning - 10 ? loss / 10 : 0;
    }
    double[] micros = new double[ROUNDS];
    for (long end = System.nanoTime() + (long) (seconds * 1e9); System.nanoTime() < end; done++) {
      step.run(done, "none");
    }
    for (int r = 0; r < ROUNDS; r++) {
      long from = done;
      long start = System.nanoTime();
      do {
        step.run(done++, "none");
      } while (System.nanoTime() - start < seconds / ROUNDS * 1e9);
      micros[r] = (System.nanoTime() - start) * 1e-3 / (done - from);
    }
    Spread spread = Spread.of(micros);
    return new JsonLine()
        .put("step", size.name())
        .put("graphs", System.getProperty("elbo4j.cuda.graphs", "default"))
        .put("replayed", step.replayed())
        .put("whyNot", step.whyNotReplayed())
        .put("micros", spread.median())
        .put("min", spread.min())
        .put("max", spread.max())
        .put("firstLoss", first)
        .put("laterLoss", later);
  }

  private static TrainingStep step(Size size, Images pictures) {
    Backend backend = CudaBackend.get();
    Vae.Spec spec =
        new Vae.Spec(
            pictures.size(),
            size.hidden(),
            size.latent(),
            Activation.RELU,
            LikelihoodSpec.parse("bernoulli"),
            new LogVarBounds(
                (float) RunConfig.DEFAULTS.logVarMin(), (float) RunConfig.DEFAULTS.logVarMax()));
    // Without pixel means the output bias starts at 0, and the untrained losses are comparable.
    Parameters parameters = spec.parameters(SEED, null, backend.memory());
    return new TrainingStep(
        new Model(new Vae(spec, parameters), parameters, pictures.height(), pictures.width(), 0),
        backend,
        Objectives.parse(size.objective(), "pathwise", Annealing.NONE, 0)
            .build(parameters, spec, pictures.count()),
        Adam.builder(parameters).learningRate(LEARNING_RATE).build(),
        new Batches(pictures, size.batch(), SEED),
        size.batch(),
        SEED,
        false);
  }
}
