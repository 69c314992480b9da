package io.github.elbo4j.cli;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.LatentPaths;
import io.github.elbo4j.train.LatentSpace;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j arithmetic}. */
@Command(
    name = "arithmetic",
    description = "Add to latents what tells one class from another (attribute vectors).",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class ArithmeticCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private RunOptions.Data data = new RunOptions.Data();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--from",
      required = true,
      paramLabel = "CLASS",
      description = "class to start at")
  private int from;

  @Option(names = "--to", required = true, paramLabel = "CLASS", description = "class to go to")
  private int to;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "8",
      description = "pictures of the first class (default: 8)")
  private int count = 8;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "9",
      description = "pictures from none of the attribute to 1.5 times it (default: 9)")
  private int steps = 9;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "the PNG (default: arithmetic.png in the run folder)")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    if (count < 1 || steps < 2) {
      throw new ConfigException(
          "--count %d must be at least 1 and --steps %d at least 2".formatted(count, steps));
    }
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--examples", Integer.MAX_VALUE);
    LatentSpace space = trained.latents();
    if (space.classes() > 0) {
      throw new ConfigException(
          "arithmetic: the model is told the class, so its latents do not hold it: use sample"
              + " --class");
    }
    float[] z = space.encode(images);
    float[] attribute = LatentPaths.attribute(z, images, from, to);
    float[] moved = moved(z, members(images), attribute);
    Path file = out == null ? run.folder().resolve("arithmetic.png") : out;
    space.write(file, space.decode(moved, null), steps);
    int rows = moved.length / attribute.length / steps;
    common.result(
        new JsonLine()
            .put("from", from)
            .put("to", to)
            .put("count", rows)
            .put("norm", norm(attribute))
            .put("file", file.toString()),
        "pictures: " + file);
    return 0;
  }

  /** The first images of the class to start at. */
  private int[] members(Images images) {
    byte[] labels = images.labels();
    return IntStream.range(0, images.count())
        .filter(i -> labels != null && (labels[i] & 0xFF) == from)
        .limit(count)
        .toArray();
  }

  private float[] moved(float[] z, int[] members, float[] attribute) {
    int d = attribute.length;
    float[] moved = new float[members.length * steps * d];
    for (int i = 0; i < members.length * steps; i++) {
      float strength = 1.5f * (i % steps) / (steps - 1);
      for (int k = 0; k < d; k++) {
        moved[i * d + k] = z[members[i / steps] * d + k] + strength * attribute[k];
      }
    }
    return moved;
  }

  private static double norm(float[] v) {
    double squares = 0;
    for (float element : v) {
      squares += element * (double) element;
    }
    return Math.sqrt(squares);
  }
}
