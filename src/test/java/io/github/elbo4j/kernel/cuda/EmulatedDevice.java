package io.github.elbo4j.kernel.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** The stand-in driver of cuda/emulator, where that is what the tests run on. */
@SuppressWarnings("restricted")
public final class EmulatedDevice {
  private static final @Nullable MethodHandle ORDER =
      function(
          "emu_set_order", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private static final @Nullable MethodHandle LAUNCHES =
      function("emu_launches", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));

  private EmulatedDevice() {}

  private static @Nullable MethodHandle function(String name, FunctionDescriptor type) {
    return SymbolLookup.libraryLookup("libcuda.so.1", Arena.global())
        .find(name)
        .map(address -> Linker.nativeLinker().downcallHandle(address, type))
        .orElse(null);
  }

  /** False where this is a GPU. */
  public static boolean present() {
    return ORDER != null;
  }

  /** Threads of a block run forward (0), reversed (1) or shuffled (2); nothing on a GPU. */
  public static void order(int order) {
    if (ORDER != null) {
      try {
        ORDER.invokeExact(order, 7);
      } catch (Throwable e) {
        throw new LinkageError("emu_set_order", e);
      }
    }
  }

  /** How often a kernel was launched so far; 0 on a GPU. */
  public static long launches(String kernel) {
    if (LAUNCHES == null) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(kernel);
      return (long) LAUNCHES.invokeExact(name);
    } catch (Throwable e) {
      throw new LinkageError("emu_launches", e);
    }
  }
}
