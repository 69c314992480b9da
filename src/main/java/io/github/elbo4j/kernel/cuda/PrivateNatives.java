package io.github.elbo4j.kernel.cuda;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Loads native libraries of JCuda. It unpacks them under a fixed name in the folder for temporary
 * files, where anybody could have put one: it gets a folder that only this user may enter.
 */
final class PrivateNatives {
  private static final String FOLDER = "java.io.tmpdir";

  private PrivateNatives() {}

  /** Runs what loads a library; why that failed, or null. */
  static synchronized @Nullable String load(Runnable loading) {
    String shared = System.getProperty(FOLDER);
    try {
      Path own = Files.createTempDirectory("elbo4j-natives");
      own.toFile().deleteOnExit();
      System.setProperty(FOLDER, own.toString());
      loading.run();
      forget(own);
      return null;
    } catch (LinkageError e) {
      return "JCuda's native library does not load on %s %s: %s"
          .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), firstLine(e));
    } catch (IOException e) {
      return "no folder for JCuda's native library: " + e.getMessage();
    } finally {
      System.setProperty(FOLDER, shared);
    }
  }

  /** JCuda's message goes on over many lines. */
  private static String firstLine(LinkageError e) {
    return String.valueOf(e.getMessage()).strip().lines().findFirst().orElse("");
  }

  /** The library is loaded: where the system allows it, its file is no longer needed. */
  private static void forget(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        file.toFile().deleteOnExit(); // before its folder
        Files.deleteIfExists(file);
      }
    } catch (FileSystemException e) {
      return; // in use: deleted at the end, if then
    }
  }
}
