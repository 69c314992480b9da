package io.github.elbo4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.train.AtomicFiles;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.ProgressBar;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--annealed",
      paramLabel = "CHAINS:TEMPERATURES",
      description = "a second opinion by annealed importance sampling, 16:500 say (default: none)")
  private @Nullable String annealed;

  @Option(
      names = "--per-example",
      paramLabel = "FILE",
      description = "CSV with a row for each image: estimates, effective sample size, Pareto k")
  private @Nullable Path perExample;

  @Override
  public Integer call() throws IOException {
    if (importanceSamples < 1) {
      throw new ConfigException(
          "--importance-samples " + importanceSamples + " must be at least 1");
    }
    CommonOptions.requireName("--per-example", perExample);
    int[] effort = annealed == null ? null : effort(annealed);
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--examples", examples);
    try (ProgressBar bar = common.progress()) {
      TrainedRun.Report report =
          trained.evaluate(
              images,
              importanceSamples,
              common.seed(),
              (done, total) -> bar.update("evaluate", done, total, ""));
      double[] opinions =
          effort == null
              ? null
              : trained.annealed(
                  images,
                  effort[0],
                  effort[1],
                  common.seed(),
                  (done, total) -> bar.update("anneal", done, total, ""));
      if (perExample != null) {
        AtomicFiles.write(perExample, rows(images, report, opinions).getBytes(UTF_8));
      }
      common.result(json(report, opinions), text(report, opinions));
    }
    return 0;
  }

  private static int[] effort(String text) {
    String[] parts = text.split(":", -1);
    try {
      if (parts.length == 2) {
        int[] effort = {Integer.parseInt(parts[0]), Integer.parseInt(parts[1])};
        if (effort[0] >= 1 && effort[1] >= 1) {
          return effort;
        }
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the form.
    }
    throw new ConfigException(
        "--annealed \"%s\" must be CHAINS:TEMPERATURES, two whole numbers of at least 1"
            .formatted(text));
  }

  private static String rows(Images images, TrainedRun.Report r, double @Nullable [] opinions) {
    StringBuilder csv = new StringBuilder("index,label,logLikelihood,ess,paretoK");
    csv.append(opinions == null ? "" : ",annealed").append('\n');
    byte[] labels = images.labels();
    for (int i = 0; i < r.examples(); i++) {
      csv.append(i).append(',').append(labels == null ? "" : labels[i] & 0xFF);
      csv.append(',').append(r.estimates().logLikelihood()[i]);
      csv.append(',').append(r.estimates().ess()[i]);
      csv.append(',').append(r.estimates().kHat()[i]);
      csv.append(opinions == null ? "" : "," + opinions[i]).append('\n');
    }
    return csv.toString();
  }

  private JsonLine json(TrainedRun.Report r, double @Nullable [] opinions) {
    JsonLine json =
        new JsonLine()
            .put("split", data.split())
            .put("examples", r.examples())
            .put("elbo", r.elbo())
            .put("logLikelihood", r.logLikelihood())
            .put("importanceSamples", importanceSamples)
            .put("standardError", r.standardError())
            .put("ess", r.ess())
            .put("unreliable", r.unreliable())
            .put("activeUnits", r.activeUnits());
    return opinions == null
        ? json
        : json.put("annealed", Arrays.stream(opinions).average().orElse(Double.NaN));
  }

  private String text(TrainedRun.Report r, double @Nullable [] opinions) {
    String error = // which one image does not give
        r.examples() == 1 ? "" : String.format(Locale.ROOT, " ± %.3f", r.standardError());
    String second =
        opinions == null
            ? ""
            : String.format(
                Locale.ROOT,
                "%nannealed importance sampling (%s): log-likelihood %.3f nats",
                annealed,
                Arrays.stream(opinions).average().orElse(Double.NaN));
    return String.format(
        Locale.ROOT,
        "%s, %d %s: ELBO %.3f, log-likelihood %.3f%s nats (%d importance samples),"
            + " %d active units%n"
            + "effective sample size %.1f on average; Pareto k above 0.7 (not reliable): %.1f %%%s",
        data.split(),
        r.examples(),
        r.examples() == 1 ? "image" : "images",
        r.elbo(),
        r.logLikelihood(),
        error,
        importanceSamples,
        r.activeUnits(),
        r.ess(),
        100 * r.unreliable(),
        second);
  }
}
