package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RunConfigTest {
  @TempDir private Path folder;
  private Path file = Path.of("");

  @BeforeEach
  void newFile() {
    file = folder.resolve(RunConfig.FILE);
  }

  private RunConfig load(String toml) throws IOException {
    Files.writeString(file, toml);
    return RunConfig.builder().load(file).build();
  }

  @Test
  void theDefaultsAreTheContract() {
    assertThat(RunConfig.DEFAULTS.toToml())
        .isEqualTo(
            """
            # Everything needed to repeat this run of elbo4j.
            data = "embedded"
            epochs = 20
            batch = 128
            seed = 1
            learning-rate = 0.001
            schedule = "constant"
            hidden = [400, 200]
            latent = 20
            activation = "relu"
            likelihood = "bernoulli"
            posterior = "diagonal"
            prior = "normal"
            objective = "elbo"
            estimator = "pathwise"
            warmup = "0"
            free-bits = 0.0
            condition = "none"
            binarize = "none"
            clip-norm = 0.0
            weight-decay = 0.0
            polyak = 0.0
            log-var-min = -20.0
            log-var-max = 20.0
            report-gradient-variance = false
            backend = "auto"
            precision = "fp32"
            threads = 0
            version = ""
            """);
  }

  @Test
  void laterLayersWin() throws IOException {
    Files.writeString(file, "epochs = 7\nhidden = []\nlearning-rate = 1\nseed = -5\n");
    RunConfig config =
        RunConfig.builder()
            .load(file)
            .set("epochs", 9)
            .set("seed", Long.MIN_VALUE)
            .set("hidden", List.of(3, 4L))
            .set("free-bits", 2)
            .build();
    assertThat(config.epochs()).isEqualTo(9);
    assertThat(config.seed()).isEqualTo(Long.MIN_VALUE);
    assertThat(config.hidden()).containsExactly(3, 4);
    assertThat(config.freeBits()).isEqualTo(2);
    assertThat(config.learningRate()).isEqualTo(1);
    assertThat(config.batch()).isEqualTo(128);
    assertThat(load("")).isEqualTo(RunConfig.DEFAULTS);
    config.write(file);
    assertThat(RunConfig.builder().load(file).build()).isEqualTo(config);
    assertThat(config.toBuilder().set("epochs", 10).build().hidden()).containsExactly(3, 4);
  }

  @Test
  void roundTripsEveryFieldExactly() throws IOException {
    Random random = new Random(3);
    for (int round = 0; round < 200; round++) {
      RunConfig config = random(random);
      Files.writeString(file, config.toToml());
      // From a start in which no field equals the default, so that each one must come from the
      // file.
      assertThat(random(random).toBuilder().load(file).build()).isEqualTo(config);
    }
  }

  private static RunConfig random(Random random) {
    double min = random.nextGaussian() * 10;
    return new RunConfig(
        text(random),
        1 + random.nextInt(Integer.MAX_VALUE),
        1 + random.nextInt(1000),
        random.nextLong(),
        Math.exp(30 * random.nextGaussian()),
        text(random),
        random.ints(random.nextInt(4), 1, Integer.MAX_VALUE).boxed().toList(),
        1 + random.nextInt(100),
        text(random),
        text(random),
        text(random),
        text(random),
        text(random),
        text(random),
        text(random),
        random.nextDouble(),
        text(random),
        text(random),
        Math.exp(300 * random.nextDouble()),
        Double.MIN_VALUE * random.nextInt(9),
        random.nextDouble(),
        min,
        min + 0.1 + random.nextDouble(),
        random.nextBoolean(),
        text(random),
        random.nextBoolean() ? "fp32" : "tf32",
        random.nextInt(64),
        text(random));
  }

  /** Any character of TOML's strings: quotes, backslashes, controls, beyond the BMP. */
  private static String text(Random random) {
    StringBuilder text = new StringBuilder("x");
    for (int i = random.nextInt(8); i > 0; i--) {
      int c =
          switch (random.nextInt(4)) {
            case 0 -> random.nextInt(0xA0);
            case 1 -> "\"\\\b\t\n\f\r#='[]u".charAt(random.nextInt(13));
            case 2 -> 0xE000 + random.nextInt(0x10FFFF - 0xE000);
            default -> random.nextInt(0xD800);
          };
      text.appendCodePoint(c);
    }
    return text.toString();
  }

  @Test
  void escapesStrings() {
    String toml = RunConfig.builder().set("data", "C:\\d \"q\"\n\r\t\b\f\u007fé").build().toToml();
    assertThat(toml).contains("data = \"C:\\\\d \\\"q\\\"\\n\\r\\t\\u0008\\u000C\\u007Fé\"\n");
    RunConfig lone = RunConfig.builder().set("data", "x\ud800").build();
    assertThatThrownBy(lone::toToml)
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("config: data has a lone surrogate");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          epochs = "7"               | line 2, column 1: epochs must be a whole number
          epochs = 7.0               | line 2, column 1: epochs must be a whole number
          epochs = 2147483648        | line 2, column 1: epochs must be a whole number below 2^31
          seed = 1.5                 | line 2, column 1: seed must be a whole number
          data = 1                   | line 2, column 1: data must be a string in quotes
          learning-rate = "1e-3"     | line 2, column 1: learning-rate must be a number
          hidden = 400               | line 2, column 1: hidden must be a list of whole numbers
          hidden = [400, "200"]      | line 2, column 1: hidden must be a list of whole numbers
          hidden = [[1]]             | line 2, column 1: hidden must be a list of whole numbers
          epoch = 7                  | line 2, column 1: unknown key 'epoch', known are data, epochs, batch
          learningRate = 1e-3        | line 2, column 1: unknown key 'learningRate', known are
          [train]                    | line 2, column 1: unknown key 'train', known are
          train.epochs = 7           | line 2, column 1: unknown key 'train', known are
          "a.b" = 7                  | line 2, column 1: unknown key 'a.b', known are
          data = 2026-01-01          | line 2, column 1: data must be a string
          epochs =                   | line 2, column 9
          epochs = 7 8               | line 2, column 12
          epochs = 99999999999999999999 | Integer is too large
          """)
  void refusesWithThePlaceInTheFile(String toml, String problem) {
    assertThatThrownBy(() -> load("batch = 64\n" + toml))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ": line 2, column ")
        .hasMessageContaining(problem)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void refusesAKeyTwice() {
    assertThatThrownBy(() -> load("batch = 64\nbatch = 64"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ": line 2, column 1: batch previously defined");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          epochs = 0           | config: epochs is 0 and must be at least 1
          batch = -1           | config: batch is -1 and must be at least 1
          learning-rate = 0    | config: learning-rate is 0.0 and must be above 0
          learning-rate = inf  | config: learning-rate is Infinity and must be above 0
          learning-rate = nan  | config: learning-rate is NaN and must be above 0
          hidden = [4, 0]      | config: hidden is [4, 0] and must be widths of at least 1
          latent = 0           | config: latent is 0 and must be at least 1
          free-bits = nan      | config: free-bits is NaN and must be at least 0
          clip-norm = inf      | config: clip-norm is Infinity and must be at least 0
          weight-decay = -0.1  | config: weight-decay is -0.1 and must be at least 0
          polyak = 1.0         | config: polyak is 1.0 and must be at least 0 and below 1
          log-var-min = -inf   | config: log-var-min is -Infinity and must be finite
          log-var-max = -20    | config: log-var-max is -20.0 and must be above log-var-min -20.0
          threads = -1         | config: threads is -1 and must be at least 0
          data = " "           | config: data is   and must be not empty
          """)
  void refusesValuesOutOfRange(String toml, String message) {
    assertThatThrownBy(() -> load(toml)).isInstanceOf(ConfigException.class).hasMessage(message);
  }

  @Test
  void flagsAreCheckedLikeTheFile() {
    assertThatThrownBy(() -> RunConfig.builder().set("epoch", 1))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("config: unknown key 'epoch', known are data, epochs, batch, seed");
    assertThatThrownBy(() -> RunConfig.builder().set("epochs", "7"))
        .hasMessage("config: epochs is 7 and must be a whole number below 2^31");
  }

  @Test
  void refusesWhatIsNoConfiguration() throws IOException {
    assertThatThrownBy(() -> RunConfig.builder().load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": there is no such file: check the path");
    Files.write(file, new byte[] {'#', (byte) 0xFF});
    assertThatThrownBy(() -> RunConfig.builder().load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("not valid UTF-8");
    Files.write(file, new byte[(1 << 20) + 1]);
    assertThatThrownBy(() -> RunConfig.builder().load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("more than 1 MiB");
    assertThatThrownBy(() -> load("hidden = " + "[".repeat(100_000)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("too deep");
    assertThatThrownBy(() -> RunConfig.builder().load(folder))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(folder + ": cannot be read: ");
  }
}
