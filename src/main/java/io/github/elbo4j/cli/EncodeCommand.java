package io.github.elbo4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.data.Npy;
import io.github.elbo4j.train.AtomicFiles;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.LatentSpace;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j encode}. */
@Command(
    name = "encode",
    description = "Write the latents of images: the middle of the posterior of each.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class EncodeCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private RunOptions.Data data = new RunOptions.Data();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--examples",
      paramLabel = "N",
      defaultValue = "2147483647",
      description = "encode the first N images only (default: all)",
      showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
  private int examples = Integer.MAX_VALUE;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "NPY, or CSV by its name (default: latents.npy in the run folder)")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--examples", examples);
    LatentSpace space = trained.latents();
    float[] z = space.encode(images);
    Path file = out == null ? run.folder().resolve("latents.npy") : out;
    Npy table = new Npy(images.count(), space.dimensions(), z);
    AtomicFiles.write(
        file,
        file.toString().endsWith(".csv") ? csv(table, images).getBytes(UTF_8) : table.bytes());
    common.result(
        new JsonLine()
            .put("examples", images.count())
            .put("dimensions", space.dimensions())
            .put("file", file.toString()),
        "latents: " + file);
    return 0;
  }

  /** A column for each dimension, and one for the label where there are labels. */
  private static String csv(Npy table, Images images) {
    StringBuilder csv = new StringBuilder();
    byte[] labels = images.labels();
    for (int d = 0; d < table.columns(); d++) {
      csv.append(d == 0 ? "" : ",").append('z').append(d);
    }
    csv.append(labels == null ? "\n" : ",label\n");
    for (int i = 0; i < table.rows(); i++) {
      for (int d = 0; d < table.columns(); d++) {
        csv.append(d == 0 ? "" : ",").append(table.values()[i * table.columns() + d]);
      }
      csv.append(labels == null ? "" : "," + (labels[i] & 0xFF)).append('\n');
    }
    return csv.toString();
  }
}
