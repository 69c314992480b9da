package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.train.Checkpoints;
import io.github.elbo4j.train.EpochMetrics;
import io.github.elbo4j.train.MetricsLog;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code evaluate}, {@code sample} and {@code reconstruct} on one finished training. */
final class UseRunTest {
  private static final int TRAIN = 60;
  private static final int TEST = 30;

  @TempDir private static Path folder = Path.of("");
  private static Path run = Path.of("");

  @TempDir private Path own;

  @BeforeAll
  static void train() throws IOException {
    Path data = TinyImages.folder(folder.resolve("data"), TRAIN, TEST);
    run = folder.resolve("run");
    // The average is what such a run is judged and used with.
    Cli.run(Cli.train(data, run, "--epochs", "4", "--learning-rate", "0.01", "--polyak", "0.5"))
        .done();
  }

  private static Cli.Run with(String command, String... more) {
    List<String> args = new ArrayList<>(List.of(command, "--run", run.toString()));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private static double number(Map<String, @Nullable Object> json, String key) {
    return json.get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
  }

  @Test
  void evaluateAgreesWithTheTraining() throws IOException {
    Map<String, @Nullable Object> json = with("evaluate", "--json").json();
    assertThat(json.keySet())
        .containsExactly(
            "split",
            "examples",
            "elbo",
            "logLikelihood",
            "importanceSamples",
            "standardError",
            "ess",
            "unreliable",
            "activeUnits");
    EpochMetrics last = new MetricsLog(run.resolve(MetricsLog.FILE)).read().getLast();
    assertThat(json)
        .containsEntry("split", "test")
        .containsEntry("examples", (long) TEST)
        .containsEntry("importanceSamples", 5000L)
        .containsEntry("elbo", last.testElbo()) // to the bit
        .containsEntry("activeUnits", (long) last.activeUnits());
    // With 5,000 samples the bound is all but tight; the ELBO's own noise is its one sample an
    // image, a few tenths of a nat over 30 images.
    assertThat(number(json, "logLikelihood")).isBetween(last.testElbo(), 0.0);
    assertThat(number(json, "standardError")).isBetween(0.01, 5.0);
    assertThat(with("evaluate", "--json").out()).isEqualTo(with("evaluate", "--json").out());
  }

  @Test
  void theBoundRisesWithTheSamples() {
    double one = number(evaluate("--importance-samples", "1"), "logLikelihood");
    double ten = number(evaluate("--importance-samples", "10"), "logLikelihood");
    double many = number(evaluate("--importance-samples", "3000"), "logLikelihood");
    assertThat(one).isLessThan(ten);
    assertThat(ten).isLessThan(many);
  }

  private static Map<String, @Nullable Object> evaluate(String... more) {
    List<String> args = new ArrayList<>(List.of(more));
    args.addAll(List.of("--json"));
    return with("evaluate", args.toArray(String[]::new)).json();
  }

  @Test
  void evaluateTakesASplitAPartAndASeed() {
    Map<String, @Nullable Object> train =
        evaluate("--split", "train", "--importance-samples", "20", "--threads", "2");
    assertThat(train).containsEntry("split", "train").containsEntry("examples", (long) TRAIN);
    Map<String, @Nullable Object> few = evaluate("--examples", "7", "--importance-samples", "20");
    assertThat(few).containsEntry("examples", 7L);
    assertThat(evaluate("--examples", "7", "--importance-samples", "20", "--seed", "1"))
        .isEqualTo(few); // the run's own seed
    assertThat(evaluate("--examples", "7", "--importance-samples", "20", "--seed", "2").get("elbo"))
        .isNotEqualTo(few.get("elbo"));
    Map<String, @Nullable Object> single =
        evaluate("--examples", "1", "--importance-samples", "20", "--backend", "reference");
    assertThat(single).containsEntry("standardError", null);
    Cli.Run text = with("evaluate", "--examples", "7", "--importance-samples", "20").done();
    Cli.Run one = with("evaluate", "--examples", "1", "--importance-samples", "20").done();
    assertThat(one.out()).contains("1 image:").doesNotContain("NaN", "±");
    assertThat(text.out())
        .contains("7 images", "±", "ELBO", "log-likelihood", "20 importance samples");
  }

  @Test
  void bothBackendsAgree() {
    double simd = number(evaluate("--importance-samples", "50"), "logLikelihood");
    double reference =
        number(evaluate("--importance-samples", "50", "--backend", "reference"), "logLikelihood");
    // Float against double through a handful of layers: about 1e-6 of some 15 nats.
    assertThat(simd).isCloseTo(reference, org.assertj.core.api.Assertions.within(1e-3));
  }

  /** A grid's picture: cells of 6·7 × 8·7 pixels with margins of 2. */
  private static BufferedImage grid(Path file, int columns, int rows) throws IOException {
    BufferedImage picture = ImageIO.read(file.toFile());
    assertThat(picture.getWidth()).isEqualTo(2 + columns * (TinyImages.WIDTH * 7 + 2));
    assertThat(picture.getHeight()).isEqualTo(2 + rows * (TinyImages.HEIGHT * 7 + 2));
    return picture;
  }

  @Test
  void samplesGoToTheRunFolderUnlessToldOtherwise() throws IOException {
    Map<String, @Nullable Object> json = with("sample", "--json").json();
    Path file = run.resolve("samples.png");
    assertThat(json).containsOnlyKeys("count", "file").containsEntry("count", 64L);
    assertThat(json).containsEntry("file", file.toString());
    grid(file, 8, 8);
    Path other = own.resolve("ten.png");
    assertThat(
            with("sample", "--count", "10", "--out", other.toString(), "--threads", "1")
                .done()
                .out())
        .contains(other.toString());
    grid(other, 4, 3);
    byte[] before = Files.readAllBytes(file);
    with("sample", "--seed", "1").done(); // the run's own seed
    assertThat(file).hasBinaryContent(before);
    with("sample", "--seed", "2").done();
    assertThat(Files.readAllBytes(file)).isNotEqualTo(before);
  }

  /** A cell of a grid shows a test image, each of its pixels as 7 x 7. */
  private static void assertShows(BufferedImage grid, int column, int row, int image)
      throws IOException {
    byte[] test = Files.readAllBytes(folder.resolve("data").resolve("t10k-images-idx3-ubyte"));
    int size = TinyImages.WIDTH * TinyImages.HEIGHT;
    for (int i = 0; i < size; i++) {
      int x = 2 + column * (TinyImages.WIDTH * 7 + 2) + i % TinyImages.WIDTH * 7;
      int y = 2 + row * (TinyImages.HEIGHT * 7 + 2) + i / TinyImages.WIDTH * 7;
      int wanted = test[16 + image * size + i] & 0xFF;
      assertThat(grid.getRaster().getSample(x + 6, y + 6, 0)).isEqualTo(wanted);
    }
  }

  @Test
  void reconstructionsShowTheOriginalsAboveThem() throws IOException {
    Path file = own.resolve("r.png");
    Map<String, @Nullable Object> json =
        with("reconstruct", "--count", "5", "--out", file.toString(), "--json").json();
    assertThat(json).containsOnlyKeys("count", "meanSquaredError", "file");
    assertThat(json).containsEntry("count", 5L).containsEntry("file", file.toString());
    // Grey levels of bars on a dim ground have a variance of some 0.1; a model is better than that.
    assertThat(number(json, "meanSquaredError")).isBetween(1e-4, 0.1);
    BufferedImage picture = grid(file, 5, 2);
    assertShows(picture, 4, 0, 4);
    with("reconstruct", "--out", file.toString()).done();
    // 30 images, 16 a row: the 20th is the fourth of the third row, below the reconstructions.
    assertShows(grid(file, 16, 4), 3, 2, 19);
    assertThat(with("reconstruct", "--split", "train").done().out())
        .contains("reconstructions.png");
    grid(run.resolve("reconstructions.png"), 16, 4);
    assertThat(with("reconstruct", "--count", "500", "--json").json())
        .containsEntry("count", (long) TEST);
  }

  @Test
  void otherDataOfTheSameSizeWillDo() throws IOException {
    Path more = TinyImages.folder(own.resolve("more"), 5, 44);
    assertThat(evaluate("--data", more.toString(), "--importance-samples", "5"))
        .containsEntry("examples", 44L);
    assertThat(with("evaluate", "--data", "embedded").refusal(1))
        .contains("28 x 28", "8 x 6", "embedded");
    assertThat(with("reconstruct", "--data", "nonsense").refusal(1)).contains("unknown data");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          evaluate    | --importance-samples | 0     | --importance-samples 0 must be at least 1
          evaluate    | --importance-samples | lots  | --importance-samples
          evaluate    | --examples           | 0     | --examples 0 must be at least 1
          evaluate    | --split              | dev   | split is "dev" and must be train or test
          evaluate    | --backend            | gpu   | must be one of auto, cuda, simd, reference
          evaluate    | --threads            | 0     | --threads 0 must be at least 1
          sample      | --count              | 0     | --count 0 must be at least 1
          sample      | --seed               | x     | --seed
          sample      | --class              | 3     | --class 3: the model is told no class
          sample      | --class              | x     | --class
          reconstruct | --count              | -3    | --count -3 must be at least 1
          reconstruct | --split              | valid | must be train or test
          """)
  void aBadValueIsWrongUsage(String command, String flag, String value, String problem) {
    assertThat(with(command, flag, value).refusal(2))
        .startsWith("elbo4j " + command + ": ")
        .contains(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"evaluate", "sample", "reconstruct"})
  void aFolderWithoutAUsableRunIsAFailure(String command) throws IOException {
    String missing = own.resolve("missing").toString();
    assertThat(Cli.run(command, "--run", missing).refusal(1)).contains(missing, "holds no run");
    Path started = Files.createDirectory(own.resolve("started"));
    Files.copy(run.resolve("config.toml"), started.resolve("config.toml"));
    assertThat(Cli.run(command, "--run", started.toString()).refusal(1))
        .contains("no checkpoint yet");
    Files.writeString(started.resolve(Checkpoints.FILE), "not a checkpoint at all");
    assertThat(Cli.run(command, "--run", started.toString()).refusal(1)).contains("damaged");
    // A whole checkpoint of another model.
    String config = Files.readString(run.resolve("config.toml"));
    Files.copy(
        run.resolve(Checkpoints.FILE),
        started.resolve(Checkpoints.FILE),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(started.resolve("config.toml"), config.replace("latent = 3", "latent = 4"));
    assertThat(Cli.run(command, "--run", started.toString()).refusal(1))
        .contains("average.posterior.mu.weight", "[16, 3]", "[16, 4]");
  }

  @Test
  void aPictureThatCannotBeWrittenIsAFailure() {
    String nowhere = own.resolve("no").resolve("such.png").toString();
    for (String command : List.of("sample", "reconstruct")) {
      assertThat(with(command, "--out", nowhere).refusal(1)).contains(nowhere, "cannot be written");
    }
    assertThat(with("sample", "--count", "2000000000").refusal(1)).isNotEmpty();
  }
}
