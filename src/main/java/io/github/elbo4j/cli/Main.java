package io.github.elbo4j.cli;

import io.github.elbo4j.train.ConfigException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;

/** Entry point of {@code elbo4j}. Exit codes: 0 done, 1 failed, 2 wrong usage. */
@Command(
    name = "elbo4j",
    description = "Trains, evaluates and uses variational autoencoders.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      TrainCommand.class,
      FitCommand.class,
      EvaluateCommand.class,
      SampleCommand.class,
      ReconstructCommand.class,
      InterpolateCommand.class,
      TraverseCommand.class,
      ArithmeticCommand.class,
      ProjectCommand.class,
      AnomalyCommand.class,
      EncodeCommand.class,
      DecodeCommand.class,
      DisentangleCommand.class,
      InfoCommand.class,
      SelfCheckCommand.class,
      HelpCommand.class
    })
public final class Main {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private final PrintStream err;

  private Main(PrintStream err) {
    this.err = err;
  }

  /** Where progress and logs go. */
  PrintStream err() {
    return err;
  }

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(out, err, args));
  }

  /**
   * Runs a command; returns its exit code. Results go to {@code out}, everything else to {@code
   * err}.
   */
  static int run(PrintStream out, PrintStream err, String... args) {
    CommandLine commands = new CommandLine(new Main(err));
    commands.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    commands.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    commands.setParameterExceptionHandler((e, _) -> usage(e.getCommandLine(), err, wrong(e)));
    commands.setExecutionExceptionHandler(
        (e, command, parsed) -> failed(e, command, err, parsed.expandedArgs()));
    commands.setExecutionStrategy(
        parsed -> {
          if (!parsed.hasSubcommand() && parsed.matchedOptions().isEmpty()) {
            return usage(commands, err, "a command is missing");
          }
          try {
            return new CommandLine.RunLast().execute(parsed);
          } catch (OutOfMemoryError | ExceptionInInitializerError e) { // what a user can mend
            CommandLine command = parsed.asCommandLineList().getLast();
            return failed(e, command, err, parsed.expandedArgs());
          }
        });
    int code = commands.execute(args);
    if (code == 0 && commands.getOut().checkError()) {
      err.println("elbo4j: the result cannot be written to standard output");
      return FAILED;
    }
    return code;
  }

  /** A mistyped flag is named before the required one that is missing because of it. */
  private static String wrong(ParameterException e) {
    List<String> unknown = e.getCommandLine().getUnmatchedArguments();
    return e instanceof MissingParameterException && !unknown.isEmpty()
        ? "unknown: " + String.join(", ", unknown)
        : oneLine(e);
  }

  private static int usage(CommandLine command, PrintStream err, String problem) {
    String name = command.getCommandSpec().qualifiedName();
    err.println(name + ": " + problem + " (see " + name + " --help)");
    return USAGE;
  }

  private static int failed(Throwable e, CommandLine command, PrintStream err, List<String> args) {
    if (e instanceof ConfigException) {
      return usage(command, err, oneLine(e));
    }
    err.println(command.getCommandSpec().qualifiedName() + ": " + oneLine(e));
    if (args.contains("--verbose")) {
      e.printStackTrace(err);
    }
    return FAILED;
  }

  /** What went wrong, on one line, for a person. */
  private static String oneLine(Throwable e) {
    String text =
        switch (e) {
          case NoSuchFileException n -> n.getFile() + " does not exist";
          case AccessDeniedException a -> a.getFile() + " cannot be accessed";
          case FileAlreadyExistsException f -> f.getFile() + " is there already and is no folder";
          case OutOfMemoryError o ->
              "not enough memory (%s): ask for less, or give Java more with ELBO4J_JAVA_OPTS=-Xmx8g, say"
                  .formatted(o.getMessage());
          case ExceptionInInitializerError i -> words(i.getCause() == null ? i : i.getCause());
          default -> words(e);
        };
    return text.replaceAll("\\s*\\R\\s*", " ");
  }

  private static String words(Throwable e) {
    @Nullable String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
