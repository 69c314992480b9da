package io.github.elbo4j.cli;

import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j sample}. */
@Command(
    name = "sample",
    description = "Draw pictures from the prior into a PNG grid.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class SampleCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "64",
      description = "pictures (default: 64)")
  private int count = 64;

  @Option(
      names = "--class",
      paramLabel = "N",
      description = "the class of all pictures (default: all in turn), of a run with a condition")
  private @Nullable Integer label;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "the PNG (default: samples.png in the run folder)")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw new ConfigException("--count " + count + " must be at least 1");
    }
    CommonOptions.requireName("--out", out);
    TrainedRun trained = run.open(common);
    Path file = out == null ? run.folder().resolve("samples.png") : out;
    Long seed = common.seed();
    trained.sample(file, count, seed == null ? trained.config().seed() : seed, label);
    common.result(
        new JsonLine().put("count", count).put("file", file.toString()), "pictures: " + file);
    return 0;
  }
}
