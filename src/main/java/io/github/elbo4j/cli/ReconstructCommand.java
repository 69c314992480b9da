package io.github.elbo4j.cli;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j reconstruct}. */
@Command(
    name = "reconstruct",
    description = "Show images above their reconstructions in a PNG grid.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class ReconstructCommand implements Callable<Integer> {
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
      names = "--out",
      paramLabel = "FILE",
      description = "the PNG (default: reconstructions.png in the run folder)")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--count", count);
    Path file = out == null ? run.folder().resolve("reconstructions.png") : out;
    double error = trained.reconstruct(file, images);
    common.result(
        new JsonLine()
            .put("count", images.count())
            .put("meanSquaredError", error)
            .put("file", file.toString()),
        String.format(Locale.ROOT, "pictures: %s (mean squared error a pixel %.5f)", file, error));
    return 0;
  }
}
