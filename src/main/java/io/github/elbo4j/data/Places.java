package io.github.elbo4j.data;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The folders that are looked through for data known by name.
 *
 * @param given the user's own folder, from the environment variable {@code ELBO4J_DATA}, or null
 * @param cache where downloads are kept
 */
record Places(@Nullable Path given, Path cache) {
  static final String VARIABLE = "ELBO4J_DATA";

  /** The folders that this process' environment names. */
  static Places ofThisProcess() {
    return of(
        System.getenv(),
        System.getProperty("os.name", ""),
        Path.of(System.getProperty("user.home", ".")));
  }

  static Places of(Map<String, String> environment, String system, Path home) {
    Path given = path(environment, VARIABLE);
    Path cache =
        path(environment, system.startsWith("Windows") ? "LOCALAPPDATA" : "XDG_CACHE_HOME");
    // the XDG specification has relative paths ignored
    Path base = cache != null && cache.isAbsolute() ? cache : home.resolve(".cache");
    return new Places(given, base.resolve("elbo4j"));
  }

  private static @Nullable Path path(Map<String, String> environment, String variable) {
    String value = environment.get(variable);
    return value == null || value.isBlank() ? null : Path.of(value);
  }
}
