package io.github.elbo4j.cli;

import io.github.elbo4j.data.DownloadProgress;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Precision;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.ProgressBar;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every command understands. */
final class CommonOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec command;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description =
          "auto (default), cuda, simd or reference; refuses to start when it cannot have it")
  private @Nullable String backend;

  @Option(
      names = "--device",
      paramLabel = "N",
      description = "number of the CUDA device (default: 0); for --backend cuda")
  private @Nullable Integer device;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description =
          "of matrix products: fp32 (default), or tf32, which rounds operands to 11 bits for the"
              + " tensor cores; for --backend cuda")
  private @Nullable String precision;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "threads (default: one a processor); results do not depend on it")
  private @Nullable Integer threads;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "seed of everything random (default: 1)")
  private @Nullable Long seed;

  @Option(
      names = "--json",
      description = "print one JSON object on standard output and nothing else")
  private boolean json;

  @SuppressWarnings(
      "UnusedVariable") // Main looks for the flag itself, since parsing may have failed
  @Option(names = "--verbose", description = "show the stack trace of a failure")
  private boolean verbose;

  @SuppressWarnings("UnusedVariable") // picocli prints the help
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  private boolean help;

  @Nullable String backendName() {
    return backend;
  }

  @Nullable String precisionName() {
    return precision;
  }

  @Nullable Integer threads() {
    return threads;
  }

  @Nullable Long seed() {
    return seed;
  }

  /** The precision asked for; {@code fallback} where no flag names one. */
  Precision precision(String fallback) {
    try {
      return Precision.of(precision == null ? fallback : precision);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("--" + e.getMessage());
    }
  }

  /** The backend asked for, on the threads asked for; {@code fallback} where no flag names one. */
  Backend open(String fallback, int fallbackThreads) {
    return open(fallback, fallbackThreads, "fp32");
  }

  /** The same in the precision asked for. */
  Backend open(String fallback, int fallbackThreads, String fallbackPrecision) {
    Precision wanted = precision(fallbackPrecision);
    int count = threads == null ? fallbackThreads : threads;
    if (count < 0 || (threads != null && count == 0)) {
      throw new ConfigException("--threads " + count + " must be at least 1");
    }
    if (count > 0) {
      Parallel.setThreads(count);
    }
    String name = backend == null ? fallback : backend;
    try {
      if (name.equals("cuda")) {
        return CudaBackend.get(device == null ? CudaBackend.device() : device, wanted);
      }
      refuseOutsideCuda(name, wanted);
      return name.equals("auto") ? Backends.get() : Backends.choose(name);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }

  private void refuseOutsideCuda(String name, Precision wanted) {
    if (device != null) {
      throw new ConfigException("--device " + device + " is for --backend cuda, not " + name);
    }
    if (wanted != Precision.FP32) {
      throw new ConfigException(
          "--precision %s is for --backend cuda, not %s, which has --precision fp32"
              .formatted(wanted, name));
    }
  }

  /** Prints the result: the object with {@code --json}, else the text. */
  void result(JsonLine object, String text) {
    PrintWriter out = command.commandLine().getOut();
    out.println(json ? object.toString() : text);
    out.flush();
  }

  /** Refuses an empty path, which would mean the current folder. */
  static void requireName(String flag, @Nullable Path path) {
    if (path != null && path.toString().isEmpty()) {
      throw new ConfigException(flag + " must not be empty");
    }
  }

  /** Tells of downloads of {@code data}: a line a file, and on a terminal a bar. */
  DownloadProgress downloads(String data) {
    return new Downloads(data, progress());
  }

  /** A line for the person who waits. */
  void say(String line) {
    PrintWriter err = command.commandLine().getErr();
    err.println(line);
    err.flush();
  }

  /** A progress bar where the logs go. */
  ProgressBar progress() {
    Main main = (Main) command.root().userObject();
    return new ProgressBar(main.err(), Terminal.isStderr(), System.getenv(), System::nanoTime);
  }
}
