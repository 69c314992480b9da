package io.github.elbo4j.kernel.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The libraries of products of cuda/emulator, where the tests run on that. */
@SuppressWarnings("restricted")
final class StandInCublas {
  private static final Path FOLDER = Path.of("cuda/emulator/build/cublas").toAbsolutePath();

  private StandInCublas() {}

  /** The file of a version. */
  static String file(int version) {
    return FOLDER.resolve("libcublas.so." + version).toString();
  }

  /** Handles that this library has given out and not got back. */
  static int handles(int version) {
    try {
      return (int) function(version, "emu_cublas_handles").invokeExact();
    } catch (Throwable e) {
      throw new LinkageError("emu_cublas_handles", e);
    }
  }

  /** Products of this library answer that status until it is 0 again. */
  static void fail(int version, int status) {
    try {
      int _ = (int) function(version, "emu_cublas_fail", JAVA_INT).invokeExact(status);
    } catch (Throwable e) {
      throw new LinkageError("emu_cublas_fail", e);
    }
  }

  /** Runs with {@code -Delbo4j.cuda.cublas=file}. */
  static void with(String file, Runnable body) {
    String before = System.getProperty(CublasLibraries.PROPERTY);
    System.setProperty(CublasLibraries.PROPERTY, file);
    try {
      body.run();
    } finally {
      if (before == null) {
        System.clearProperty(CublasLibraries.PROPERTY);
      } else {
        System.setProperty(CublasLibraries.PROPERTY, before);
      }
    }
  }

  private static MethodHandle function(int version, String name, MemoryLayout... parameters) {
    SymbolLookup library = SymbolLookup.libraryLookup(file(version), Arena.global());
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }
}
