package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MetricsLogTest {
  private static final String LINE_1 =
      "{\"epoch\":1,\"step\":469,\"trainElbo\":-160.25,\"testElbo\":-130.5,"
          + "\"reconstruction\":-110.0,\"kl\":20.5,\"activeUnits\":17,\"seconds\":1.0E-4,"
          + "\"examplesPerSecond\":40000.0}\n";
  private static final String LINE_2 =
      "{\"epoch\":2,\"step\":938,\"trainElbo\":null,\"testElbo\":null,"
          + "\"reconstruction\":-0.1,\"kl\":0.30000000000000004,\"activeUnits\":0,"
          + "\"seconds\":3.5,\"examplesPerSecond\":null}\n";
  private static final EpochMetrics FIRST =
      new EpochMetrics(1, 469, -160.25, -130.5, -110, 20.5, 17, 1e-4, 4e4);
  private static final EpochMetrics SECOND =
      new EpochMetrics(
          2,
          938,
          Double.NaN,
          Double.NEGATIVE_INFINITY,
          -0.1,
          0.1 + 0.2,
          0,
          3.5,
          Double.POSITIVE_INFINITY);

  @TempDir private Path folder;
  private Path file = Path.of("");
  private MetricsLog log = new MetricsLog(file);

  @BeforeEach
  void newLog() {
    file = folder.resolve(MetricsLog.FILE);
    log = new MetricsLog(file);
  }

  private static EpochMetrics epoch(int epoch) {
    return new EpochMetrics(epoch, 10L * epoch, -3, -2, -1, 1, 5, 1, 100);
  }

  @Test
  void writesExactlyTheContract() throws IOException {
    log.append(FIRST);
    assertThat(Files.readString(file)).isEqualTo(LINE_1);
    log.append(SECOND);
    assertThat(Files.readString(file)).isEqualTo(LINE_1 + LINE_2);
  }

  /** The four numbers of a gradient's noise are all there or none is. */
  @Test
  void theGradientsNoiseIsPartOfALineOrNot() throws IOException {
    GradientNoise noise = new GradientNoise(1.5, 0.25, Double.NaN, 3);
    EpochMetrics noisy = new EpochMetrics(3, 30, -3, -2, -1, 1, 5, 1, 100, noise);
    log.append(FIRST);
    log.append(noisy);
    String text = Files.readString(file);
    assertThat(text)
        .endsWith(
            "\"examplesPerSecond\":100.0,\"encoderGradientVariance\":1.5,"
                + "\"encoderGradientSquaredMean\":0.25,\"decoderGradientVariance\":null,"
                + "\"decoderGradientSquaredMean\":3.0}\n");
    assertThat(log.read()).containsExactly(FIRST, noisy);
    Files.writeString(file, text.replace(",\"decoderGradientSquaredMean\":3.0", ""));
    assertThatThrownBy(() -> log.read()).hasMessageContaining("line 2 is damaged");
  }

  @Test
  void readsWhatWasWrittenNullsAsNaN() throws IOException {
    assertThat(log.read()).isEmpty();
    Files.writeString(file, LINE_1 + LINE_2);
    EpochMetrics second =
        new EpochMetrics(2, 938, Double.NaN, Double.NaN, -0.1, 0.1 + 0.2, 0, 3.5, Double.NaN);
    assertThat(log.read()).containsExactly(FIRST, second);
  }

  @Test
  void resumingDropsLaterEpochsAndATornLine() throws IOException {
    log.keepThrough(3);
    assertThat(file).doesNotExist();
    for (int epoch = 1; epoch <= 5; epoch++) {
      log.append(epoch(epoch));
    }
    log.keepThrough(3);
    assertThat(log.read()).containsExactly(epoch(1), epoch(2), epoch(3));
    String whole = Files.readString(file);
    for (int torn = 1; torn < LINE_2.length(); torn += 5) {
      Files.writeString(file, whole + LINE_2.substring(0, torn));
      assertThat(log.read()).hasSize(3);
      assertThatThrownBy(() -> log.append(epoch(4)))
          .hasMessage(file + ": ends inside a line: resume the run to mend it");
      log.keepThrough(3);
      assertThat(Files.readString(file)).isEqualTo(whole);
    }
    log.append(epoch(4));
    assertThat(log.read()).hasSize(4);
    log.keepThrough(0);
    assertThat(file).isEmptyFile();
    log.append(epoch(1));
    assertThat(log.read()).containsExactly(epoch(1));
  }

  @Test
  void keptLinesKeepTheirBytes() throws IOException {
    Files.writeString(file, LINE_1 + LINE_2);
    log.keepThrough(2);
    assertThat(Files.readString(file)).isEqualTo(LINE_1 + LINE_2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "epoch":1,       | "epoch":1,"epoch":1,     | unknown or repeated member 'epoch'
          "epoch":1,       | "loss":1,                | unknown or repeated member 'loss'
          "epoch":1,       | ``                       | must have the members
          "epoch":1,       | "epoch":0.5,             | 'epoch' must be a whole number
          "epoch":1,       | "epoch":null,            | 'epoch' must be a whole number
          "epoch":1,       | "epoch":2147483648,      | 'epoch' must be a whole number
          "step":469       | "step":-1                | 'step' must be a whole number
          "kl":20.5        | "kl":NaN                 | line 1 is damaged
          "kl":20.5        | "kl":"20.5"              | 'kl' must be a number or null
          "kl":20.5        | "kl":                    | line 1 is damaged
          40000.0}         | 40000.0}}                | line 1 is damaged
          40000.0}         | 40000.0} {}              | goes on after the object
          {"epoch"         | ["epoch"                 | it is not a JSON object
          """)
  void aDamagedLineIsNamed(String part, String replacement, String problem) throws IOException {
    Files.writeString(file, LINE_1.replace(part, replacement) + LINE_2);
    assertThatThrownBy(() -> log.read())
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file + ": line 1 is damaged: ")
        .hasMessageContaining(problem)
        .hasMessageEndingWith(": mend or remove the file")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void epochsMustGrow() throws IOException {
    Files.writeString(file, LINE_2 + LINE_1);
    assertThatThrownBy(() -> log.read())
        .hasMessageContaining("line 2 is damaged: epoch 1 is not after the last one");
  }
}
