package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.bench.report.Conditions;
import io.github.elbo4j.bench.report.KernelReport;
import io.github.elbo4j.kernel.Parallel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the kernel benchmarks; see bench/README.md. */
public final class Bench {
  private static final Path WORK = Path.of("bench", "target");
  private static final Path RESULTS = Path.of("bench", "results");

  private Bench() {}

  /**
   * Measures, or with {@code --smoke} only checks.
   *
   * @param args {@code --smoke}; {@code --save} to write into bench/results; {@code --quick} for
   *     rough numbers; {@code --targets} for those that a ratio is asked of; {@code --compared} for
   *     those with a peer; the rest is JMH's
   */
  public static void main(String[] args) throws IOException {
    List<String> rest = new ArrayList<>(Arrays.asList(args));
    boolean smoke = rest.remove("--smoke");
    boolean save = rest.remove("--save");
    boolean quick = rest.remove("--quick");
    boolean targets = rest.remove("--targets");
    boolean compared = rest.remove("--compared");
    try {
      List<String> asked = new CommandLineOptions(rest.toArray(String[]::new)).getIncludes();
      // JMH adds to the regular expressions of given options; a run of one case has its own.
      List<String> options = new ArrayList<>(rest);
      options.removeAll(asked);
      CommandLineOptions given = new CommandLineOptions(options.toArray(String[]::new));
      Plan plan = Plan.of(asked, given, Natives.areThere());
      plan.keep(group -> !targets || group.ours().isTarget());
      plan.keep(group -> !compared || !group.peers().isEmpty());
      if (given.shouldHelp()) {
        given.showHelp();
      } else if (given.shouldList()) {
        plan.groups().forEach(group -> System.out.println(group.ours() + " " + group.peers()));
      } else if (plan.groups().isEmpty()) {
        throw new IllegalStateException("no benchmark matches " + asked);
      } else if (smoke) {
        smoke(plan, given);
      } else {
        List<String> part = new ArrayList<>(asked);
        for (String flag : List.of("--targets", "--compared", "--quick")) {
          part.addAll(Arrays.asList(args).contains(flag) ? List.of(flag) : List.of());
        }
        Path stem = save ? RESULTS.resolve(stem(part)) : WORK.resolve("kernels");
        System.exit(measure(plan, quick, given, stem, args) ? 0 : 1);
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
  private static void smoke(Plan plan, Options given) throws RunnerException {
    System.setProperty("jmh.ignoreLock", "true");
    int hooks = HookGuard.check();
    int peers = 0;
    for (Plan.Group group : plan.groups()) {
      once(group.ours(), given);
      for (Case peer : group.peers()) {
        once(peer, given);
        peers++;
      }
    }
    System.out.printf(
        "bench-smoke: %d cases agree with the reference; each of the %d hooks has a benchmark%n",
        plan.groups().size(), hooks);
    System.out.printf("bench-smoke: %d cases of peers agree with it%s%n", peers, leftOut(plan));
  }

  private static String leftOut(Plan plan) {
    return plan.leftOut() == 0
        ? ""
        : "; skipped %d of libtorch, whose natives are not here (PEERS=1 fetches them)"
            .formatted(plan.leftOut());
  }

  private static void once(Case one, Options given) throws RunnerException {
    try {
      new Runner(
              Measurement.only(one.verified(), given)
                  .forks(0)
                  .mode(Mode.SingleShotTime)
                  .warmupIterations(0)
                  .measurementIterations(1)
                  .verbosity(VerboseMode.SILENT)
                  .build())
          .run();
    } catch (RunnerException e) {
      throw new RunnerException(one.toString(), e);
    }
  }

  /** False when a benchmark failed or a SIMD kernel allocates. */
  private static boolean measure(Plan plan, boolean quick, Options given, Path stem, String[] args)
      throws IOException, RunnerException {
    String command = "bench/run.sh " + String.join(" ", args);
    Session session =
        new Session(plan, quick, given, Conditions.here(command, Parallel.threads()), stem);
    KernelReport report = session.run();
    System.out.print(report.table());
    System.out.print(report.summary());
    System.out.println("bench: written to " + stem + ".md and .json" + leftOut(plan));
    session.failures().forEach(failure -> System.err.println("bench: FAILED: " + failure));
    return session.failures().isEmpty() && report.rows().stream().noneMatch(row -> row.allocates());
  }

  /** Of the file of results: a part of the benchmarks does not replace the whole. */
  private static String stem(List<String> selection) {
    String part = String.join("-", selection).toLowerCase(Locale.ROOT);
    part = part.replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    String whole = io.github.elbo4j.bench.Machine.here().fileStem();
    return part.isEmpty() ? whole : whole + "-" + part;
  }

  /** The messages of a failure and of what caused it. */
  static String reasons(Throwable failure) {
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
