package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.train.RunConfig;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a training leaves behind, and how it goes on. */
final class TrainTest {
  private static final List<String> METRICS =
      List.of(
          "epoch",
          "step",
          "trainElbo",
          "testElbo",
          "reconstruction",
          "kl",
          "activeUnits",
          "seconds",
          "examplesPerSecond");

  @TempDir private Path folder;
  private Path data = Path.of("");

  @BeforeEach
  void data() throws IOException {
    data = TinyImages.folder(folder.resolve("data"), 40, 10);
  }

  private Cli.Run train(String run, String... more) {
    return Cli.run(Cli.train(data, folder.resolve(run), more));
  }

  private byte[] checkpoint(String run) throws IOException {
    return Files.readAllBytes(folder.resolve(run).resolve("checkpoint.safetensors"));
  }

  private List<Map<String, @Nullable Object>> metrics(String run) throws IOException {
    return Files.readAllLines(folder.resolve(run).resolve("metrics.jsonl")).stream()
        .map(Cli::object)
        .toList();
  }

  @Test
  void jsonIsAllOfStandardOutputAndAgreesWithTheMetrics() throws IOException {
    Map<String, @Nullable Object> json = train("run", "--epochs", "3", "--json").json();
    assertThat(json.keySet())
        .containsExactly(
            "epochs",
            "steps",
            "testElbo",
            "reconstruction",
            "kl",
            "activeUnits",
            "seconds",
            "backend",
            "run");
    assertThat(json)
        .containsEntry("epochs", 3L)
        .containsEntry("steps", 9L) // 40 examples in batches of 16: three an epoch, the last of 8
        .containsEntry("backend", "simd")
        .containsEntry("run", folder.resolve("run").toString());
    List<Map<String, @Nullable Object>> metrics = metrics("run");
    assertThat(metrics).hasSize(3);
    for (int epoch = 1; epoch <= 3; epoch++) {
      Map<String, @Nullable Object> line = metrics.get(epoch - 1);
      assertThat(line.keySet()).containsExactlyElementsOf(METRICS);
      assertThat(line).containsEntry("epoch", (long) epoch).containsEntry("step", 3L * epoch);
      double parts = number(line, "reconstruction") - number(line, "kl");
      assertThat(number(line, "testElbo")).isCloseTo(parts, within(1e-9));
    }
    for (String same : List.of("testElbo", "reconstruction", "kl", "activeUnits")) {
      assertThat(json.get(same)).isEqualTo(metrics.getLast().get(same));
    }
  }

  private static double number(Map<String, @Nullable Object> line, String key) {
    return line.get(key) instanceof Double d ? d : Double.NaN;
  }

  @Test
  void theRunFolderHasEverythingAndTheTextSaysWhere() throws IOException {
    Cli.Run run = train("run", "--epochs", "2").done();
    Path out = folder.resolve("run");
    assertThat(run.out())
        .contains("test ELBO", out.resolve("samples").toString())
        .contains(out.resolve("checkpoint.safetensors").toString());
    assertThat(run.err()).contains("data: ", "backend: simd", "epoch 1/2", "epoch 2/2");
    assertThat(run.err()).doesNotContain("\r", "\u001b"); // no bar where nobody watches
    for (String name : List.of("samples/epoch-0001.png", "samples/epoch-0002.png")) {
      // 64 pictures of 6 x 8 pixels, 8 a row, each pixel 7 x 7 (56/8), margins of 2.
      var picture = ImageIO.read(out.resolve(name).toFile());
      assertThat(picture.getWidth()).isEqualTo(2 + 8 * (6 * 7 + 2));
      assertThat(picture.getHeight()).isEqualTo(2 + 8 * (8 * 7 + 2));
    }
    try (var files = Files.list(out)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder(
              ".lock",
              "config.toml",
              "metrics.jsonl",
              "samples",
              "checkpoint.safetensors",
              "checkpoint.previous.safetensors");
    }
  }

  @Test
  void everyFlagReachesTheConfigurationWhichRepeatsTheRun() throws IOException {
    String[] flags = {
      "train",
      "--data",
      data.toString(),
      "--out",
      folder.resolve("a").toString(),
      "--epochs",
      "2",
      "--batch",
      "9",
      "--seed",
      "-5",
      "--learning-rate",
      "0.002",
      "--schedule",
      "cosine:2",
      "--hidden",
      "12,7",
      "--latent",
      "4",
      "--activation",
      "gelu",
      "--likelihood",
      "gaussian:dimension",
      "--posterior",
      "diagonal",
      "--prior",
      "normal",
      "--objective",
      "beta:0.5",
      "--estimator",
      "pathwise",
      "--warmup",
      "1",
      "--free-bits",
      "0.05",
      "--condition",
      "none",
      "--binarize",
      "dynamic",
      "--clip-norm",
      "5",
      "--weight-decay",
      "0.01",
      "--polyak",
      "0.9",
      "--report-gradient-variance",
      "--backend",
      "simd",
      "--precision",
      "fp32",
      "--threads",
      "2",
      "--json"
    };
    Cli.run(flags).done();
    RunConfig config = TrainedRun.config(folder.resolve("a"));
    assertThat(config)
        .isEqualTo(
            new RunConfig(
                data.toString(),
                2,
                9,
                -5,
                0.002,
                "cosine:2",
                List.of(12, 7),
                4,
                "gelu",
                "gaussian:dimension",
                "diagonal",
                "normal",
                "beta:0.5",
                "pathwise",
                "1",
                0.05,
                "none",
                "dynamic",
                5,
                0.01,
                0.9,
                RunConfig.DEFAULTS.logVarMin(),
                RunConfig.DEFAULTS.logVarMax(),
                true,
                "simd",
                "fp32",
                2,
                "development"));
    String file = folder.resolve("a").resolve("config.toml").toString();
    Cli.run("train", "--config", file, "--out", folder.resolve("b").toString()).done();
    assertThat(checkpoint("b")).isEqualTo(checkpoint("a"));
  }

