package io.github.elbo4j.cli;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.ProgressBar;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j evaluate}. */
@Command(
    name = "evaluate",
    description = "ELBO and importance-weighted log-likelihood of a trained run.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class EvaluateCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private RunOptions.Data data = new RunOptions.Data();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--importance-samples",
      paramLabel = "K",
      defaultValue = "5000",
      description = "samples an image, streamed in constant memory (default: 5000)")
  private int importanceSamples = 5000;

  @Option(
      names = "--examples",
      paramLabel = "N",
      defaultValue = "2147483647",
      description = "evaluate the first N images only (default: all)",
      showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
  private int examples = Integer.MAX_VALUE;

  @Override
  public Integer call() throws IOException {
    if (importanceSamples < 1) {
      throw new ConfigException(
          "--importance-samples " + importanceSamples + " must be at least 1");
    }
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--examples", examples);
    try (ProgressBar bar = common.progress()) {
      TrainedRun.Report report =
          trained.evaluate(
              images,
              importanceSamples,
              common.seed(),
              (done, total) -> bar.update("evaluate", done, total, ""));
      common.result(json(report), text(report));
    }
    return 0;
  }

  private JsonLine json(TrainedRun.Report r) {
    return new JsonLine()
        .put("split", data.split())
        .put("examples", r.examples())
        .put("elbo", r.elbo())
        .put("logLikelihood", r.logLikelihood())
        .put("importanceSamples", importanceSamples)
        .put("standardError", r.standardError())
        .put("activeUnits", r.activeUnits());
  }

  private String text(TrainedRun.Report r) {
    String error = // which one image does not give
        r.examples() == 1 ? "" : String.format(Locale.ROOT, " ± %.3f", r.standardError());
    return String.format(
        Locale.ROOT,
        "%s, %d %s: ELBO %.3f, log-likelihood %.3f%s nats (%d importance samples),"
            + " %d active units",
        data.split(),
        r.examples(),
        r.examples() == 1 ? "image" : "images",
        r.elbo(),
        r.logLikelihood(),
        error,
        importanceSamples,
        r.activeUnits());
  }
}
