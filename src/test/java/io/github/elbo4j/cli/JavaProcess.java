package io.github.elbo4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A JVM of its own on this test's class path; its output goes to files beside the test's data. */
final class JavaProcess implements AutoCloseable {
  static final List<String> VECTOR = List.of("--add-modules", "jdk.incubator.vector");

  private static final long PATIENCE = 120_000;

  private final Process process;
  private final Path out;
  private final Path err;

  private JavaProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** Starts {@code java options main args}. */
  static JavaProcess start(Path folder, List<String> options, Class<?> main, String... args)
      throws IOException {
    return start(folder, command(options, main, args));
  }

  /** Starts any command. */
  static JavaProcess start(Path folder, List<String> command) throws IOException {
    Path out = Files.createTempFile(folder, "child", ".out");
    Path err = Files.createTempFile(folder, "child", ".err");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("TERM", "xterm");
    builder.environment().remove("NO_COLOR");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    process.getOutputStream().close();
    return new JavaProcess(process, out, err);
  }

  static List<String> command(List<String> options, Class<?> main, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(args));
    return command;
  }

  /** Waits for its end; what the JVM itself says of the incubator module is left out. */
  Cli.Run end() throws IOException, InterruptedException {
    assertThat(process.waitFor(PATIENCE, TimeUnit.MILLISECONDS)).as("it has ended").isTrue();
    String said = Files.readString(err, UTF_8).replaceFirst("WARNING: Using incubator.*\\R", "");
    return new Cli.Run(process.exitValue(), Files.readString(out, UTF_8), said);
  }

  /** Waits until its standard error satisfies the condition, or it has ended. */
  void await(Predicate<String> condition) throws IOException, InterruptedException {
    long end = System.currentTimeMillis() + PATIENCE;
    while (process.isAlive() && !condition.test(Files.readString(err, UTF_8))) {
      assertThat(System.currentTimeMillis()).as("patience").isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  /** SIGKILL; whether it was still running. */
  boolean kill() throws InterruptedException {
    boolean alive = process.isAlive();
    process.destroyForcibly();
    process.waitFor();
    return alive;
  }

  /** SIGTERM. */
  void terminate() {
    process.destroy();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
