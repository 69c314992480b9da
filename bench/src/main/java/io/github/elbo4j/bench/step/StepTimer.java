package io.github.elbo4j.bench.step;

import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** Times a training step inside one process and prints the {@link Sample} as its last line. */
final class StepTimer {
  /** One training step. */
  interface Step {
    /**
     * Does step {@code index}, counted from 0.
     *
     * @return its loss, nats an example, before the update
     */
    float run(long index);
  }

  /** Steps that are always done before timing; the last ten give {@link Sample#laterLoss}. */
  static final int LEARNING_STEPS = 50;

  private static final int ROUNDS = 15;

  private final Step step;
  private long done;

  private StepTimer(Step step) {
    this.step = step;
  }

  /**
   * Warms up and measures as the system properties {@code step.warmUp} and {@code step.seconds}
   * say.
   */
  static void report(Step step) {
    double warmUp = Double.parseDouble(System.getProperty("step.warmUp"));
    double seconds = Double.parseDouble(System.getProperty("step.seconds"));
    System.out.println(new StepTimer(step).measure(warmUp, seconds).toLine());
  }

  private Sample measure(double warmUpSeconds, double seconds) {
    long warm = System.nanoTime() + (long) (warmUpSeconds * 1e9);
    float firstLoss = next();
    double laterLoss = 0;
    while (done < LEARNING_STEPS) {
      float loss = next();
      laterLoss += done > LEARNING_STEPS - 10 ? loss / 10 : 0;
    }
    while (System.nanoTime() < warm) {
      next();
    }
    long cpu = cpuNanos();
    long wall = System.nanoTime();
    double[] millis = new double[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
      millis[r] = round(seconds / ROUNDS);
    }
    double cores = (double) (cpuNanos() - cpu) / (System.nanoTime() - wall);
    Arrays.sort(millis);
    return new Sample(
        millis[ROUNDS / 2], millis[0], millis[ROUNDS - 1], cores, firstLoss, laterLoss);
  }

  /** Milliseconds a step over {@code seconds} or a little more. */
  private double round(double seconds) {
    long first = done;
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    long now;
    do {
      next();
      now = System.nanoTime();
    } while (now < end);
    return (now - start) * 1e-6 / (done - first);
  }

  private float next() {
    return step.run(done++);
  }

  private static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
        .getProcessCpuTime();
  }
}
