package io.github.elbo4j.train;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProgressBarTest {
  private static final Map<String, String> PLAIN = Map.of("NO_COLOR", "1", "TERM", "xterm");

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, false, UTF_8);
  private long now = Long.MAX_VALUE - 50_000_000; // nanoTime may overflow

  private ProgressBar bar(boolean terminal, Map<String, String> environment) {
    return new ProgressBar(out, terminal, environment, () -> now);
  }

  private String written() {
    String text = bytes.toString(UTF_8);
    bytes.reset();
    return text;
  }

  /** What a terminal of endless width shows: carriage returns overwrite, colours vanish. */
  private static String screen(String written) {
    StringBuilder all = new StringBuilder();
    for (String line : written.replaceAll("\u001b\\[[0-9]*m", "").split("\n", -1)) {
      StringBuilder shown = new StringBuilder();
      for (String part : line.split("\r", -1)) {
        shown.replace(0, Math.min(shown.length(), part.length()), part);
      }
      all.append(shown.toString().stripTrailing()).append('\n');
    }
    return all.toString();
  }

  @Test
  void aTerminalShowsTheBarInPlace() {
    try (ProgressBar bar = bar(true, PLAIN)) {
      bar.update("epoch 1/2", 1, 4, "elbo -120.5");
      assertThat(written()).isEqualTo("\repoch 1/2 [#####---------------]  25% elbo -120.5");
      now += 100_000_000;
      bar.update("epoch 1/2", 4, 4, "");
      assertThat(screen(written())).isEqualTo("epoch 1/2 [####################] 100%\n");
    }
  }

  @Test
  void atMostTenRedrawsASecond() {
    ProgressBar bar = bar(true, PLAIN);
    int redraws = 0;
    for (int step = 0; step < 5000; step++) {
      bar.update("train", step, 5000, "");
      redraws += written().isEmpty() ? 0 : 1;
      now += 1_000_000;
      if (step % 10 == 0) {
        bar.println("line"); // must not be a way around the limit
        written();
      }
    }
    assertThat(redraws).isEqualTo(50);
  }

  @Test
  void linesStayAndTheBarGoes() {
    ProgressBar bar = bar(true, Map.of("TERM", "xterm"));
    bar.update("epoch 1/2", 1, 2, "a long status that must not shine through");
    bar.println("epoch 1 done");
    now += 1_000_000_000;
    bar.update("epoch 2/2", 1, 2, "a long status that must not shine through");
    now += 1_000_000_000;
    bar.update("epoch 2/2", 2, 2, "short");
    bar.println("epoch 2 done");
    bar.close();
    bar.close();
    String written = written();
    assertThat(screen(written)).isEqualTo("epoch 1 done\nepoch 2 done\n\n");
    assertThat(written).endsWith("epoch 2 done" + System.lineSeparator());
  }

  @Test
  void anInterruptedBarLeavesNothing() {
    ProgressBar bar = bar(true, PLAIN);
    bar.update("epoch 1/2", 1, 2, "status");
    bar.close();
    assertThat(written()).endsWith("\r");
    bar.println("failed");
    assertThat(screen(written())).isEqualTo("failed\n\n");
  }

  @Test
  void aPipeAndADumbTerminalGetPlainLinesOnly() {
    for (ProgressBar bar :
        new ProgressBar[] {
          bar(false, Map.of("TERM", "xterm")), bar(true, Map.of("TERM", "dumb"))
        }) {
      bar.update("epoch 1/2", 1, 2, "status");
      bar.println("epoch 1 done");
      bar.close();
      assertThat(written()).isEqualTo("epoch 1 done" + System.lineSeparator());
    }
  }

  @Test
  void coloursOnlyWithoutNoColor() {
    bar(true, Map.of("TERM", "xterm")).update("x", 1, 2, "s");
    assertThat(written()).isEqualTo("\rx [\u001b[36m##########\u001b[0m----------]  50% s");
    bar(true, Map.of("NO_COLOR", "")).update("x", 1, 2, "s");
    assertThat(written()).as("an empty NO_COLOR does not count").contains("\u001b[36m");
    bar(true, PLAIN).update("x", 1, 2, "s");
    assertThat(written()).doesNotContain("\u001b");
  }

  @Test
  void neverReachesTheLastColumn() {
    for (int columns = 1; columns < 60; columns++) {
      Map<String, String> environment = Map.of("COLUMNS", Integer.toString(columns));
      try (ProgressBar bar = bar(true, environment)) {
        bar.update("epoch 10/20", 3, 7, "elbo -120.5 and more");
        String written = written();
        assertThat(screen(written)).hasSizeLessThanOrEqualTo(columns - 1 + 1); // and its \n
        if (written.contains("\u001b[36m")) {
          assertThat(written).as("colour is switched off again").contains("\u001b[0m");
        }
      }
      written();
    }
    bar(true, Map.of("COLUMNS", "wide")).update("x".repeat(200), 1, 2, "");
    assertThat(written()).hasSize(1 + 79);
  }

  @Test
  void oddNumbersAreShownNotThrown() {
    ProgressBar bar = bar(true, PLAIN);
    bar.update("x", 9, 2, "");
    assertThat(written()).contains("100%");
    now += 1_000_000_000;
    bar.update("x", 0, 0, "");
    assertThat(written()).contains("0%");
  }
}
