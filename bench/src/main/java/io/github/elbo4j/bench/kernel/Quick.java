package io.github.elbo4j.bench.kernel;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.util.List;

/**
 * Rough numbers in seconds a case, in this process: ours and the peers are warmed up until they get
 * no faster, then they take turns, and the best of a few turns counts. That shows a factor even on
 * a busy machine; other kernels in the process may change how C2 compiles one, so it is not to be
 * published.
 */
final class Quick {
  private static final int VALUES = 5;
  private static final int TURNS = 4;
  private static final double TURN_NANOS = 10e6;
  private static final double WARM_NANOS = 1.2e9;
  private static final double LONGEST_WARM_UP_NANOS = 20e9;

  private final Measurement measurement;
  private final TimedBenchmark benchmark;
  private final Method method;
  private double best = Double.POSITIVE_INFINITY;

  private Quick(Measurement measurement) {
    Case one = measurement.measured();
    this.measurement = measurement;
    this.method = one.javaMethod();
    this.benchmark =
        TimedBenchmark.create(one.type().asSubclass(TimedBenchmark.class), one.values());
    benchmark.setUp();
  }

  static void measure(List<Measurement> measurements) {
    List<Quick> all = measurements.stream().map(Quick::new).toList();
    all.forEach(Quick::warmUp);
    for (int value = 0; value < VALUES; value++) {
      all.forEach(quick -> quick.best = Double.POSITIVE_INFINITY);
      for (int turn = 0; turn < TURNS; turn++) {
        all.forEach(Quick::turn);
      }
      all.forEach(quick -> quick.measurement.add(quick.best, quick.allocated()));
    }
  }

  private void warmUp() {
    long start = System.nanoTime();
    long improved = start;
    double before = best;
    while (System.nanoTime() - improved < WARM_NANOS
        && System.nanoTime() - start < LONGEST_WARM_UP_NANOS) {
      turn();
      if (best < 0.97 * before) {
        before = best;
        improved = System.nanoTime();
      }
    }
  }

  /** Nanoseconds a call of some calls. */
  private void turn() {
    int calls = (int) Math.max(1, TURN_NANOS / (best < 1e12 ? best : TURN_NANOS));
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      invoke();
    }
    best = Math.min(best, (System.nanoTime() - start) / (double) calls);
  }

  /** Bytes of one call; the lesser of two, since reflection allocates now and then. */
  private double allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    invoke();
    long between = threads.getCurrentThreadAllocatedBytes();
    invoke();
    return Math.min(between - before, threads.getCurrentThreadAllocatedBytes() - between);
  }

  private void invoke() {
    try {
      method.invoke(benchmark);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(measurement.measured().toString(), e);
    }
  }
}
