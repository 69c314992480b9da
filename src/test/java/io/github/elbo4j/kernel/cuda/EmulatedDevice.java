package io.github.elbo4j.kernel.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The stand-in driver of cuda/emulator, where that is what the tests run on. */
@SuppressWarnings("restricted")
final class EmulatedDevice {
  private static final Optional<MethodHandle> ORDER =
      SymbolLookup.libraryLookup("libcuda.so.1", Arena.global())
          .find("emu_set_order")
          .map(
              address ->
                  Linker.nativeLinker()
                      .downcallHandle(
                          address,
                          FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)));

  private EmulatedDevice() {}

  /** True where this is no GPU. */
  static boolean present() {
    return ORDER.isPresent();
  }

  /** Threads of a block run forward (0), reversed (1) or shuffled (2); nothing on a GPU. */
  static void order(int order) {
    if (ORDER.isPresent()) {
      try {
        ORDER.get().invokeExact(order, 7);
      } catch (Throwable e) {
        throw new LinkageError("emu_set_order", e);
      }
    }
  }
}
