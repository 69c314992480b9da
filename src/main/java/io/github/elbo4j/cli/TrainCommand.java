package io.github.elbo4j.cli;

import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.train.AtomicFiles;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.EpochMetrics;
import io.github.elbo4j.train.GradientNoise;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.ProgressBar;
import io.github.elbo4j.train.RunConfig;
import io.github.elbo4j.train.RunConfigBuilder;
import io.github.elbo4j.train.TrainedRun;
import io.github.elbo4j.train.Trainer;
import io.github.elbo4j.vi.posterior.Posteriors;
import io.github.elbo4j.vi.prior.Priors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code elbo4j train}. */
@Command(
    name = "train",
    description = "Train a VAE into a run folder.",
    sortOptions = false,
    usageHelpAutoWidth = true)
final class TrainCommand implements Callable<Integer> {
  /** What may differ from the run's own configuration when it is resumed. */
  private static final Set<String> CHANGEABLE =
      Set.of("epochs", "threads", "backend", "version", "report-gradient-variance");

  /** What may differ too, so that a run that blew up can go on more gently. */
  private static final Set<String> GENTLER =
      Set.of("learning-rate", "schedule", "clip-norm", "weight-decay", "precision");

  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--data",
      paramLabel = "SPEC",
      description = "embedded (default), mnist, fashion-mnist, an IDX file or a folder of them")
  private @Nullable String data;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "the run folder")
  private Path out = Path.of("");

  @Option(names = "--epochs", paramLabel = "N", description = "passes over the data (default: 20)")
  private @Nullable Integer epochs;

  @Option(names = "--batch", paramLabel = "N", description = "examples a step (default: 128)")
  private @Nullable Integer batch;

  @Option(names = "--learning-rate", paramLabel = "X", description = "of Adam (default: 1e-3)")
  private @Nullable Double learningRate;

  @Option(
      names = "--schedule",
      paramLabel = "SPEC",
      description =
          "constant (default), steps:10e=0.5,20e=0.1, cosine:20e, warmup:500, joined by +;"
              + " lengths in steps, or with an e in epochs")
  private @Nullable String schedule;

  @Option(
      names = "--hidden",
      paramLabel = "N,N",
      split = ",",
      description = "widths of the encoder, mirrored in the decoder (default: 400,200)")
  private @Nullable List<Integer> hidden;

  @Option(names = "--latent", paramLabel = "N", description = "latent dimensions (default: 20)")
  private @Nullable Integer latent;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description = "none, relu (default), tanh, sigmoid, softplus, elu, gelu or silu")
  private @Nullable String activation;

  @Option(
      names = "--likelihood",
      paramLabel = "SPEC",
      description = {
        "bernoulli (default);",
        "continuous-bernoulli: a density on [0,1] for grey pixels;",
        "gaussian[:scalar|:dimension|:element|:SIGMA]: variance learned, one for all (scalar, what"
            + " is meant without a form), for each pixel, or given by the decoder (element, also"
            + " gaussian-learned); or a fixed deviation;",
        "laplace[:scalar|:dimension|:element|:SCALE]: likewise;",
        "categorical:LEVELS: any distribution over so many grey levels;",
        "logistic256[:scalar|:dimension|:element|:SCALE]: a logistic distribution cut into 256"
            + " levels"
      })
  private @Nullable String likelihood;

  @Option(names = "--posterior", paramLabel = "SPEC", description = Posteriors.HELP)
  private @Nullable String posterior;

  @Option(names = "--prior", paramLabel = "SPEC", description = Priors.HELP)
  private @Nullable String prior;

  @Option(
      names = "--objective",
      paramLabel = "SPEC",
      description = {
        "elbo (default), elbo:analytic or elbo:mc: with the KL in closed form where there is one,"
            + " always, or never;",
        "beta:WEIGHT: KL times WEIGHT;",
        "capacity:WEIGHT:NATS: KL drawn to NATS, which grow over --warmup;",
        "iwae:SAMPLES: the importance-weighted bound;",
        "renyi:ALPHA:SAMPLES: Rényi's bound;",
        "vrmax:SAMPLES: the largest of the weights alone;",
        "chi:ORDER:SAMPLES: the encoder by the χ upper bound, the decoder by iwae;",
        "tcvae:WEIGHT[:weighted]: total correlation times WEIGHT, stratified or weighted sampling;",
        "factor:WEIGHT: plus WEIGHT times the total correlation that a discriminator sees;",
        "dip:WEIGHT[:DIAGONAL]: plus a penalty on the covariance of the means (DIAGONAL: 10"
            + " WEIGHT);",
        "mmd:WEIGHT[:wae]: plus WEIGHT times the MMD of latents and prior; wae: without the KL"
      })
  private @Nullable String objective;

  @Option(
      names = "--estimator",
      paramLabel = "NAME",
      description = {
        "pathwise (default);",
        "stl: sticking the landing, for objectives with one KL;",
        "dreg: doubly reparameterised, for iwae and renyi"
      })
  private @Nullable String estimator;

  @Option(
      names = "--warmup",
      paramLabel = "EPOCHS",
      description =
          "epochs over which the KL's weight grows from 0 (default: 0), or"
              + " cyclical:EPOCHS[:FRACTION]")
  private @Nullable String warmup;

  @Option(
      names = "--free-bits",
      paramLabel = "X",
      description = "nats of KL a latent dimension that cost nothing (default: 0)")
  private @Nullable Double freeBits;

  @Option(
      names = "--condition",
      paramLabel = "WHAT",
      description = "none (default), or label: encoder and decoder are told the class")
  private @Nullable String condition;

  @Option(
      names = "--binarize",
      paramLabel = "HOW",
      description = "none (default), dynamic (drawn anew each step) or static (drawn once)")
  private @Nullable String binarize;

  @Option(
      names = "--clip-norm",
      paramLabel = "X",
      description = "largest norm of the gradient (default: 0, no limit)")
  private @Nullable Double clipNorm;

  @Option(names = "--weight-decay", paramLabel = "X", description = "of AdamW (default: 0)")
  private @Nullable Double weightDecay;

  @Option(
      names = "--polyak",
      paramLabel = "X",
      description = "decay of averaged weights, 0.999 say (default: 0, none)")
  private @Nullable Double polyak;

  @Option(
      names = "--report-gradient-variance",
      description =
          "end each epoch with the variance of the gradient over 32 draws of the noise, of encoder"
              + " and decoder")
  private @Nullable Boolean reportGradientVariance;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "TOML file with any of these options; flags win")
  private @Nullable Path configFile;

  @Option(
      names = "--resume",
      description = "go on from the last checkpoint in --out, or start when there is none")
  private boolean resume;

  private final List<String> changes = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    CommonOptions.requireName("--out", out);
    boolean resumes = resume && AtomicFiles.exists(out.resolve(RunConfig.FILE));
    RunConfig config = resumes ? resumed() : flags(RunConfig.builder());
    Trainer.check(config); // all that can be refused is refused before anything is downloaded
    if (!resumes) {
      Trainer.requireFresh(out);
    }
    Backend backend = common.open(config.backend(), config.threads(), config.precision());
    DataSplits splits = DataSource.load(config.data(), common.downloads(config.data()));
    common.say("data: " + splits.description());
    boolean exact = config.precision().equals("fp32");
    common.say("backend: " + backend.name() + (exact ? "" : ", precision " + config.precision()));
    changes.forEach(common::say);
    try (ProgressBar bar = common.progress()) {
      Trainer trainer = new Trainer(config, splits, backend, out, listener(config, bar));
      Trainer.Result result = trainer.run(resume);
      common.result(json(config, result, backend), text(result));
    }
    return 0;
  }

  private RunConfig flags(RunConfigBuilder builder) throws IOException {
    if (configFile != null) {
      builder.load(configFile);
    }
    given().forEach(builder::set);
    return canonical(builder.set("version", Version.text()));
  }

  /** With a path of the data that holds in every folder. */
  private static RunConfig canonical(RunConfigBuilder builder) throws IOException {
    return builder.set("data", DataSource.canonical(builder.build().data())).build();
  }

  /** The run's own configuration; a flag may repeat it, or change how it is trained on. */
  private RunConfig resumed() throws IOException {
    RunConfig stored = canonical(TrainedRun.config(out).toBuilder());
    RunConfig wanted = flags(stored.toBuilder());
    for (var entry : wanted.differences(stored).entrySet()) {
      String key = entry.getKey();
      Object now = entry.getValue().get(0);
      Object before = entry.getValue().get(1);
      if (GENTLER.contains(key)) {
        changes.add("%s: %s so far, %s from here on".formatted(key, before, now));
      } else if (!CHANGEABLE.contains(key)) {
        throw new ConfigException(
            "--resume: %s of the run in %s is %s and cannot become %s"
                .formatted(key, out, before, now));
      }
    }
    return wanted;
  }

  /** The flags on the command line, by their key in the configuration. */
  private Map<String, Object> given() {
    Map<String, Object> flags = new LinkedHashMap<>();
    put(flags, "data", data);
    put(flags, "epochs", epochs);
    put(flags, "batch", batch);
    put(flags, "seed", common.seed());
    put(flags, "learning-rate", learningRate);
    put(flags, "schedule", schedule);
    put(flags, "hidden", hidden);
    put(flags, "latent", latent);
    put(flags, "activation", activation);
    put(flags, "likelihood", likelihood);
    put(flags, "posterior", posterior);
    put(flags, "prior", prior);
    put(flags, "objective", objective);
    put(flags, "estimator", estimator);
    put(flags, "warmup", warmup);
    put(flags, "free-bits", freeBits);
    put(flags, "condition", condition);
    put(flags, "binarize", binarize);
    put(flags, "clip-norm", clipNorm);
    put(flags, "weight-decay", weightDecay);
    put(flags, "polyak", polyak);
    put(flags, "report-gradient-variance", reportGradientVariance);
    put(flags, "backend", common.backendName());
    put(flags, "precision", common.precisionName());
    put(flags, "threads", common.threads());
    return flags;
  }

  private static void put(Map<String, Object> flags, String key, @Nullable Object value) {
    if (value != null) {
      flags.put(key, value);
    }
  }

  private static Trainer.Listener listener(RunConfig config, ProgressBar bar) {
    return new Trainer.Listener() {
      @Override
      public void notice(String line) {
        bar.println(line);
      }

      @Override
      public void step(int epoch, int done, int total, float loss) {
        bar.update("epoch " + epoch + "/" + config.epochs(), done, total, "loss " + loss);
      }

      @Override
      public void epoch(EpochMetrics m) {
        bar.println(
            String.format(
                Locale.ROOT,
                "epoch %d/%d  train ELBO %.2f  test ELBO %.2f (reconstruction %.2f, KL %.2f)"
                    + "  %d active units  %.0f examples/s",
                m.epoch(),
                config.epochs(),
                m.trainElbo(),
                m.testElbo(),
                m.reconstruction(),
                m.kl(),
                m.activeUnits(),
                m.examplesPerSecond()));
        GradientNoise noise = m.gradientNoise();
        if (noise != null) {
          bar.println(
              String.format(
                  Locale.ROOT,
                  "epoch %d/%d  gradient: variance %.3g of encoder, %.3g of decoder;"
                      + " over squared mean %.3g and %.3g",
                  m.epoch(),
                  config.epochs(),
                  noise.encoderVariance(),
                  noise.decoderVariance(),
                  noise.encoderVariance() / noise.encoderSquaredMean(),
                  noise.decoderVariance() / noise.decoderSquaredMean()));
        }
      }
    };
  }

  private JsonLine json(RunConfig config, Trainer.Result result, Backend backend) {
    EpochMetrics m = result.metrics();
    return new JsonLine()
        .put("epochs", config.epochs())
        .put("steps", m.step())
        .put("testElbo", m.testElbo())
        .put("reconstruction", m.reconstruction())
        .put("kl", m.kl())
        .put("activeUnits", m.activeUnits())
        .put("seconds", result.seconds())
        .put("backend", backend.name())
        .put("run", out.toString());
  }

  private String text(Trainer.Result result) {
    EpochMetrics m = result.metrics();
    return String.format(
        Locale.ROOT,
        "test ELBO %.2f nats (reconstruction %.2f, KL %.2f), %d active units, %.1f s%n"
            + "pictures: %s%nmodel:    %s",
        m.testElbo(),
        m.reconstruction(),
        m.kl(),
        m.activeUnits(),
        result.seconds(),
        out.resolve("samples"),
        out.resolve("checkpoint.safetensors"));
  }
}
