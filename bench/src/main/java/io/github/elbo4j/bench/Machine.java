package io.github.elbo4j.bench;

import io.github.elbo4j.train.JsonLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Where and with what a measurement was made.
 *
 * @param cpu model name, with family and model number where the name alone says little
 * @param cores processors the JVM may use
 * @param caches of the first processor, such as {@code L1d 48K, L2 1024K, L3 32768K}
 * @param system operating system and its version
 * @param jdk vendor and version
 * @param commit of the checkout, with {@code -dirty} when it was changed
 * @param time UTC, to the second
 */
public record Machine(
    String cpu, int cores, String caches, String system, String jdk, String commit, String time) {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");

  /** This machine, now; the commit is the system property {@code elbo4j.commit}. */
  public static Machine here() {
    return new Machine(
        cpuName(),
        Runtime.getRuntime().availableProcessors(),
        cacheSizes(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"),
        System.getProperty("elbo4j.commit", "unknown"),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  /** {@code <cpu>-<date>}, for the name of a file of results. */
  public String fileStem() {
    String slug = cpu.replaceAll("\\(.*?\\)", " ").toLowerCase(Locale.ROOT);
    slug = slug.replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    return slug + "-" + LocalDate.now(ZoneOffset.UTC);
  }

  /** As an object of a file of results. */
  public JsonLine toJson() {
    return new JsonLine()
        .put("cpu", cpu)
        .put("cores", cores)
        .put("caches", caches)
        .put("system", system)
        .put("jdk", jdk)
        .put("commit", commit)
        .put("time", time);
  }

  /** As the head of a Markdown file of results. */
  public String toMarkdown() {
    return """
    - CPU: %s, %d cores, %s
    - %s; JDK %s
    - commit %s, %s
    """
        .formatted(cpu, cores, caches, system, jdk, commit, time);
  }

  private static String cpuName() {
    String name = cpuField("model name");
    if (name.isEmpty()) {
      return System.getProperty("os.arch");
    }
    return name + " (family " + cpuField("cpu family") + ", model " + cpuField("model") + ")";
  }

  private static String cpuField(String field) {
    for (String line : lines(CPU_INFO)) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).strip().equals(field)) {
        return line.substring(colon + 1).strip();
      }
    }
    return "";
  }

  private static String cacheSizes() {
    List<String> sizes = new ArrayList<>();
    for (int i = 0; Files.isReadable(CACHES.resolve("index" + i)); i++) {
      Path cache = CACHES.resolve("index" + i);
      String type = first(cache.resolve("type"));
      if (!type.equals("Instruction")) {
        String suffix = type.equals("Data") ? "d" : "";
        sizes.add(
            "L" + first(cache.resolve("level")) + suffix + " " + first(cache.resolve("size")));
      }
    }
    return sizes.isEmpty() ? "caches unknown" : String.join(", ", sizes);
  }

  /** Bytes of the first processor's cache of that level; 0 where that is unknown. */
  public static long cacheBytes(int level) {
    for (int i = 0; Files.isReadable(CACHES.resolve("index" + i)); i++) {
      Path cache = CACHES.resolve("index" + i);
      String size = first(cache.resolve("size"));
      if (first(cache.resolve("level")).equals(Integer.toString(level)) && size.endsWith("K")) {
        return 1024 * Long.parseLong(size.substring(0, size.length() - 1));
      }
    }
    return 0;
  }

  private static String first(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? "?" : lines.getFirst().strip();
  }

  /** The lines of a file of the kernel, none where there is no such file. */
  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }
}
