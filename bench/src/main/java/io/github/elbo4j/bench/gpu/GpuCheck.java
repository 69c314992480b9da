package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.kernel.cuda.CudaProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The whole check: bench/README.md, "A machine with a GPU". Ends with status 0 where every parity
 * case passed, 1 where one did not or there is no device, 2 for wrong usage.
 */
public final class GpuCheck {
  /** In the order of their importance: the last ones get the time that is left. */
  private static final List<String> PARTS =
      List.of("load", "parity", "kernels", "gemm", "steps", "peer", "sanitizer");

  private static final List<String> SANITIZERS = List.of("memcheck", "racecheck", "initcheck");

  /** Values of elbo4j.cuda.gemm. */
  private static final List<String> PRODUCTS = List.of("own", "jcublas", "cublas");

  private static final String PARITY = "io.github.elbo4j.kernel.cuda.ParityRun";
  private static final double SECONDS = 465;
  private static final double QUICK_SECONDS = 170;

  private final Set<String> flags;
  private final Path home;
  private final Path out;
  private final Path work;
  private final Path log;
  private final long start = System.nanoTime();
  private final Map<String, Part> parts = new LinkedHashMap<>();

  private GpuCheck(Set<String> flags, Path home, Path out) throws IOException {
    this.flags = flags;
    this.home = home;
    this.out = out;
    this.work = Files.createTempDirectory("elbo4j-gpu-check");
    this.log = work.resolve("errors.log");
    Files.createDirectory(work.resolve("cache"));
  }

  /**
   * Runs the check.
   *
   * @param args {@code --quick} for one size a kernel and no sanitizers, {@code --smoke} for the
   *     smallest sizes, names of parts for these alone
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    for (String arg : args) {
      if (!PARTS.contains(arg) && !arg.equals("--quick") && !arg.equals("--smoke")) {
        System.err.printf(
            "gpu-check: %s must be --quick, --smoke or one of %s%n", arg, String.join(" ", PARTS));
        System.exit(2);
      }
    }
    String reason = CudaProbe.whyNot();
    if (reason != null) {
      System.err.println("gpu-check: no NVIDIA GPU can be used here: " + reason);
      System.exit(1);
    }
    Path home = Path.of(System.getProperty("gpucheck.home", "."));
    Path out = Path.of(System.getProperty("gpucheck.out", "results"));
    GpuCheck check = new GpuCheck(Set.of(args), home, out);
    boolean passed;
    try {
      passed = check.run();
    } finally {
      check.removeWork();
    }
    System.exit(passed ? 0 : 1);
  }

  private boolean run() throws IOException, InterruptedException {
    Predicate<String> wanted =
        PARTS.stream().anyMatch(flags::contains) ? flags::contains : _ -> true;
    for (String part : PARTS) {
      if (wanted.test(part)) {
        run(part);
      } else {
        keep(Part.skipped(part, "not asked for"));
      }
    }
    GpuReport report = new GpuReport(mode(), parts);
    Path stem = report.write(out);
    System.out.print(report.summary());
    System.out.println("gpu-check: written to " + stem + ".md and .json");
    return report.parityPassed();
  }

  private void run(String part) throws IOException, InterruptedException {
    switch (part) {
      case "load" ->
          // Eagerly, so that all the work is in the time; and into a cache that starts empty.
          keep(
              child("load", LoadTimes.class.getName(), List.of(), List.of())
                  .with("CUDA_MODULE_LOADING", "EAGER")
                  .run(90));
      case "parity" ->
          keep(
              child("parity", PARITY, List.of(), smoke() ? List.of("--short") : List.of())
                  .run(150));
      case "kernels" -> keep(child(part, KernelRates.class.getName(), List.of(), sizes()).run(150));
      case "gemm" -> products();
      case "steps" -> steps();
      case "peer" -> peer();
      case "sanitizer" -> sanitizers();
      default -> throw new IllegalArgumentException(part);
    }
  }

  private void products() throws IOException, InterruptedException {
    for (String product : PRODUCTS) {
      List<String> arguments = new ArrayList<>(sizes());
      arguments.add("--gemm");
      List<String> property = List.of("-Delbo4j.cuda.gemm=" + product);
      String name = "gemm " + product;
      Part part = child(name, KernelRates.class.getName(), property, arguments).run(30);
      List<Part.Row> none = part.rowsWith("unavailable");
      keep(none.isEmpty() ? part : Part.skipped(name, none.getFirst().text("unavailable")));
    }
  }

  private void steps() throws IOException, InterruptedException {
    for (boolean graphs : new boolean[] {false, true}) {
      List<String> property = List.of("-Delbo4j.cuda.graphs=" + graphs);
      String name = graphs ? "steps as graphs" : "steps launch by launch";
      keep(child(name, StepTimes.class.getName(), property, sizes()).run(60));
    }
  }

  private void peer() throws IOException, InterruptedException {
    Path inputs = work.resolve("pictures.bin");
    child("inputs", StepTimes.class.getName(), List.of(), List.of("--inputs=" + inputs)).run(30);
    double seconds = Math.min(quick() ? 60 : 150, left());
    List<String> command = new ArrayList<>();
    command.add(System.getenv().getOrDefault("PYTHON", "python3"));
    command.add(home.resolve("peer.py").toString());
    command.addAll(List.of("--inputs", inputs.toString()));
    command.addAll(List.of("--seconds", Integer.toString((int) Math.max(5, seconds - 10))));
    command.addAll(sizes());
    keep(new Run("peer", command).alone().run(seconds));
  }

  private void sanitizers() throws IOException, InterruptedException {
    String tool = sanitizer();
    for (String check : SANITIZERS) {
      if (tool.isEmpty() || quick()) {
        String reason = quick() ? "not with --quick" : "compute-sanitizer is not installed";
        keep(Part.skipped(check, reason));
        continue;
      }
      List<String> command =
          new ArrayList<>(
              List.of(tool, "--tool", check, "--target-processes", "all", "--print-limit", "20"));
      command.addAll(List.of("--error-exitcode", "9", "--log-file", work + "/" + check + ".txt"));
      // Blocks as long as was asked for, and memory never used twice.
      command.addAll(Child.java(List.of("-Delbo4j.cuda.exact=true"), PARITY, List.of("--short")));
      keep(new Sanitized(new Run(check, command).run(100), work.resolve(check + ".txt")).part());
    }
  }

  /** Where compute-sanitizer is, empty where it is not. */
  private static String sanitizer() {
    List<String> folders = new ArrayList<>();
    folders.addAll(List.of(System.getenv().getOrDefault("PATH", "").split(":", -1)));
    folders.addAll(List.of("/usr/local/cuda/bin", "/usr/local/cuda/compute-sanitizer"));
    for (String folder : folders) {
      Path tool = Path.of(folder, "compute-sanitizer");
      if (Files.isExecutable(tool)) {
        return tool.toString();
      }
    }
    return "";
  }

