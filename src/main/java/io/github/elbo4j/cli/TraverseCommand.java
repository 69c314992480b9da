package io.github.elbo4j.cli;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.LatentPaths;
import io.github.elbo4j.train.LatentSpace;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j traverse}. */
@Command(
    name = "traverse",
    description = "Change one latent dimension at a time, a row of pictures each.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class TraverseCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private RunOptions.Data data = new RunOptions.Data();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--image",
      paramLabel = "N",
      defaultValue = "0",
      description = "the image whose latent is changed (default: 0)")
  private int image;

  @Option(
      names = "--dimensions",
      paramLabel = "N",
      defaultValue = "10",
      description = "dimensions, those that vary most over the data first (default: 10)")
  private int dimensions = 10;

  @Option(
      names = "--range",
      paramLabel = "X",
      defaultValue = "3",
      description = "from -X to X (default: 3)")
  private double range = 3;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "11",
      description = "pictures a dimension (default: 11)")
  private int steps = 11;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "the PNG (default: traversal.png in the run folder)")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    require(image >= 0, "--image " + image + " must be at least 0");
    require(dimensions >= 1, "--dimensions " + dimensions + " must be at least 1");
    require(steps >= 1, "--steps " + steps + " must be at least 1");
    require(range > 0 && Double.isFinite(range), "--range " + range + " must be above 0");
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--examples", Math.max(image + 1, 1000));
    require(image < images.count(), "--image " + image + ": there are " + images.count());
    LatentSpace space = trained.latents();
    int d = space.dimensions();
    float[] z = space.encode(images);
    int[] order = LatentPaths.byVariance(z, d);
    int[] chosen = Arrays.copyOf(order, Math.min(dimensions, d));
    float[] own = Arrays.copyOfRange(z, image * d, (image + 1) * d);
    float[] all = LatentPaths.traverse(own, chosen, range, steps);
    byte[] labels = images.labels();
    byte[] told = labels == null ? null : new byte[chosen.length * steps];
    if (labels != null && told != null) {
      Arrays.fill(told, labels[image]);
    }
    Path file = out == null ? run.folder().resolve("traversal.png") : out;
    space.write(file, space.decode(all, told), steps);
    common.result(
        new JsonLine()
            .put("dimensions", Arrays.toString(chosen))
            .put("steps", steps)
            .put("file", file.toString()),
        "pictures: " + file + " (rows: dimensions " + Arrays.toString(chosen) + ")");
    return 0;
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new ConfigException(problem);
    }
  }
}
