package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.testkit.TinyImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code train} refuses before it writes anything. */
final class TrainUsageTest {
  @TempDir private Path folder;
  private Path data = Path.of("");
  private Path out = Path.of("");

  @BeforeEach
  void data() throws IOException {
    data = TinyImages.folder(folder.resolve("data"), 20, 5);
    out = folder.resolve("run");
  }

  private Cli.Run train(String... more) {
    return Cli.run(Cli.train(data, out, more));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --epochs        | 0                | epochs is 0 and must be at least 1
          --epochs        | ten              | --epochs
          --epochs        | 3000000000       | --epochs
          --learning-rate | 0                | learning-rate is 0.0 and must be above 0
          --learning-rate | NaN              | learning-rate is NaN
          --learning-rate | fast             | --learning-rate
          --learning-rate | 1e39             | learningRate 1.0E39
          --schedule      | sometimes        | sometimes
          --activation    | heaviside        | must be one of none, relu
          --likelihood    | poisson          | must be one of bernoulli
          --likelihood    | gaussian:0       | number SIGMA > 0
          --posterior     | diagnal          | posterior "diagnal" must be one of diagonal
          --objective     | evidence         | objective "evidence" must be one of elbo
          --objective     | iwae:0           | with a whole number of at least 1
          --objective     | iawe:5           | did you mean iwae:SAMPLES?
          --objective     | chi:1:5          | must have an ORDER above 1
          --objective     | beta:-1          | must be of the form beta:WEIGHT with a number of at least 0
          --estimator     | pathwize         | did you mean pathwise?
          --warmup        | -1               | warmup "-1" must be EPOCHS or cyclical
          --free-bits     | -0.5             | free-bits is -0.5
          --binarize      | often            | must be one of [none, dynamic, static]
          --clip-norm     | -1               | clip-norm is -1.0
          --clip-norm     | 1e300            | clipNorm 1.0E300
          --weight-decay  | Infinity         | weight-decay is Infinity
          --weight-decay  | 1e300            | weightDecay 1.0E300
          --polyak        | 1                | polyak is 1.0 and must be at least 0 and below 1
          --polyak        | 0.99999999999999 | average decay
          --backend       | abacus           | "abacus" must be one of auto, cuda, simd, reference
          --device        | 0                | --device 0 is for --backend cuda, not auto
          --device        | first            | --device
          --precision     | fp16             | precision is fp16 and must be fp32 or tf32
          --precision     | tf32             | --precision tf32 is for --backend cuda, not auto
          --seed          | lucky            | --seed
          --config        | no-such.toml     | there is no such file
          """)
  void aBadValueIsWrongUsage(String flag, String value, String problem) {
    data = folder.resolve("nowhere"); // is not even looked for
    assertThat(train(flag, value).refusal(2)).startsWith("elbo4j train: ").contains(problem);
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          posterior  | plannar:4  | planar:STEPS[:shared]
          prior      | vmap:10    | vamp:K
          likelihood | bernouli   | bernoulli
          objective  | iawe:5     | iwae:SAMPLES
          estimator  | pathwize   | pathwise
          """)
  void anUnknownNameListsTheKnownOnesAndSuggestsTheNearest(
      String flag, String value, String nearest) {
    String known = String.join(", ", HelpTest.FORMS.getOrDefault(flag, List.of("")));
    assertThat(train("--" + flag, value).refusal(2))
        .contains(
            "%s \"%s\" must be one of %s; did you mean %s?".formatted(flag, value, known, nearest));
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --hidden  | 400,x     | --hidden
          --hidden  | 0         | hidden is [0] and must be widths of at least 1
          --latent  | 0         | latent is 0 and must be at least 1
          --batch   | 0         | batch is 0 and must be at least 1
          --threads | 0         | --threads 0 must be at least 1
          --threads | -2        | threads is -2
          """)
  void aBadValueOfAFlagThatTheOthersGive(String flag, String value, String problem) {
    String[] args = {"train", "--data", data.toString(), "--out", out.toString(), flag, value};
    assertThat(Cli.run(args).refusal(2)).contains(problem);
    assertThat(out).doesNotExist();
  }

  @Test
  void anEmptyFolderIsNotTheCurrentOne() {
    out = Path.of("");
    assertThat(train().refusal(2)).contains("--out must not be empty");
    for (String command : new String[] {"sample", "reconstruct"}) {
      assertThat(Cli.run(command, "--run", folder.toString(), "--out", "").refusal(2))
          .contains("elbo4j " + command + ": --out must not be empty");
    }
    assertThat(Cli.run("evaluate", "--run", "").refusal(2)).contains("--run must not be empty");
  }

  @Test
  void aFlagGivenTwiceOrWithoutItsValue() {
    assertThat(train("--epochs", "1", "--epochs", "2").refusal(2)).contains("--epochs");
    assertThat(train("--epochs").refusal(2)).contains("--epochs");
    assertThat(train("stray").refusal(2)).contains("stray");
  }

  @Test
  void aConfigurationFileIsCheckedToo() throws IOException {
    Path file = folder.resolve("my.toml");
    Files.writeString(file, "epochs = 3\nepoch = 4\n");
    assertThat(train("--config", file.toString()).refusal(2))
        .contains(file + ": line 2, column 1: unknown key 'epoch'");
    Files.writeString(file, "batch = \"many\"\n");
    assertThat(train("--config", file.toString()).refusal(2)).contains("batch must be a whole");
    Files.writeString(file, "\ufeffepoch = 4\n"); // an editor's mark of UTF-8 is no error
    assertThat(train("--config", file.toString()).refusal(2)).contains("unknown key 'epoch'");
    Files.writeString(file, "latent = = 3\n");
    assertThat(train("--config", file.toString()).refusal(2)).contains(file + ": line 1");
    assertThat(out).doesNotExist();
  }

  @Test
  void unknownOrDamagedDataIsAFailure() throws IOException {
    data = folder.resolve("nowhere");
    assertThat(train().refusal(1)).contains("unknown data", "nowhere", "embedded");
    data = Files.write(folder.resolve("broken"), new byte[] {0, 0, 8, 3, 0});
    assertThat(train().refusal(1)).contains("broken");
    assertThat(out).doesNotExist();
  }

  @Test
  void aFolderThatHoldsARunOrCannotBeMade() throws IOException {
    Files.createDirectories(out);
    Files.writeString(out.resolve("config.toml"), "");
    data = folder.resolve("nowhere"); // is not even looked for
    assertThat(train().refusal(1))
        .contains(out + " already holds a run", "--resume", "another --out");
    Files.delete(out.resolve("config.toml"));
    Files.writeString(out.resolve("metrics.jsonl"), "");
    assertThat(train().refusal(1)).contains("metrics.jsonl of another run", "another --out");
    out = Files.writeString(folder.resolve("file"), "");
    assertThat(train("--epochs", "1").refusal(1)).contains(out.toString()).doesNotContain("data");
    Path file = out;
    out = out.resolve("below");
    assertThat(train("--epochs", "1").refusal(1)).contains(file.toString()).doesNotContain("data");
  }

  @Test
  void aModelThatDoesNotFitIsAFailureOfOneLine() {
    String[] args = {
      "train", "--data", data.toString(), "--out", out.toString(), "--hidden", "2000000,900"
    };
    assertThat(Cli.run(args).refusal(1)).doesNotContain("\tat ");
    assertThat(out).doesNotExist();
  }

  @Test
  void theStackTraceComesWithVerboseOnly() {
    data = folder.resolve("nowhere");
    Cli.Run verbose = train("--verbose");
    assertThat(verbose.exit()).isEqualTo(1);
    assertThat(verbose.out()).isEmpty();
    assertThat(verbose.err()).contains("unknown data", "DataException", "\tat ");
    assertThat(train().err()).doesNotContain("\tat ");
  }
}
