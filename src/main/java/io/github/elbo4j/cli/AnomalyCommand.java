package io.github.elbo4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.train.AtomicFiles;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.ProgressBar;
import io.github.elbo4j.train.RocCurve;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j anomaly}. */
@Command(
    name = "anomaly",
    description = "Score how unlikely each image is under the model; ROC-AUC when labels tell.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class AnomalyCommand implements Callable<Integer> {
  @Mixin private RunOptions run = new RunOptions();
  @Mixin private RunOptions.Data data = new RunOptions.Data();
  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--importance-samples",
      paramLabel = "K",
      defaultValue = "100",
      description = "samples an image of the estimate of log p(x) (default: 100)")
  private int importanceSamples = 100;

  @Option(
      names = "--examples",
      paramLabel = "N",
      defaultValue = "2147483647",
      description = "score the first N images only (default: all)",
      showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
  private int examples = Integer.MAX_VALUE;

  @Option(
      names = "--anomalous",
      paramLabel = "CLASS,CLASS",
      split = ",",
      description = "classes that are anomalies: the ROC-AUC of the score is reported")
  private @Nullable List<Integer> anomalous;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "CSV with a score for each image (default: anomaly.csv in the run folder)")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    if (importanceSamples < 1) {
      throw new ConfigException(
          "--importance-samples " + importanceSamples + " must be at least 1");
    }
    TrainedRun trained = run.open(common);
    Images images = data.load(trained, common, "--examples", examples);
    if (anomalous != null && images.labels() == null) {
      throw new ConfigException("--anomalous: " + images.name() + " has no labels");
    }
    boolean[] strange = strange(images);
    double[] scores;
    try (ProgressBar bar = common.progress()) {
      scores =
          trained
              .evaluate(
                  images,
                  importanceSamples,
                  common.seed(),
                  (done, total) -> bar.update("score", done, total, ""))
              .estimates()
              .logLikelihood();
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] = -scores[i];
    }
    Path file = out == null ? run.folder().resolve("anomaly.csv") : out;
    AtomicFiles.write(file, csv(images, scores).getBytes(UTF_8));
    double area = RocCurve.area(scores, strange);
    JsonLine json =
        new JsonLine()
            .put("examples", images.count())
            .put("importanceSamples", importanceSamples)
            .put("file", file.toString());
    common.result(
        anomalous == null ? json : json.put("rocAuc", area),
        "scores: "
            + file
            + (anomalous == null ? "" : String.format(Locale.ROOT, " (ROC-AUC %.4f)", area)));
    return 0;
  }

  /** −log p(x), so that more is stranger. */
  private static String csv(Images images, double[] scores) {
    StringBuilder csv = new StringBuilder("index,label,score\n");
    byte[] labels = images.labels();
    for (int i = 0; i < scores.length; i++) {
      csv.append(i).append(',').append(labels == null ? "" : labels[i] & 0xFF);
      csv.append(',').append(scores[i]).append('\n');
    }
    return csv.toString();
  }

  /** Which images are anomalies; none where no classes are given. */
  private boolean[] strange(Images images) {
    boolean[] strange = new boolean[images.count()];
    byte[] labels = images.labels();
    if (anomalous == null || labels == null) {
      return strange;
    }
    int anomalies = 0;
    for (int i = 0; i < strange.length; i++) {
      strange[i] = anomalous.contains(labels[i] & 0xFF);
      anomalies += strange[i] ? 1 : 0;
    }
    if (anomalies == 0 || anomalies == strange.length) {
      throw new ConfigException(
          "--anomalous %s: there must be images of these classes and of others; %d of %d are"
              .formatted(anomalous, anomalies, strange.length));
    }
    return strange;
  }
}
