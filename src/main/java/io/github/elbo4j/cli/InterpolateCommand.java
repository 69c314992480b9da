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

/** {@code elbo4j interpolate}. */
@Command(
    name = "interpolate",
    description = "Walk between pairs of images in latent space, in a PNG grid.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class InterpolateCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private RunOptions.Data data = new RunOptions.Data();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--pairs",
      paramLabel = "N",
      defaultValue = "8",
      description = "pairs: images 0 and 1, 2 and 3, … (default: 8)")
  private int pairs = 8;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "10",
      description = "pictures from one to the other, both included (default: 10)")
  private int steps = 10;

  @Option(
      names = "--how",
      paramLabel = "NAME",
      defaultValue = "slerp",
      description = "slerp (default) or linear")
  private String how = "slerp";

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "the PNG (default: interpolation.png in the run folder)")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    if (pairs < 1 || pairs > Integer.MAX_VALUE / 2) {
      throw new ConfigException("--pairs " + pairs + " must be at least 1");
    }
    if (steps < 2) {
      throw new ConfigException("--steps " + steps + " must be at least 2");
    }
    LatentPaths.Interpolation path =
        switch (how) {
          case "slerp" -> LatentPaths.Interpolation.SLERP;
          case "linear" -> LatentPaths.Interpolation.LINEAR;
          default -> throw new ConfigException("--how " + how + " must be slerp or linear");
        };
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--pairs", 2 * pairs);
    LatentSpace space = trained.latents();
    if (!space.continuous()) {
      throw new ConfigException("interpolate: there is nothing between two discrete latents");
    }
    int there = images.count() / 2;
    float[] walk = walk(space, images, there, path);
    Path file = out == null ? run.folder().resolve("interpolation.png") : out;
    byte[] labels = images.labels();
    byte[] told = new byte[there * steps];
    for (int i = 0; labels != null && i < told.length; i++) {
      told[i] = labels[2 * (i / steps)];
    }
    space.write(file, space.decode(walk, labels == null ? null : told), steps);
    common.result(
        new JsonLine().put("pairs", there).put("steps", steps).put("file", file.toString()),
        "pictures: " + file);
    return 0;
  }

  private float[] walk(
      LatentSpace space, Images images, int there, LatentPaths.Interpolation path) {
    int d = space.dimensions();
    float[] z = space.encode(images);
    float[] walk = new float[there * steps * d];
    for (int pair = 0; pair < there; pair++) {
      float[] a = Arrays.copyOfRange(z, 2 * pair * d, (2 * pair + 1) * d);
      float[] b = Arrays.copyOfRange(z, (2 * pair + 1) * d, (2 * pair + 2) * d);
      for (int s = 0; s < steps; s++) {
        float[] between = LatentPaths.between(a, b, s / (steps - 1.0), path);
        System.arraycopy(between, 0, walk, (pair * steps + s) * d, d);
      }
    }
    return walk;
  }
}
