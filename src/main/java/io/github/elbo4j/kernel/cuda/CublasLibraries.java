package io.github.elbo4j.kernel.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where cuBLAS is looked for: {@code -Delbo4j.cuda.cublas=FILE} where it is set, else by the names
 * of its versions, where the system looks for libraries and where the toolkit installs itself.
 */
final class CublasLibraries {
  static final String PROPERTY = "elbo4j.cuda.cublas";

  private static final String TOOLKIT = "/usr/local/cuda/lib64/";

  private CublasLibraries() {}

  /** Files to try for those versions, in order. */
  static List<String> candidates(int... versions) {
    String file = System.getProperty(PROPERTY, "");
    if (!file.isEmpty()) {
      return List.of(file);
    }
    boolean windows = System.getProperty("os.name", "").startsWith("Windows");
    List<String> files = new ArrayList<>();
    for (int version : versions) {
      if (windows) {
        files.add("cublas64_" + version + ".dll");
      } else {
        files.add("libcublas.so." + version);
        files.add(TOOLKIT + "libcublas.so." + version);
      }
    }
    return files;
  }

  /** The library's functions; null where there is none. Once loaded it stays: it has threads. */
  @SuppressWarnings("restricted") // loading a library is what this is for
  static @Nullable SymbolLookup load(String file) {
    try {
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