  @Test
  void flagsWinOverTheConfigurationFile() throws IOException {
    Path file = folder.resolve("my.toml");
    Files.writeString(file, "latent = 7\nepochs = 9\nlearning-rate = 0.5\nactivation = \"tanh\"\n");
    train("run", "--config", file.toString(), "--epochs", "1", "--learning-rate", "1e-3").done();
    RunConfig config = TrainedRun.config(folder.resolve("run"));
    assertThat(config.activation()).isEqualTo("tanh"); // from the file
    assertThat(config.latent()).isEqualTo(3); // the flag of Cli.train
    assertThat(config.epochs()).isEqualTo(1);
    assertThat(config.learningRate()).isEqualTo(1e-3);
  }

  @Test
  void theSeedDecidesEveryBit() throws IOException {
    train("a", "--epochs", "2", "--seed", "3").done();
    train("b", "--epochs", "2", "--seed", "3").done();
    train("c", "--epochs", "2", "--seed", "4").done();
    assertThat(checkpoint("b")).isEqualTo(checkpoint("a")).isNotEqualTo(checkpoint("c"));
    String grid = "samples/epoch-0002.png";
    assertThat(folder.resolve("b").resolve(grid))
        .hasSameBinaryContentAs(folder.resolve("a").resolve(grid));
  }

  @Test
  void goesOnWithMoreEpochsAsIfItHadNeverStopped() throws IOException {
    train("straight", "--epochs", "5").done();
    train("parts", "--epochs", "2", "--resume").done(); // nothing there yet: it starts
    Map<String, @Nullable Object> again =
        train("parts", "--epochs", "5", "--resume", "--json").json();
    assertThat(checkpoint("parts")).isEqualTo(checkpoint("straight"));
    assertThat(metrics("parts")).hasSize(5);
    assertThat(again).containsEntry("epochs", 5L).containsEntry("steps", 15L);
    // A finished run has nothing to do and says what it reached.
    Map<String, @Nullable Object> finished =
        Cli.run("train", "--out", folder.resolve("parts").toString(), "--resume", "--json").json();
    assertThat(finished).containsEntry("testElbo", again.get("testElbo"));
    assertThat(checkpoint("parts")).isEqualTo(checkpoint("straight"));
    assertThat(train("parts", "--epochs", "4", "--resume").refusal(2))
        .contains("has done 5 epochs, more than --epochs 4");
    assertThat(TrainedRun.config(folder.resolve("parts")).epochs()).isEqualTo(5);
  }

  @Test
  void resumingRefusesWhatWouldMakeItAnotherRun() throws IOException {
    train("run", "--epochs", "1").done();
    byte[] before = checkpoint("run");
    assertThat(train("run", "--epochs", "2", "--polyak", "0.1", "--resume").refusal(2))
        .contains("polyak", "is 0.0 and cannot become 0.1");
    assertThat(train("run", "--seed", "2", "--resume").refusal(2)).contains("seed");
    TinyImages.folder(data, 60, 10); // four steps an epoch and not three
    assertThat(train("run", "--epochs", "2", "--resume").refusal(1)).contains("other data");
    assertThat(checkpoint("run")).isEqualTo(before);
    Files.delete(folder.resolve("run").resolve("metrics.jsonl"));
    TinyImages.folder(data, 40, 10);
    assertThat(train("run", "--epochs", "1", "--resume").refusal(1))
        .contains("metrics.jsonl has no line of epoch 1");
  }

  @Test
  void aBatchMayBeShortOrLargerThanTheData() throws IOException {
    String[] more = {
      "train",
      "--data",
      data.toString(),
      "--hidden",
      "8",
      "--latent",
      "2",
      "--epochs",
      "2",
      "--batch",
      "100",
      "--json",
      "--out",
      folder.resolve("large").toString()
    };
    assertThat(Cli.run(more).json()).containsEntry("steps", 2L);
    TinyImages.folder(data, 33, 10); // two of 16 and one of 1
    assertThat(train("short", "--epochs", "2", "--json").json()).containsEntry("steps", 6L);
  }
}
