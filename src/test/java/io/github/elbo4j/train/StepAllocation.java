package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.elbo4j.kernel.Parallel;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;

/** Counts what a training step allocates once it is compiled. */
final class StepAllocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int STEPS = 50;

  private StepAllocation() {}

  /** Runs steps until some of them allocate nothing, for a minute at most. */
  static void assertAllocatesNothing(int threads, Supplier<StepFixture> made) {
    int before = Parallel.threads();
    try {
      Parallel.setThreads(threads);
      StepFixture fixture = made.get();
      long step = 0;
      long bytes = Long.MAX_VALUE;
      // Compilation happens in the background, late on a busy machine.
      long deadline = System.nanoTime() + 60_000_000_000L;
      while (bytes > 0 && System.nanoTime() < deadline) {
        long end = System.nanoTime() + 100_000_000;
        while (System.nanoTime() < end) {
          fixture.step.run(step++, "none");
        }
        long start = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < STEPS; i++) {
          fixture.step.run(step++, "none");
        }
        bytes = THREADS.getCurrentThreadAllocatedBytes() - start;
      }
      assertThat(bytes).as("bytes allocated by %d steps", STEPS).isZero();
    } finally {
      Parallel.setThreads(before);
    }
  }
}
