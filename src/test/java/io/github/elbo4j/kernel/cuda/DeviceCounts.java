package io.github.elbo4j.kernel.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** What is open on devices, and what is asked of them, for tests of other packages. */
public final class DeviceCounts {
  private static final @Nullable MethodHandle CALLS = calls();

  private DeviceCounts() {}

  /** Calls of the driver so far, where it is the emulated one; −1 where it is not. */
  public static long driverCalls() {
    try {
      return CALLS == null ? -1 : (long) CALLS.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("restricted") // the emulated driver, loaded by the backend
  private static @Nullable MethodHandle calls() {
    return SymbolLookup.libraryLookup("libcuda.so.1", Arena.global())
        .find("emu_calls")
        .map(f -> Linker.nativeLinker().downcallHandle(f, FunctionDescriptor.of(JAVA_LONG)))
        .orElse(null);
  }

  /** Graphs that are not closed. */
  public static int graphs() {
    return CudaGraph.graphs();
  }

  /** Blocks of pinned memory that are not closed. */
  public static int pinned() {
    return PinnedMemory.blocks();
  }

  /** Blocks of the first device that somebody owns. */
  public static int blocks() {
    return Cuda.open(0).memory().blocks();
  }
}
