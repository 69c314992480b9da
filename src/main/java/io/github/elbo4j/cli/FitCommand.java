package io.github.elbo4j.cli;

import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.fit.FitData;
import io.github.elbo4j.train.fit.FitFiles;
import io.github.elbo4j.train.fit.FitMethod;
import io.github.elbo4j.train.fit.FitModel;
import io.github.elbo4j.train.fit.FitResult;
import io.github.elbo4j.train.fit.FitSettings;
import io.github.elbo4j.train.fit.Fits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j fit}. */
@Command(
    name = "fit",
    description = "Fit a small Bayesian model to a table.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class FitCommand implements Callable<Integer> {
  /** What numbers of a result are called in the text. */
  private static final Map<String, String> WORDS =
      Map.of(
          "elbo", "ELBO, nats",
          "logEvidence", "log evidence, exact",
          "laplaceLogEvidence", "log evidence, by Laplace",
          "logLikelihood", "log-likelihood, nats",
          "logJoint", "log joint, nats",
          "steinDiscrepancy", "Stein discrepancy",
          "priorVariance", "prior variance",
          "noiseVariance", "noise variance");

  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description =
          "gmm:K (mixture of K Gaussians with known variance), linear or logistic (regression), gp"
              + " (Gaussian process, a length scale a feature)")
  private String model = "";

  @Option(
      names = "--method",
      required = true,
      paramLabel = "METHOD",
      description =
          "for gmm: cavi, em, svi; for all: advi, advi:full, laplace, svgd[:PARTICLES],"
              + " boosting[:COMPONENTS], map; for linear and logistic: svrg")
  private String method = "";

  @Option(
      names = "--data",
      paramLabel = "SPEC",
      description =
          "embedded (default: drawn from a known truth) or a CSV file, with or without a header")
  private String data = FitData.EMBEDDED;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "where results go")
  private Path out = Path.of("");

  @Option(
      names = "--target",
      paramLabel = "COLUMN",
      description = "the column to explain, by name or number (default: the last)")
  private @Nullable String target;

  @Option(
      names = {"--standardise", "--standardize"},
      description = "shift and scale columns to mean 0 and standard deviation 1")
  private boolean standardise;

  @Option(names = "--iterations", paramLabel = "N", description = "most iterations, or steps")
  private @Nullable Integer iterations;

  @Option(
      names = "--tolerance",
      paramLabel = "X",
      description = "stop at a smaller gain (cavi and em: relative; else in nats)")
  private @Nullable Double tolerance;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "of advi, svgd, boosting (in standard deviations), svi and svrg")
  private @Nullable Double learningRate;

  @Option(names = "--batch", paramLabel = "N", description = "rows of a minibatch of svi")
  private @Nullable Integer batch;

  @Option(
      names = "--prior-variance",
      paramLabel = "X",
      description =
          "of means, weights or log hyper-parameters (gmm, linear 100; logistic 10; gp 4)")
  private @Nullable Double priorVariance;

  @Option(
      names = "--noise-variance",
      paramLabel = "X",
      description = "of an observation (gmm: 1; linear: the known or the likeliest)")
  private @Nullable Double noiseVariance;

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    requireHost();
    FitModel fitted = FitModel.parse(model);
    FitMethod by = FitMethod.parse(method);
    by.requireFits(fitted);
    long seed = common.seed() == null ? 1 : common.seed();
    FitSettings settings =
        new FitSettings(
            iterations, tolerance, learningRate, batch, priorVariance, noiseVariance, seed);
    settings.check(fitted, by);
    FitFiles.requireFresh(out);
    FitData table = FitData.load(data, fitted, target, seed);
    if (standardise && fitted.kind() == FitModel.Kind.GMM && noiseVariance == null) {
      throw new ConfigException(
          "--standardise changes the variance within a component, which a mixture takes as known:"
              + " give it with --noise-variance");
    }
    if (standardise) {
      boolean quantity = fitted.kind() == FitModel.Kind.LINEAR || fitted.kind() == FitModel.Kind.GP;
      table = table.standardised(quantity);
    }
    common.say("data: " + table.description());
    long began = System.nanoTime();
    FitResult result = Fits.run(fitted, by, table, settings);
    double seconds = (System.nanoTime() - began) / 1e9;
    FitFiles.write(out, head(fitted, by, table, seed), result);
    JsonLine json =
        result
            .summary(head(fitted, by, table, seed))
            .put("seconds", seconds)
            .put("out", out.toString());
    common.result(json, text(fitted, by, result, seconds));
    return 0;
  }

  /** Fits compute in double on the host, on one thread: asking for anything else is refused. */
  private void requireHost() {
    String backend = common.backendName();
    if (backend != null && !List.of("auto", "reference").contains(backend)) {
      throw new ConfigException(
          "--backend " + backend + ": fit computes in double on the host, without kernels");
    }
    common.open("reference", 0); // checks --threads and --device
  }

  private static JsonLine head(FitModel model, FitMethod method, FitData data, long seed) {
    return new JsonLine()
        .put("model", model.toString())
        .put("method", method.toString())
        .put("data", data.description())
        .put("rows", data.rows())
        .put("seed", seed);
  }

  private String text(FitModel model, FitMethod method, FitResult result, double seconds) {
    StringBuilder text = new StringBuilder();
    String how =
        result.converged() == null
            ? ""
            : result.converged() ? ", converged" : ", not converged: raise --iterations";
    text.append(
        String.format(
            Locale.ROOT,
            "%s by %s: %d iteration%s%s, %.1f s%n",
            model,
            method,
            result.iterations(),
            result.iterations() == 1 ? "" : "s",
            how,
            seconds));
    table(text, result.parameters());
    result.settings().forEach((name, value) -> line(text, name, number(value)));
    Double error = result.scores().get("elboStandardError");
    result
        .scores()
        .forEach(
            (name, value) -> {
              if (name.equals("elbo") && error != null) {
                line(text, name, number(value) + String.format(Locale.ROOT, " ± %.1g", error));
              } else if (!name.equals("elboStandardError")) {
                line(text, name, number(value));
              }
            });
    Path fit = out.resolve(FitFiles.FIT);
    return text.append("files: " + fit + ", " + out.resolve(FitFiles.TRACE)).toString();
  }

  private static void table(StringBuilder text, List<FitResult.Parameter> parameters) {
    int width = parameters.stream().mapToInt(p -> p.name().length()).max().orElse(1);
    boolean exact = !Double.isNaN(parameters.getFirst().exactMean());
    boolean point = Double.isNaN(parameters.getFirst().sd());
    String row = "  %-" + width + "s %12s %12s %12s %12s";
    text.append(
        String.format(
                row,
                "",
                point ? "value" : "mean",
                point ? "" : "sd",
                exact ? "exact mean" : "",
                exact ? "exact sd" : "")
            .stripTrailing());
    text.append(System.lineSeparator());
    for (FitResult.Parameter p : parameters) {
      String line =
          String.format(
              row,
              p.name(),
              number(p.mean()),
              number(p.sd()),
              number(p.exactMean()),
              number(p.exactSd()));
      text.append(line.stripTrailing()).append(System.lineSeparator());
    }
  }

  /** Five digits, and thousandths of what is large: nats, mostly. */
  private static String number(double value) {
    String form = Math.abs(value) >= 100 && Math.abs(value) < 1e9 ? "%.3f" : "%.5g";
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, form, value);
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(WORDS.getOrDefault(name, name)).append(": ").append(value);
    text.append(System.lineSeparator());
  }
}
