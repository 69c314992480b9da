package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.bench.Machine;
import io.github.elbo4j.kernel.Parallel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the kernel benchmarks; see bench/README.md. */
public final class Bench {
  private static final Path WORK = Path.of("bench", "target");
  private static final Path RESULTS = Path.of("bench", "results");

  private Bench() {}

  /**
   * Measures, or with {@code --smoke} only checks.
   *
   * @param args {@code --smoke}, or {@code --save} to write into bench/results; the rest is JMH's
   */
  public static void main(String[] args) throws IOException {
    List<String> rest = new ArrayList<>(Arrays.asList(args));
    boolean smoke = rest.remove("--smoke");
    boolean save = rest.remove("--save");
    try {
      CommandLineOptions given = new CommandLineOptions(rest.toArray(String[]::new));
      if (given.shouldHelp()) {
        given.showHelp();
      } else if (given.shouldList()) {
        new Runner(given).list();
      } else if (smoke) {
        smoke(given);
      } else {
        System.exit(measure(given, save) ? 0 : 1);
      }
    } catch (CommandLineOptionException e) {
      System.err.println("bench: " + e.getMessage());
      System.exit(2);
    } catch (RunnerException | IllegalStateException e) {
      System.err.println("bench: FAILED: " + reasons(e));
      System.exit(1);
    }
  }

  /** One call of each benchmark in this process, compared with the reference. */
  private static void smoke(CommandLineOptions given) throws RunnerException {
    int hooks = HookGuard.check();
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .parent(given)
                    .forks(0)
                    .mode(Mode.SingleShotTime)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    System.out.printf(
        "bench-smoke: %d cases agree with the reference; each of the %d hooks has a benchmark%n",
        results.size(), hooks);
  }

  /** False when a SIMD kernel allocates. */
  private static boolean measure(CommandLineOptions given, boolean save)
      throws IOException, RunnerException {
    Machine machine = Machine.here();
    Path stem = save ? RESULTS.resolve(machine.fileStem("kernels")) : WORK.resolve("kernels");
    Files.createDirectories(stem.toAbsolutePath().getParent());
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .parent(given)
                    .addProfiler(GCProfiler.class)
                    .shouldFailOnError(true)
                    .resultFormat(ResultFormatType.JSON)
                    .result(stem + ".json")
                    .build())
            .run();
    String table = Table.of(results);
    String head =
        "# Kernels\n\n%s- JMH 1.37, %d threads\n\n"
            .formatted(machine.toMarkdown(), Parallel.threads());
    Files.writeString(Path.of(stem + ".md"), head + table);
    System.out.print(table);
    System.out.println("bench: written to " + stem + ".md and .json");
    Collection<String> allocating = Table.allocating(results);
    if (!allocating.isEmpty()) {
      System.err.println("bench: FAILED: these SIMD kernels allocate: " + allocating);
    }
    return allocating.isEmpty();
  }

  private static String reasons(Throwable failure) {
    List<String> reasons = new ArrayList<>();
    for (Throwable t = failure; t != null; t = t.getCause()) {
      reasons.add(t.getMessage() == null ? t.toString() : t.getMessage());
      for (Throwable suppressed : t.getSuppressed()) {
        reasons.add(reasons(suppressed));
      }
    }
    return String.join(": ", reasons);
  }
}
