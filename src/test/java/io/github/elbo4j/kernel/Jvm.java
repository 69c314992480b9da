package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a main method in a JVM of its own, with the tests' class path. */
final class Jvm {
  private Jvm() {}

  /** What {@code main} of {@code type} prints; fails where it ends badly. */
  static String run(List<String> flags, Class<?> type) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("-XX:+IgnoreUnrecognizedVMOptions"));
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), type.getName()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(() -> command + " printed " + out).isZero();
    return out.strip();
  }
}
