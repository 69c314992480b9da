package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.data.Npy;
import io.github.elbo4j.testkit.TinyImages;
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

/** What walks through the latents of a finished training. */
final class LatentCommandsTest {
  private static final int TEST = 30;
  private static final int LATENT = 3;

  @TempDir private static Path folder = Path.of("");
  private static Path run = Path.of("");

  @TempDir private Path own;

  @BeforeAll
  static void train() throws IOException {
    Path data = TinyImages.labelled(folder.resolve("data"), 60, TEST);
    run = folder.resolve("run");
    Cli.run(Cli.train(data, run, "--epochs", "3")).done();
  }

  private static Cli.Run with(String command, String... more) {
    List<String> args = new ArrayList<>(List.of(command, "--run", run.toString()));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private static double number(Map<String, @Nullable Object> json, String key) {
    return json.get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
  }

  private Path own(String name) {
    return own.resolve(name);
  }

  /** Latents that were written and read again stand for the very pictures. */
  @Test
  void encodesAndDecodes() throws IOException {
    Path latents = own("z.npy");
    Map<String, @Nullable Object> encoded =
        with("encode", "--examples", "9", "--out", latents.toString(), "--json").json();
    assertThat(encoded).containsEntry("examples", 9L).containsEntry("dimensions", (long) LATENT);
    Npy z = Npy.read(latents);
    assertThat(List.of(z.rows(), z.columns())).containsExactly(9, LATENT);
    Path pictures = own("x.npy");
    with("decode", "--latents", latents.toString(), "--out", pictures.toString()).done();
    Npy x = Npy.read(pictures);
    assertThat(x.rows()).isEqualTo(9);
    for (float pixel : x.values()) {
      assertThat(pixel).isBetween(0f, 1f);
    }
    Path png = own("x.png");
    with("decode", "--latents", latents.toString(), "--out", png.toString()).done();
    assertThat(ImageIO.read(png.toFile())).isNotNull();
    Path csv = own("z.csv");
    with("encode", "--examples", "9", "--out", csv.toString()).done();
    List<String> lines = Files.readAllLines(csv);
    assertThat(lines).hasSize(10);
    assertThat(lines.getFirst()).startsWith("z0,z1,z2");
    assertThat(Float.parseFloat(lines.get(4).split(",", -1)[1])).isEqualTo(z.values()[3 * 3 + 1]);
  }

  /** The ends of a walk are the reconstructions of the two images. */
  @Test
  void interpolates() throws IOException {
    for (String how : List.of("slerp", "linear")) {
      Path file = own(how + ".png");
      Map<String, @Nullable Object> json =
          with(
                  "interpolate",
                  "--pairs",
                  "2",
                  "--steps",
                  "5",
                  "--how",
                  how,
                  "--out",
                  file.toString(),
                  "--json")
              .json();
      assertThat(json).containsEntry("pairs", 2L).containsEntry("steps", 5L);
      BufferedImage grid = ImageIO.read(file.toFile());
      assertThat(grid.getWidth()).isGreaterThan(grid.getHeight() * 3 / 2);
    }
  }

  @Test
  void traverses() {
    Map<String, @Nullable Object> json =
        with("traverse", "--dimensions", "2", "--steps", "3", "--json").json();
    assertThat(String.valueOf(json.get("dimensions"))).matches("\\[\\d, \\d]");
    assertThat(run.resolve("traversal.png")).exists();
  }

  @Test
  void addsAttributes() {
    Map<String, @Nullable Object> json =
        with("arithmetic", "--from", "0", "--to", "1", "--count", "2", "--json").json();
    assertThat(number(json, "norm")).isPositive();
    assertThat(json).containsEntry("count", 2L);
  }

  @Test
  void projects() throws IOException {
    Path latents = own("map.npy");
    Map<String, @Nullable Object> json =
        with("project", "--count", "5", "--steps", "50", "--latents", latents.toString(), "--json")
            .json();
    assertThat(number(json, "logJoint")).isGreaterThan(number(json, "startLogJoint"));
    assertThat(Npy.read(latents).rows()).isEqualTo(5);
  }

  @Test
  void scoresAnomalies() throws IOException {
    Path file = own("scores.csv");
    Map<String, @Nullable Object> json =
        with(
                "anomaly",
                "--importance-samples",
                "20",
                "--anomalous",
                "1",
                "--out",
                file.toString(),
                "--json")
            .json();
    assertThat(number(json, "rocAuc")).isBetween(0.0, 1.0);
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(TEST + 1);
    double sum = 0;
    for (String line : lines.subList(1, lines.size())) {
      sum -= Double.parseDouble(line.split(",", -1)[2]);
    }
    Map<String, @Nullable Object> evaluated =
        with("evaluate", "--importance-samples", "20", "--json").json();
    assertThat(sum / TEST).isCloseTo(number(evaluated, "logLikelihood"), within(1e-9));
  }

  /** Two estimates of log p(x) that share nothing but the decoder agree. */
  @Test
  void annealingAgreesWithImportanceSampling() throws IOException {
    Path rows = own("rows.csv");
    Map<String, @Nullable Object> json =
        with(
                "evaluate",
                "--examples",
                "10",
                "--importance-samples",
                "3000",
                "--annealed",
                "8:100",
                "--per-example",
                rows.toString(),
                "--json")
            .json();
    assertThat(number(json, "annealed")).isCloseTo(number(json, "logLikelihood"), within(0.3));
    assertThat(number(json, "ess")).isBetween(1.0, 3000.0);
    assertThat(number(json, "unreliable")).isBetween(0.0, 1.0);
    assertThat(Files.readAllLines(rows)).hasSize(11);
    assertThat(Files.readAllLines(rows).getFirst())
        .isEqualTo("index,label,logLikelihood,ess,paretoK,annealed");
  }

  @Test
  void samplesTheAggregatedPosterior() {
    Path file = own("aggregated.png");
    Map<String, @Nullable Object> json =
        with("sample", "--from", "aggregated:3", "--count", "4", "--out", file.toString(), "--json")
            .json();
    assertThat(file).exists();
    assertThat(number(json, "latentLogLikelihood")).isFinite();
    assertThat(with("sample", "--from", "aggregated:61").refusal(2))
        .contains("components 61 must be from 1 to the 60 latents");
    assertThat(with("sample", "--from", "agregated").refusal(2))
        .contains("did you mean aggregated");
  }

  @Test
  void disentangles() throws IOException {
    Map<String, @Nullable Object> json = with("disentangle", "--json").json();
    assertThat(number(json, "mig")).isBetween(0.0, 1.0);
    Path factors = own("factors.npy");
    float[] known = new float[2 * TEST];
    for (int i = 0; i < known.length; i++) {
      known[i] = i % 3;
    }
    Files.write(factors, new Npy(TEST, 2, known).bytes());
    assertThat(with("disentangle", "--factors", factors.toString(), "--json").json())
        .containsEntry("factors", 2L);
    Files.write(factors, new Npy(TEST - 1, 2, new float[2 * TEST - 2]).bytes());
    assertThat(with("disentangle", "--factors", factors.toString()).refusal(2))
        .contains("has 29 rows of 2, wanted 30 rows");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          interpolate --pairs 0                | --pairs 0 must be at least 1
          interpolate --steps 1                | --steps 1 must be at least 2
          interpolate --how spiral             | --how spiral must be slerp or linear
          traverse --image 99                  | --image 99: there are 30
          traverse --range 0                   | --range 0.0 must be above 0
          traverse --dimensions 0              | --dimensions 0 must be at least 1
          arithmetic --from 0 --to 77          | no picture of class 77
          project --steps 0                    | --steps 0 must be at least 1
          anomaly --importance-samples 0       | --importance-samples 0 must be at least 1
          evaluate --annealed 5                | must be CHAINS:TEMPERATURES
          evaluate --annealed 0:5              | must be CHAINS:TEMPERATURES
          disentangle --bins 1                 | --bins 1 must be at least 2
          decode --latents x --class 300       | --class 300 must be from 0 to 255
          """)
  void badOptionsAreWrongUsage(String line, String problem) {
    String[] words = line.trim().split(" ");
    String[] more = List.of(words).subList(1, words.length).toArray(String[]::new);
    assertThat(with(words[0], more).refusal(2)).contains(problem);
  }

  @Test
  void latentsOfAnotherModelAreRefused() throws IOException {
    Path file = own("wide.npy");
    Files.write(file, new Npy(2, LATENT + 1, new float[2 * LATENT + 2]).bytes());
    assertThat(with("decode", "--latents", file.toString()).refusal(2))
        .contains("has 2 rows of 4, the model wants some of 3");
    assertThat(with("decode", "--latents", own("none.npy").toString()).refusal(1))
        .contains("there is no such file");
  }
}
