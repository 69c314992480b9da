package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts what a piece of code allocates. */
final class Allocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Allocation() {}

  /** Code that may throw. */
  @FunctionalInterface
  interface Code {
    void run() throws Exception;
  }

  static void atMost(long bytes, Code code) {
    assertThat(of(code)).isLessThan(bytes);
  }

  static long of(Code code) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      code.run();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
