package io.github.elbo4j.kernel.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Why there is no CUDA device here. Needs no JCuda, and does not touch it where there is no driver:
 * its classes, once failed, cannot be loaded again.
 */
public final class CudaProbe {
  private CudaProbe() {}

  /** Why no device can be had here, or null when one can. */
  public static @Nullable String whyNot() {
    return Probe.REASON;
  }

  /** Asked once: what is missing does not appear while the JVM runs. */
  private static final class Probe {
    static final @Nullable String REASON = reason();

    @SuppressWarnings("restricted") // loading a library is what this is for
    private static @Nullable String reason() {
      String os = System.getProperty("os.name", "");
      boolean windows = os.startsWith("Windows");
      String library = windows ? "nvcuda.dll" : "libcuda.so.1";
      try { // first, since looking for a driver makes Java warn of native access
        Class.forName("jcuda.driver.JCudaDriver", false, CudaProbe.class.getClassLoader());
      } catch (ClassNotFoundException e) {
        return "JCuda is not on the class path: add org.jcuda:jcuda and its natives";
      }
      try (Arena arena = Arena.ofConfined()) {
        SymbolLookup.libraryLookup(library, arena);
      } catch (IllegalArgumentException e) {
        return "no NVIDIA driver: " + library + " was not found";
      }
      return Natives.load(os);
    }
  }

  /** Loaded only where there is a driver and JCuda. */
  private static final class Natives {
    private static final String FOLDER = "java.io.tmpdir";

    /**
     * JCuda unpacks its library under a fixed name in the folder for temporary files, where anybody
     * could have put one: it gets a folder that only this user may enter.
     */
    static @Nullable String load(String os) {
      String shared = System.getProperty(FOLDER);
      try {
        Path own = Files.createTempDirectory("elbo4j-natives");
        own.toFile().deleteOnExit();
        System.setProperty(FOLDER, own.toString());
        JCudaDriver.setExceptionsEnabled(false);
        int code = JCudaDriver.cuInit(0);
        forget(own);
        return code == 0 ? null : "cuInit: " + CUresult.stringFor(code);
      } catch (LinkageError e) {
        String arch = System.getProperty("os.arch", "");
        return "JCuda's native library does not load on " + os + " " + arch + ": " + e.getMessage();
      } catch (IOException e) {
        return "no folder for JCuda's native library: " + e.getMessage();
      } finally {
        System.setProperty(FOLDER, shared);
      }
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
}
