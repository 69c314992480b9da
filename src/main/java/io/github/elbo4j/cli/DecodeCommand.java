package io.github.elbo4j.cli;

import io.github.elbo4j.data.Npy;
import io.github.elbo4j.train.AtomicFiles;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
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

/** {@code elbo4j decode}. */
@Command(
    name = "decode",
    description = "Turn latents into pictures: the mean of p(x|z).",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class DecodeCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--latents",
      required = true,
      paramLabel = "FILE",
      description = "NPY with a latent in each row")
  private Path latents = Path.of("");

  @Option(
      names = "--class",
      paramLabel = "N",
      description = "the class, for a model that is told one")
  private @Nullable Integer label;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "PNG grid, or NPY by its name (default: decoded.png in the run folder)")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--latents", latents);
    CommonOptions.requireName("--out", out);
    if (label != null && (label < 0 || label > 255)) {
      throw new ConfigException("--class " + label + " must be from 0 to 255");
    }
    TrainedRun trained = run.open(common);
    LatentSpace space = trained.latents();
    Npy table = Npy.read(latents);
    if (table.rows() < 1 || table.columns() != space.dimensions()) {
      throw new ConfigException(
          "--latents %s: has %d rows of %d, the model wants some of %d"
              .formatted(latents, table.rows(), table.columns(), space.dimensions()));
    }
    byte[] told = label == null ? null : new byte[table.rows()];
    if (told != null && label != null) {
      Arrays.fill(told, label.byteValue());
    }
    float[] pictures = space.decode(table.values(), told);
    Path file = out == null ? run.folder().resolve("decoded.png") : out;
    if (file.toString().endsWith(".npy")) {
      AtomicFiles.write(file, new Npy(table.rows(), space.pixels(), pictures).bytes());
    } else {
      space.write(file, pictures, (int) Math.ceil(Math.sqrt(table.rows())));
    }
    common.result(
        new JsonLine().put("count", table.rows()).put("file", file.toString()),
        "pictures: " + file);
    return 0;
  }
}
