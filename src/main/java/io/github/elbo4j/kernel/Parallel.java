package io.github.elbo4j.kernel;

/**
 * Runs the blocks of one kernel on a fixed team of threads.
 *
 * <p>The caller decides the blocks from the problem's shape alone, never from the number of
 * threads, and blocks write disjoint outputs: so results have the same bits for any number of
 * threads. Small work runs inline, and so does a call from inside a task or while another thread
 * holds the team.
 *
 * <p>The number of threads is {@code -Delbo4j.threads}, or {@link #setThreads}, or the number of
 * processors.
 */
public final class Parallel {
  /**
   * Below this many element operations a fork costs more than it gains (waking a thread takes about
   * 10 µs).
   */
  private static final long FORK_WORK = 60_000;

  /** 0 until somebody asks. */
  private static volatile int threads;

  private static final Team TEAM = new Team();

  private Parallel() {}

  /** One kernel's work, cut into blocks. */
  public interface Task {
    /** Does block {@code block}; must not depend on which thread runs it, or when. */
    void run(int block);
  }

  /**
   * The number of threads, the caller's included.
   *
   * @throws IllegalArgumentException where {@code -Delbo4j.threads} is no whole number &gt;= 1
   */
  public static int threads() {
    int count = threads;
    return count == 0 ? firstAsked() : count;
  }

  private static synchronized int firstAsked() {
    if (threads == 0) {
      threads = initialThreads();
    }
    return threads;
  }

  /** Sets the number of threads, the caller's included; 1 never forks. */
  public static synchronized void setThreads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("setThreads: threads " + count + " must be >= 1");
    }
    threads = count;
  }

  /**
   * Runs blocks 0 … blocks−1 of the task and returns when all are done.
   *
   * @param work element operations of the whole task (a transcendental counts about ten), for the
   *     decision to fork
   */
  public static void run(Task task, int blocks, long work) {
    if (blocks <= 1 || work < FORK_WORK || !forked(task, blocks, threads())) {
      for (int b = 0; b < blocks; b++) {
        task.run(b);
      }
    }
  }

  private static boolean forked(Task task, int blocks, int count) {
    return count > 1 && TEAM.tryRun(task, blocks, count);
  }

  private static int initialThreads() {
    String given = System.getProperty("elbo4j.threads");
    if (given == null) {
      return Runtime.getRuntime().availableProcessors();
    }
    try {
      int count = Integer.parseInt(given.strip());
      if (count >= 1) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the property.
    }
    throw new IllegalArgumentException(
        "-Delbo4j.threads=" + given + " must be a whole number >= 1");
  }
}
