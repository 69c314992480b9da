package io.github.elbo4j.cli;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.data.Npy;
import io.github.elbo4j.train.AtomicFiles;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.LatentSpace;
import io.github.elbo4j.train.TrainedRun;
import io.github.elbo4j.vi.inference.MapLatent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j project}. */
@Command(
    name = "project",
    description = "Find the most probable latent of images: MAP, from where the encoder puts them.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class ProjectCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private RunOptions.Data data = new RunOptions.Data();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "32",
      description = "images (default: the first 32)")
  private int count = 32;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "200",
      description = "steps of the search (default: 200)")
  private int steps = 200;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "PNG of images above what their latents stand for (default: projections.png in the run"
              + " folder)")
  private @Nullable Path out;

  @Option(names = "--latents", paramLabel = "FILE", description = "NPY for the latents")
  private @Nullable Path latents;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    CommonOptions.requireName("--latents", latents);
    if (steps < 1) {
      throw new ConfigException("--steps " + steps + " must be at least 1");
    }
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--count", count);
    LatentSpace space = trained.latents();
    MapLatent.Found found = space.project(images, steps);
    float[] z = found.z().toArray();
    Path file = out == null ? run.folder().resolve("projections.png") : out;
    space.writePairs(file, space.pictures(images), space.decode(z, images.labels()));
    if (latents != null) {
      AtomicFiles.write(latents, new Npy(images.count(), space.dimensions(), z).bytes());
    }
    double start = Arrays.stream(found.startLogJoint()).average().orElse(Double.NaN);
    double end = Arrays.stream(found.logJoint()).average().orElse(Double.NaN);
    common.result(
        new JsonLine()
            .put("count", images.count())
            .put("startLogJoint", start)
            .put("logJoint", end)
            .put("file", file.toString()),
        String.format(
            Locale.ROOT,
            "pictures: %s (log p(x,z) from %.2f at the encoder's latents to %.2f nats)",
            file,
            start,
            end));
    return 0;
  }
}
