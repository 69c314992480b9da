package io.github.elbo4j.bench.report;

import io.github.elbo4j.bench.Machine;
import io.github.elbo4j.train.JsonLine;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a run was made with.
 *
 * @param machine where and when
 * @param command that repeats it
 * @param threads that a kernel, and libtorch, may use
 * @param flags of the JVM and of each fork
 * @param environment variables that steer a library
 * @param versions of the jars that are compared
 * @param hugePages setting of the operating system
 */
public record Conditions(
    Machine machine,
    String command,
    int threads,
    String flags,
    Map<String, String> environment,
    Map<String, String> versions,
    String hugePages) {
  private static final Pattern STEERING =
      Pattern.compile("(OPENBLAS|OMP|GOMP|KMP|MKL|ONEDNN|DNNL|ATEN|TORCH|GLIBC)_.*");

  private static final Pattern JAR =
      Pattern.compile("(jmh-core|pytorch|openblas|ejml-fdense)-(\\d[\\d.-]*\\d)\\.jar");

  private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  /** Those of this process, which its forks inherit. */
  public static Conditions here(String command, int threads) {
    Map<String, String> environment = new TreeMap<>();
    System.getenv()
        .forEach(
            (name, value) -> {
              if (STEERING.matcher(name).matches()) {
                environment.put(name, value);
              }
            });
    List<String> flags =
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(flag -> !flag.startsWith("-Delbo4j.commit"))
            .toList();
    return new Conditions(
        Machine.here(),
        command,
        threads,
        String.join(" ", flags),
        environment,
        versions(System.getProperty("java.class.path")),
        hugePagesSetting());
  }

  private static Map<String, String> versions(String classPath) {
    Map<String, String> versions = new TreeMap<>();
    Arrays.stream(classPath.split(Pattern.quote(File.pathSeparator), -1))
        .map(entry -> JAR.matcher(new File(entry).getName()))
        .filter(Matcher::matches)
        .forEach(jar -> versions.put(jar.group(1), jar.group(2)));
    return versions;
  }

  private static String hugePagesSetting() {
    try {
      return Files.readString(HUGE_PAGES).strip();
    } catch (IOException e) {
      return "none";
    }
  }

  JsonLine toJson() {
    return new JsonLine()
        .put("machine", machine.toJson())
        .put("command", command)
        .put("threads", threads)
        .put("flags", flags)
        .put("environment", object(environment))
        .put("versions", object(versions))
        .put("hugePages", hugePages);
  }

  private static JsonLine object(Map<String, String> members) {
    JsonLine object = new JsonLine();
    members.forEach(object::put);
    return object;
  }

  String toMarkdown() {
    return """
    %s- `%s`, %d thread%s
    - JVM: `%s`
    - environment: `%s`; transparent huge pages: `%s`
    - %s
    """
        .formatted(
            machine.toMarkdown(),
            command,
            threads,
            threads == 1 ? "" : "s",
            flags,
            joined(environment, "="),
            hugePages,
            joined(versions, " "));
  }

  private static String joined(Map<String, String> members, String between) {
    return String.join(
        ", ", members.entrySet().stream().map(e -> e.getKey() + between + e.getValue()).toList());
  }
}
