package io.github.elbo4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.Parallel;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Runs the command line in this process. */
final class Cli {
  /** What a process leaves behind. */
  record Run(int exit, String out, String err) {
    /** Fails, showing what was said, unless the command was done. */
    Run done() {
      assertThat(exit).as("exit code; standard error was: %s", err).isZero();
      return this;
    }

    /** Checks a refusal: the code, nothing on standard output and one line; returns the line. */
    String refusal(int code) {
      assertThat(exit).as("exit code; standard error was: %s", err).isEqualTo(code);
      assertThat(out).isEmpty();
      assertThat(err).endsWith(System.lineSeparator());
      List<String> lines =
          err.lines().filter(line -> !line.matches("(data|backend|epoch \\d+/\\d+)\\W.*")).toList();
      assertThat(lines).as("lines of the refusal").hasSize(1);
      return lines.getFirst();
    }

    /** The members of the one object that is all of standard output. */
    Map<String, @Nullable Object> json() {
      done();
      assertThat(out).endsWith(System.lineSeparator());
      assertThat(out.lines()).hasSize(1);
      return object(out);
    }
  }

  private Cli() {}

  static Run run(String... args) {
    int threads = Parallel.threads();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try {
      int exit = Main.run(stream(out), stream(err), args);
      return new Run(exit, out.toString(UTF_8), err.toString(UTF_8));
    } finally {
      Parallel.setThreads(threads);
    }
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, UTF_8);
  }

  /** A tiny training: flags that make a step cheap, then {@code more}. */
  static String[] train(Path data, Path out, String... more) {
    List<String> args = new ArrayList<>(List.of("train", "--data", data.toString()));
    args.addAll(List.of("--out", out.toString(), "--hidden", "16", "--latent", "3"));
    args.addAll(List.of("--batch", "16", "--threads", "1"));
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }

  /** Reads one JSON object and nothing after it; member names must not repeat. */
  static Map<String, @Nullable Object> object(String text) {
    try (JsonParser json = new JsonFactory().createParser(ObjectReadContext.empty(), text)) {
      assertThat(json.nextToken()).isEqualTo(JsonToken.START_OBJECT);
      Map<String, @Nullable Object> members = members(json);
      assertThat(json.nextToken()).as("after the object").isNull();
      return members;
    }
  }

  private static Map<String, @Nullable Object> members(JsonParser json) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    for (String name = json.nextName(); name != null; name = json.nextName()) {
      assertThat(members).doesNotContainKey(name);
      json.nextToken();
      members.put(name, value(json));
    }
    return members;
  }

  private static @Nullable Object value(JsonParser json) {
    return switch (json.currentToken()) {
      case VALUE_NULL -> null;
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_STRING -> json.getString();
      case VALUE_NUMBER_INT -> json.getLongValue();
      case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case START_OBJECT -> members(json);
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(json));
        }
        yield list;
      }
      default -> throw new AssertionError("unexpected token " + json.currentToken());
    };
  }
}
