package io.github.elbo4j.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildTest {
  @TempDir private Path folder;

  private Part run(String script, double seconds) throws IOException, InterruptedException {
    List<String> command = List.of("sh", "-c", script, "sh");
    return new Child("part", command, Map.of(), folder.resolve("log"), true).run(seconds);
  }

  @Test
  void anItemThatEndsTheProcessIsNotedAndTheNextOnesAreDone() throws Exception {
    Part part =
        run(
            """
            case $1 in
              --from=0) echo '#0 a'; echo '{"x":1}'; echo '#1 b'; echo broken >&2; exit 3 ;;
              --from=2) echo '#2 c'; echo '{"x":3}'; echo '#end' ;;
            esac
            """,
            10);
    assertThat(part.whole()).isTrue();
    assertThat(part.items()).isEqualTo(3);
    assertThat(part.rows())
        .containsExactly(
            "{\"x\":1}", "{\"item\":\"b\",\"error\":\"status 3: broken\"}", "{\"x\":3}");
    assertThat(part.failures()).hasSize(1);
  }

  @Test
  void whatTakesTooLongIsStoppedAndSaysWhere() throws Exception {
    Part part = run("echo '#0 a'; echo '{\"x\":1}'; echo '#1 b'; exec sleep 60", 2);
    assertThat(part.reason()).isEqualTo("out of time at b");
    assertThat(part.rows()).containsExactly("{\"x\":1}");
    assertThat(part.seconds()).isLessThan(30);
  }

  @Test
  void whatCannotBeginIsTriedOnce() throws Exception {
    Part part = run("echo 'no device' >&2; exit 1", 10);
    assertThat(part.reason()).isEqualTo("status 1: no device");
    assertThat(part.failures()).hasSize(1);
    List<String> missing = List.of("/no/such/program");
    Part none = new Child("p", missing, Map.of(), folder.resolve("log"), true).run(10);
    assertThat(none.reason()).startsWith("cannot be run");
  }

  @Test
  void aToolsSummaryBecomesAFailure() throws Exception {
    Path log = folder.resolve("memcheck.txt");
    Part ran = new Part("memcheck", 150, List.of(), "", 1);
    Files.writeString(log, "========= COMPUTE-SANITIZER\n========= ERROR SUMMARY: 0 errors\n");
    assertThat(new Sanitized(ran, log).part().failures()).isEmpty();
    Files.writeString(
        log,
        "========= Invalid __global__ read of size 4 bytes\n========= ERROR SUMMARY: 2 errors\n");
    assertThat(new Sanitized(ran, log).part().failures().getFirst().text("error"))
        .isEqualTo("2 errors, the first: Invalid __global__ read of size 4 bytes");
    Files.writeString(log, "========= Error: Device not supported\n");
    assertThat(new Sanitized(ran, log).part().reason()).isEqualTo("the tool printed no summary");
  }
}
