package io.github.elbo4j.bench.step;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Measures in a process of its own. Its environment says nothing that was not asked for:
 * bench/step.sh has cleared it.
 */
final class ChildProcess {
  /** Flags of the launcher, and leave for JavaCPP to load its libraries. */
  private static final List<String> FLAGS =
      List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED");

  private static final String CORE = "Core: ";

  /**
   * What came back.
   *
   * @param sample the times
   * @param blasCore the CPU that OpenBLAS takes this one for, or empty
   */
  record Outcome(Sample sample, String blasCore) {}

  private ChildProcess() {}

  /**
   * Runs one process to its end.
   *
   * @throws IOException when it fails, with what it printed
   */
  static Outcome run(Contender contender, int threads, double warmUp, double seconds)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command(contender, threads, warmUp, seconds));
    Map<String, String> environment = builder.environment();
    // torch.set_num_threads does not reach OpenBLAS; this does.
    environment.put("OMP_NUM_THREADS", Integer.toString(threads));
    environment.put("OPENBLAS_VERBOSE", "2");
    environment.putAll(contender.environment());
    Process process = builder.redirectErrorStream(true).start();
    List<String> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      reader.lines().forEach(lines::add);
    }
    int status = process.waitFor();
    if (status != 0 || lines.stream().noneMatch(Sample::isLine)) {
      throw new IOException(
          "%s with %d threads ended with status %d:%n%s"
              .formatted(contender.name(), threads, status, String.join("\n", lines)));
    }
    return outcome(lines);
  }

  private static List<String> command(
      Contender contender, int threads, double warmUp, double seconds) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.add("-Dstep.warmUp=" + warmUp);
    command.add("-Dstep.seconds=" + seconds);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(contender.main().getName());
    command.add(Integer.toString(threads));
    command.addAll(contender.arguments());
    return command;
  }

  private static Outcome outcome(List<String> lines) {
    Sample sample = Sample.parse(lines.stream().filter(Sample::isLine).toList().getLast());
    String core =
        lines.stream()
            .filter(line -> line.startsWith(CORE))
            .map(line -> line.substring(CORE.length()).strip())
            .findFirst()
            .orElse("");
    return new Outcome(sample, core);
  }
}
