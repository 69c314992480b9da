package io.github.elbo4j.cli;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.data.Npy;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.LatentSpace;
import io.github.elbo4j.train.TrainedRun;
import io.github.elbo4j.vi.inference.Disentanglement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j disentangle}. */
@Command(
    name = "disentangle",
    description =
        "How latent dimensions and known factors say of each other: MIG, mutual information.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class DisentangleCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private RunOptions.Data data = new RunOptions.Data();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--factors",
      paramLabel = "FILE",
      description =
          "NPY with a row of class numbers for each image of the split (default: the labels)")
  private @Nullable Path factors;

  @Option(
      names = "--bins",
      paramLabel = "N",
      defaultValue = "20",
      description = "bins of each latent dimension (default: 20)")
  private int bins = 20;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--factors", factors);
    if (bins < 2) {
      throw new ConfigException("--bins " + bins + " must be at least 2");
    }
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--examples", Integer.MAX_VALUE);
    if (bins > images.count()) {
      throw new ConfigException(
          "--bins %d must be at most the %d images".formatted(bins, images.count()));
    }
    int[][] known = factors == null ? labels(images) : read(factors, images.count());
    LatentSpace space = trained.latents();
    int d = space.dimensions();
    float[] z = space.encode(images);
    double[][] codes = new double[images.count()][d];
    for (int i = 0; i < z.length; i++) {
      codes[i / d][i % d] = z[i];
    }
    Disentanglement.Scores scores = Disentanglement.of(codes, known, bins);
    int active = trained.activeUnits(images);
    common.result(
        new JsonLine()
            .put("examples", images.count())
            .put("factors", scores.entropies().length)
            .put("mig", scores.mig())
            .put("largestMutualInformation", Arrays.toString(largest(scores)))
            .put("entropies", Arrays.toString(scores.entropies()))
            .put("activeUnits", active),
        text(scores, active));
    return 0;
  }

  /** For each factor the largest mutual information with a dimension. */
  private static double[] largest(Disentanglement.Scores scores) {
    double[] largest = new double[scores.entropies().length];
    for (double[] dimension : scores.mutualInformation()) {
      for (int f = 0; f < largest.length; f++) {
        largest[f] = Math.max(largest[f], dimension[f]);
      }
    }
    return largest;
  }

  private static String text(Disentanglement.Scores scores, int active) {
    StringBuilder text = new StringBuilder();
    double[] largest = largest(scores);
    for (int f = 0; f < largest.length; f++) {
      text.append(
          String.format(
              Locale.ROOT,
              "factor %d: entropy %.3f nats, at most %.3f of them in one latent dimension%n",
              f,
              scores.entropies()[f],
              largest[f]));
    }
    return text.append(
            String.format(
                Locale.ROOT,
                "mutual information gap (MIG) %.4f, %d active units",
                scores.mig(),
                active))
        .toString();
  }

  private static int[][] labels(Images images) {
    byte[] labels = images.labels();
    if (labels == null) {
      throw new ConfigException(images.name() + " has no labels: give --factors");
    }
    int[][] known = new int[labels.length][];
    for (int i = 0; i < known.length; i++) {
      known[i] = new int[] {labels[i] & 0xFF};
    }
    return known;
  }

  private static int[][] read(Path file, int rows) throws IOException {
    Npy table = Npy.read(file);
    if (table.rows() != rows || table.columns() < 1) {
      throw new ConfigException(
          "--factors %s: has %d rows of %d, wanted %d rows, one an image"
              .formatted(file, table.rows(), table.columns(), rows));
    }
    int[][] known = new int[rows][table.columns()];
    for (int i = 0; i < table.values().length; i++) {
      float value = table.values()[i];
      if (value != (int) value || value < 0 || value > 1000) {
        throw new ConfigException(
            "--factors %s: row %d holds %s, wanted whole numbers from 0 to 1000"
                .formatted(file, i / table.columns(), value));
      }
      known[i / table.columns()][i % table.columns()] = (int) value;
    }
    return known;
  }
}
