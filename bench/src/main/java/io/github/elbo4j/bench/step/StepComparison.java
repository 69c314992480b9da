package io.github.elbo4j.bench.step;

import io.github.elbo4j.bench.Machine;
import io.github.elbo4j.train.JsonLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Compares the training step with libtorch's. Every measurement is a process of its own and the
 * contenders take turns, so that a slow minute of the machine hits all of them. Ends with status 1
 * when the two do not learn the same, or elbo4j is slower than libtorch with its default settings.
 */
public final class StepComparison {
  private static final String TABLE_HEAD =
      """
      | contender | threads | ms/step, median (min … max) of processes | time / elbo4j's (min … max of turns) | cores busy | loss, first → later | OpenBLAS core |
      |---|---|---|---|---|---|---|
      """;

  /** The initial weights differ: libtorch draws them smaller, so its untrained loss is lower. */
  private static final double STARTS_APART = 0.25;

  private static final double LATER_APART = 0.1;

  /** Fraction of the untrained loss that must be undercut. */
  private static final double LEARNED = 0.75;

  private final Options options;
  private final List<Row> rows = new ArrayList<>();

  private StepComparison(Options options) {
    this.options = options;
    for (int threads : options.threads) {
      rows.add(new Row(Contender.OURS, threads));
      Contender.PEERS.forEach(peer -> rows.add(new Row(peer, threads)));
    }
  }

  /** See bench/README.md. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Options options;
    try {
      options = Options.parse(args);
    } catch (IllegalArgumentException e) { // a NumberFormatException says what it got
      System.err.println("step: " + e.getMessage());
      System.exit(2);
      return;
    }
    System.exit(new StepComparison(options).run() ? 0 : 1);
  }

  private boolean run() throws IOException, InterruptedException {
    for (int turn = 1; turn <= options.processes; turn++) {
      // There and back, so that none always follows the same other.
      for (Row row : turn % 2 == 1 ? rows : rows.reversed()) {
        ChildProcess.Outcome outcome =
            ChildProcess.run(row.contender(), row.threads(), options.warmUp, options.seconds);
        row.add(outcome);
        System.err.printf(
            Locale.ROOT,
            "step: turn %d/%d, %s, %d threads: %.3f ms%n",
            turn,
            options.processes,
            row.contender().name(),
            row.threads(),
            outcome.sample().millis());
      }
    }
    write(Machine.here());
    return verdict();
  }

  private void write(Machine machine) throws IOException {
    StringBuilder table = new StringBuilder(TABLE_HEAD);
    rows.forEach(row -> table.append(row.toMarkdown(ours(row.threads()))));
    JsonLine json =
        new JsonLine()
            .put("what", "training step 784-400-20, batch 128, milliseconds")
            .put("command", options.command())
            .put("machine", machine.toJson())
            .put("rows", rows.stream().map(row -> row.toJson(ours(row.threads()))).toList());
    Files.createDirectories(options.out);
    Path file = options.out.resolve("step-" + machine.fileStem());
    Files.writeString(Path.of(file + ".md"), explanation(machine) + table);
    Files.writeString(Path.of(file + ".json"), json + "\n");
    System.out.print(table);
    System.out.println("step: written to " + file + ".md and .json");
  }

  private String explanation(Machine machine) {
    return String.format(
        Locale.ROOT,
        """
        # Training step: elbo4j and libtorch

        %s
        Model 784–400–20 ReLU, Bernoulli on grey pixels, batch 128, Adam 1e-3, on %d embedded images; float32.
        %d processes a row, taking turns; %.1f s of warm-up and %.1f s of measurement each. `%s`

        - elbo4j's step includes gathering a shuffled batch of bytes, scaling it, noise, forward, backward, the check for
          non-finite losses and Adam. libtorch (bytedeco pytorch 2.10.0-1.5.13, eager, C++ Adam) gets its batches as views of
          data that was converted beforehand, in order. Both read the loss every step.
        - default: no variable set but OMP_NUM_THREADS, which is the number of threads (and OPENBLAS_VERBOSE, which
            only prints). tuned: with
          OPENBLAS_CORETYPE=SkylakeX, OMP_WAIT_POLICY=PASSIVE, GLIBC_TUNABLES=glibc.malloc.hugetlb=1.
        - loss: nats an example of the untrained model, and the mean of steps %d to %d.
        - Ratios of one run can be compared between machines and days; milliseconds cannot.

        """,
        machine.toMarkdown(),
        ClassicVae.BATCHES * ClassicVae.BATCH,
        options.processes,
        options.warmUp,
        options.seconds,
        options.command(),
        StepTimer.LEARNING_STEPS - 9,
        StepTimer.LEARNING_STEPS);
  }

  /** Says what the rows show; true when all is as it must be. */
  private boolean verdict() {
    boolean good = true;
    for (Row row : rows) {
      Row ours = ours(row.threads());
      good &= check(learns(row), "%s does not learn", row);
      good &=
          check(near(row.firstLoss(), ours.firstLoss(), STARTS_APART), "%s starts elsewhere", row);
      good &=
          check(near(row.laterLoss(), ours.laterLoss(), LATER_APART), "%s learns otherwise", row);
      boolean slower = !row.contender().tuned() && row.ratioTo(ours).median() < 1;
      good &= check(!slower, "elbo4j is slower than %s", row);
    }
    return good;
  }

  private static boolean check(boolean holds, String complaint, Row row) {
    if (!holds) {
      System.err.println(
          "step: FAILED: "
              + complaint.formatted(
                  row.contender().name() + " with " + row.threads() + " threads"));
    }
    return holds;
  }

  private static boolean learns(Row row) {
    return row.laterLoss() < LEARNED * row.firstLoss();
  }

  private static boolean near(double a, double b, double relative) {
    return Math.abs(a - b) <= relative * Math.abs(b);
  }

  private Row ours(int threads) {
    return rows.stream()
        .filter(row -> row.threads() == threads && row.contender().equals(Contender.OURS))
        .findFirst()
        .orElseThrow();
  }

  /** The command line: pairs of a name and a value. */
  private static final class Options {
    private int processes = 5;
    private double warmUp = 3;
    private double seconds = 1.5;
    private int[] threads = {1, 2};
    private Path out = Path.of("bench", "results");
    private String given = "";

    static Options parse(String[] args) {
      Options options = new Options();
      for (int i = 0; i < args.length; i += 2) {
        if (i + 1 == args.length) {
          throw new IllegalArgumentException("option " + args[i] + " needs a value");
        }
        options.set(args[i], args[i + 1]);
      }
      options.given = String.join(" ", args);
      return options;
    }

    private void set(String name, String value) {
      switch (name) {
        case "--processes" -> processes = Math.max(1, Integer.parseInt(value));
        case "--warm-up" -> warmUp = Double.parseDouble(value);
        case "--seconds" -> seconds = Double.parseDouble(value);
        case "--threads" ->
            threads = Arrays.stream(value.split(",")).mapToInt(Integer::parseInt).toArray();
        case "--out" -> out = Path.of(value);
        default ->
            throw new IllegalArgumentException(
                "option "
                    + name
                    + " must be one of --processes, --warm-up, --seconds, --threads, --out");
      }
    }

    String command() {
      return given.isEmpty() ? "bench/step.sh" : "bench/step.sh " + given;
    }
  }
}