  private boolean smoke() {
    return flags.contains("--smoke");
  }

  private boolean quick() {
    return flags.contains("--quick");
  }

  /** Such as {@code full}, or {@code quick-kernels} for a part alone. */
  private String mode() {
    StringBuilder mode = new StringBuilder(smoke() ? "smoke" : quick() ? "quick" : "full");
    PARTS.stream().filter(flags::contains).forEach(part -> mode.append('-').append(part));
    return mode.toString();
  }

  private List<String> sizes() {
    return smoke() ? List.of("--tiny") : quick() ? List.of("--quick") : List.of();
  }

  private double left() {
    return (quick() ? QUICK_SECONDS : SECONDS) - (System.nanoTime() - start) * 1e-9;
  }

  private void keep(Part part) {
    parts.put(part.name(), part);
    System.err.printf(
        "gpu-check: %s: %d items, %d failed%s (%.0f s)%n",
        part.name(),
        part.items(),
        part.failures().size(),
        part.whole() ? "" : ", " + part.reason(),
        part.seconds());
  }

  private Run child(String name, String main, List<String> flags, List<String> arguments) {
    List<String> jvm = new ArrayList<>(flags);
    jvm.add("-XX:ErrorFile=" + work + "/hs_err_%p.log");
    return new Run(name, Child.java(jvm, main, arguments));
  }

  /** A process to be run, all with one cache for what the driver compiles. */
  private final class Run {
    private final String name;
    private final List<String> command;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private boolean goesOn = true;

    Run(String name, List<String> command) {
      this.name = name;
      this.command = command;
      environment.put("CUDA_CACHE_PATH", work.resolve("cache").toString());
      environment.put("CUDA_CACHE_MAXSIZE", "1073741824");
    }

    Run with(String variable, String value) {
      environment.put(variable, value);
      return this;
    }

    /** A program that prints one JSON object, and is not begun again. */
    Run alone() {
      goesOn = false;
      return this;
    }

    Part run(double seconds) throws IOException, InterruptedException {
      double limit = Math.min(seconds, left());
      return limit < 2
          ? Part.skipped(name, "out of time")
          : new Child(name, command, environment, log, goesOn).run(limit);
    }
  }

  private void removeWork() throws IOException {
    try (var files = Files.walk(work)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
