package io.github.elbo4j.kernel.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
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
      return Natives.load();
    }
  }

  /** Loaded only where there is a driver and JCuda. */
  private static final class Natives {
    static @Nullable String load() {
      int[] code = new int[1];
      String refused =
          PrivateNatives.load(
              () -> {
                JCudaDriver.setExceptionsEnabled(false);
                code[0] = JCudaDriver.cuInit(0);
              });
      if (refused != null) {
        return refused;
      }
      return code[0] == 0 ? null : "cuInit: " + CUresult.stringFor(code[0]);
    }
  }
}
