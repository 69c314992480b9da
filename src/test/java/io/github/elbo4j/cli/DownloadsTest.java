package io.github.elbo4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.train.ProgressBar;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a person sees of a download. */
final class DownloadsTest {
  private static String shown(boolean terminal) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, UTF_8);
    ProgressBar bar =
        new ProgressBar(out, terminal, Map.of("NO_COLOR", "1", "TERM", "xterm"), () -> 0L);
    Downloads downloads = new Downloads("mnist", bar);
    downloads.received("a.gz", 500_000, 1_000_000);
    downloads.received("a.gz", 1_000_000, 1_000_000);
    downloads.received("b.gz", 7, -1);
    downloads.received("b.gz", 9, -1);
    return bytes.toString(UTF_8);
  }

  @Test
  void aPipeGetsOneLineAFile() {
    assertThat(shown(false).lines())
        .containsExactly("downloading mnist: a.gz", "downloading mnist: b.gz");
  }

  @Test
  void aTerminalGetsABarToo() {
    assertThat(shown(true)).contains("\ra.gz [##########----------]  50% 0.5 MB");
  }
}
