package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.train.Checkpoints;
import io.github.elbo4j.train.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What depends on the JVM, its signals and its terminal: the command line in a process of its own.
 */
final class ChildProcessTest {
  private static final String MODULES = "--add-modules";
  private static final String VECTOR = "jdk.incubator.vector";
  private static final String FLAG = MODULES + " " + VECTOR;

  @TempDir private Path folder;
  private Path data = Path.of("");

  @BeforeEach
  void data() throws IOException {
    data = TinyImages.folder(folder.resolve("data"), 30, 10);
  }

  private Cli.Run run(List<String> options, String... args) throws Exception {
    try (JavaProcess child = JavaProcess.start(folder, options, Main.class, args)) {
      return child.end();
    }
  }

  @Test
  void withoutTheIncubatorModuleItTrainsThroughTheReferenceAndSaysSoOnce() throws Exception {
    Path out = folder.resolve("run");
    Cli.Run run = run(List.of(), Cli.train(data, out, "--epochs", "1", "--json"));
    assertThat(run.json()).containsEntry("backend", "reference").containsEntry("steps", 2L);
    assertThat(run.err()).containsOnlyOnce(FLAG).containsOnlyOnce("slow reference");
    assertThat(out.resolve(Checkpoints.FILE)).exists();
    // The same numbers as SIMD but for rounding: 2 steps on a handful of layers.
    Cli.Run simd = Cli.run(Cli.train(data, folder.resolve("simd"), "--epochs", "1", "--json"));
    assertThat(Double.parseDouble(String.valueOf(run.json().get("testElbo"))))
        .isCloseTo(
            Double.parseDouble(String.valueOf(simd.json().get("testElbo"))),
            org.assertj.core.api.Assertions.within(1e-3));
  }

  @Test
  void simdIsRefusedWithoutTheIncubatorModule() throws Exception {
    String[] args = Cli.train(data, folder.resolve("run"), "--backend", "simd");
    assertThat(run(List.of(), args).refusal(1)).contains("simd is not available", FLAG);
    assertThat(folder.resolve("run")).doesNotExist();
    Cli.Run info = run(List.of("-Delbo4j.backend=simd"), "info");
    assertThat(info.refusal(1)).contains("simd is not available", FLAG);
    assertThat(run(List.of("-Delbo4j.backend=reference"), "info").done().out())
        .contains("backend: reference", "simd: not available", FLAG);
  }

  @Test
  void mainEndsWithTheExitCodeAndHonoursProperties() throws Exception {
    assertThat(run(JavaProcess.VECTOR, "train").refusal(2)).contains("--out");
    List<String> options = List.of(MODULES, VECTOR, "-Delbo4j.threads=3");
    assertThat(run(options, "info", "--json").json()).containsEntry("threads", 3L);
    assertThat(run(List.of(MODULES, VECTOR, "-Delbo4j.threads=few"), "info").refusal(1))
        .contains("-Delbo4j.threads=few must be a whole number");
  }

  @Test
  void tooLittleMemoryIsAFailureOfOneLine() throws Exception {
    String[] args = {
      "train",
      "--data",
      data.toString(),
      "--out",
      folder.resolve("run").toString(),
      "--hidden",
      "9000,9000"
    };
    List<String> options = List.of(MODULES, VECTOR, "-Xmx64m");
    assertThat(run(options, args).refusal(1))
        .startsWith("elbo4j train: not enough memory")
        .contains("ELBO4J_JAVA_OPTS=-Xmx");
  }

  @Test
  void aResultThatCannotBeWrittenIsAFailure() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "needs /dev/full");
    for (String args : List.of("info", "info --json", "--help")) {
      List<String> java = JavaProcess.command(JavaProcess.VECTOR, Main.class, args.split(" ", -1));
      String command = "'" + String.join("' '", java) + "' >" + full;
      try (JavaProcess child = JavaProcess.start(folder, List.of("sh", "-c", command))) {
        assertThat(child.end().refusal(1)).contains("cannot be written to standard output");
      }
    }
  }

  @Test
  void aTerminatedRunGoesOnToTheSameBits() throws Exception {
    Path whole = folder.resolve("whole");
    Path stopped = folder.resolve("stopped");
    // So many epochs that it cannot end before it is stopped, however late that is.
    String[] args = Cli.train(data, stopped, "--epochs", "1000000");
    try (JavaProcess child = JavaProcess.start(folder, JavaProcess.VECTOR, Main.class, args)) {
      child.await(said -> said.contains("epoch 3/"));
      child.terminate();
      Cli.Run end = child.end();
      assertThat(end.exit()).isEqualTo(128 + 15); // as a shell reports SIGTERM
      assertThat(end.out()).isEmpty();
    }
    int done = new MetricsLog(stopped.resolve(MetricsLog.FILE)).read().size();
    String epochs = Integer.toString(done + 2);
    Cli.run("train", "--out", stopped.toString(), "--epochs", epochs, "--resume").done();
    Cli.run(Cli.train(data, whole, "--epochs", epochs)).done();
    assertThat(stopped.resolve(Checkpoints.FILE))
        .hasSameBinaryContentAs(whole.resolve(Checkpoints.FILE));
  }

  /** {@code script} runs a command on a terminal of its own and copies what it shows. */
  @Test
  void aBarAppearsWhereStandardErrorIsATerminalAndOnlyThere() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "needs util-linux's script");
    String train =
        String.join(
            " ",
            JavaProcess.command(
                JavaProcess.VECTOR,
                Main.class,
                Cli.train(data, folder.resolve("bar"), "--epochs", "1")));
    String shown = onTerminal(train + " --json >/dev/null");
    assertThat(shown).contains("\repoch 1/1 [", "\u001b[36m", "%");
    String evaluate =
        String.join(
            " ",
            JavaProcess.command(
                JavaProcess.VECTOR,
                Main.class,
                "evaluate",
                "--run",
                folder.resolve("bar").toString(),
                "--importance-samples",
                "5"));
    String plain = onTerminal("NO_COLOR=1 " + evaluate);
    assertThat(plain).contains("\revaluate [").doesNotContain("\u001b");
    Path log = folder.resolve("log");
    assertThat(onTerminal(evaluate + " 2>" + log)).doesNotContain("\r\u001b", "\revaluate [");
    assertThat(Files.readString(log)).doesNotContain("\r", "\u001b");
  }

  private String onTerminal(String command) throws Exception {
    List<String> script = List.of("/usr/bin/script", "-qec", command, "/dev/null");
    try (JavaProcess child = JavaProcess.start(folder, script)) {
      return child.end().done().out();
    }
  }
}
