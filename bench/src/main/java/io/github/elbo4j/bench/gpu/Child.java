package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.train.JsonLine;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs a part in a process of its own: one that prints {@link Items}. Where an item ends the
 * process, the item is noted as failed, and another process goes on after it.
 */
final class Child {
  private static final int MOST_PROCESSES = 4;

  private final String name;
  private final List<String> command;
  private final Map<String, String> environment;
  private final Path log;
  private final boolean goesOn;
  private final List<String> rows = new ArrayList<>();
  private int next;
  private String item = "";
  private boolean ended;

  /**
   * A part to be run.
   *
   * @param name of the part
   * @param command that takes {@code --from=i} at its end
   * @param environment on top of this process's
   * @param log what the processes print on standard error
   * @param goesOn false for a program that prints one JSON object and no items
   */
  Child(
      String name,
      List<String> command,
      Map<String, String> environment,
      Path log,
      boolean goesOn) {
    this.name = name;
    this.command = command;
    this.environment = environment;
    this.log = log;
    this.goesOn = goesOn;
  }

  /** A JVM like this one, with flags of its own. */
  static List<String> java(List<String> flags, String main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(arguments);
    return command;
  }

  /** Runs it to its end, or until so many seconds are over. */
  Part run(double seconds) throws IOException, InterruptedException {
    long start = System.nanoTime();
    String reason = "";
    for (int p = 0; p < MOST_PROCESSES && !ended; p++) {
      double left = seconds - elapsed(start);
      reason = left < 1 ? "out of time" : once(left);
      if (reason.startsWith("out of time")) {
        break;
      }
      if (!ended) {
        boolean nothing = item.isEmpty();
        rows.add(new JsonLine().put("item", nothing ? name : item).put("error", reason).toString());
        if (nothing) {
          break; // it cannot even begin
        }
        item = "";
      }
    }
    if (ended) {
      reason = "";
    }
    return new Part(name, next, List.copyOf(rows), reason, elapsed(start));
  }

  private static double elapsed(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** One process; why it did not come to the end, empty where it did. */
  private String once(double seconds) throws IOException, InterruptedException {
    List<String> whole = new ArrayList<>(command);
    if (goesOn) {
      whole.add(Items.FROM + next);
    }
    ProcessBuilder builder = new ProcessBuilder(whole);
    builder.environment().putAll(environment);
    long logged = Files.exists(log) ? Files.size(log) : 0;
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return "cannot be run: " + e.getMessage();
    }
    process.getOutputStream().close();
    Thread reader = Thread.ofPlatform().daemon().start(() -> read(process));
    boolean inTime = process.waitFor((long) (seconds * 1e3), TimeUnit.MILLISECONDS);
    if (!inTime) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    reader.join(2000);
    if (!inTime) {
      return "out of time" + (item.isEmpty() ? "" : " at " + item);
    }
    if (!goesOn && process.exitValue() == 0) {
      ended = true;
      next = rows.size();
    }
    return ended ? "" : "status %d%s".formatted(process.exitValue(), firstError(logged));
  }

  private void read(Process process) {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        take(line);
      }
    } catch (IOException e) {
      return; // the process was ended
    }
  }

  private synchronized void take(String line) {
    if (line.equals(Items.END)) {
      ended = true;
    } else if (line.startsWith("{")) {
      rows.add(line);
    } else if (line.startsWith("#")) {
      int space = line.indexOf(' ');
      next = Integer.parseInt(line.substring(1, space)) + 1;
      item = line.substring(space + 1);
    }
  }

  /** The first line of its errors that says something. */
  private String firstError(long from) throws IOException {
    if (!Files.exists(log)) {
      return "";
    }
    byte[] all = Files.readAllBytes(log);
    String text =
        new String(all, (int) from, (int) (all.length - from), StandardCharsets.UTF_8).strip();
    return text.lines()
        .filter(line -> !line.startsWith("WARNING") && !line.isBlank())
        .findFirst()
        .map(line -> ": " + line.strip())
        .orElse("");
  }
}
