package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.elbo4j.testkit.Families;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.KernelCase;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SIMD hooks allocate nothing once they are compiled: a boxed vector would show here. */
@Tag("allocation")
class AllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int CALLS = 200;

  static List<KernelCase> hot() {
    return Families.parity().stream().filter(KernelCase::hot).toList();
  }

  @ParameterizedTest
  @MethodSource("hot")
  void simdHookAllocatesNothing(KernelCase kernel) {
    KernelCase.Call call = kernel.setup().prepare(new Fixture(1));
    Backend simd = Backends.simd();
    long bytes = Long.MAX_VALUE;
    // Compilation happens in the background, late on a busy machine: only a kernel that still
    // allocates after a minute of calls fails, one that does not ends the loop at once.
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (bytes > 0 && System.nanoTime() < deadline) {
      warmUp(call, simd);
      bytes = allocated(call, simd);
    }
    assertThat(bytes).as("bytes allocated by %d calls of %s", CALLS, kernel).isZero();
  }

  private static void warmUp(KernelCase.Call call, Backend simd) {
    long end = System.nanoTime() + 150_000_000;
    while (System.nanoTime() < end) {
      call.run(simd);
    }
  }

  private static long allocated(KernelCase.Call call, Backend simd) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < CALLS; i++) {
      call.run(simd);
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
