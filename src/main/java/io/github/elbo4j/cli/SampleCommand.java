package io.github.elbo4j.cli;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.TrainedRun;
import io.github.elbo4j.vi.SpecText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
      names = "--from",
      paramLabel = "WHAT",
      defaultValue = "prior",
      description =
          "prior (default), or aggregated[:K]: a mixture of K Gaussians (default: 50) fitted to"
              + " the latents of the training images")
  private String from = "prior";

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
    int components = components();
    TrainedRun trained = run.open(common);
    Path file = out == null ? run.folder().resolve("samples.png") : out;
    Long given = common.seed();
    long seed = given == null ? trained.config().seed() : given;
    JsonLine json = new JsonLine().put("count", count).put("file", file.toString());
    if (components == 0) {
      trained.sample(file, count, seed, label);
    } else {
      String data = trained.config().data();
      Images train = trained.data(data, "train", common.downloads(data));
      json.put(
          "latentLogLikelihood",
          trained.sampleAggregated(file, count, seed, label, train, components));
    }
    common.result(json, "pictures: " + file);
    return 0;
  }

  /** Of the mixture that is drawn from; 0 for the prior. */
  private int components() {
    try {
      SpecText spec = SpecText.of("--from", from);
      return switch (spec.name()) {
        case "prior" -> spec.expect(0, "prior").arguments().size();
        case "aggregated" ->
            spec.expect(0, 1, "aggregated[:K]").integer(0, 1, "aggregated[:K]", 50);
        default -> throw spec.unknown(List.of("prior", "aggregated[:K]"));
      };
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }
}
