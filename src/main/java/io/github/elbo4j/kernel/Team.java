package io.github.elbo4j.kernel;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads behind {@link Parallel}. One job at a time; its blocks are claimed from a counter
 * that carries the job's number, so that a thread that wakes late can never claim a block of a job
 * that is over. Nothing is allocated a job.
 */
final class Team {
  /**
   * How long an idle worker spins before it parks: kernels of a training step follow each other
   * within it.
   */
  private static final long SPIN_NANOS = 30_000;

  private static final int PATIENT_SPINS = 20_000;

  /** A next block that no job has: nothing can be claimed. */
  private static final long CLOSED = Integer.MAX_VALUE;

  private final AtomicBoolean busy = new AtomicBoolean();

  /** Upper half: number of the job; lower half: next block. */
  private final AtomicLong cursor = new AtomicLong();

  private final AtomicInteger finished = new AtomicInteger();
  private volatile Parallel.@Nullable Task task;
  private volatile int blocks;
  private volatile int helpers;
  private volatile @Nullable Throwable failure;
  private Worker[] workers = new Worker[0];

  /**
   * Runs the job on up to {@code threads} threads; false when the team is taken, and nothing was
   * done.
   */
  boolean tryRun(Parallel.Task job, int count, int threads) {
    if (Thread.currentThread() instanceof Worker || !busy.compareAndSet(false, true)) {
      return false;
    }
    try {
      start(job, count, Math.min(threads, count) - 1);
      work();
      awaitOthers(count);
    } finally {
      task = null;
      busy.set(false);
    }
    rethrow();
    return true;
  }

  /**
   * The last blocks of the others take about as long as ours did; after that the core is somebody
   * else's.
   */
  @SuppressWarnings("ThreadPriorityCheck") // a yield costs a microsecond, parking ten
  private void awaitOthers(int count) {
    for (int spins = 0; finished.get() < count; spins++) {
      if (spins < PATIENT_SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  private void start(Parallel.Task job, int count, int wanted) {
    long number = cursor.get() >>> 32;
    cursor.set((number + 1) << 32 | CLOSED); // nobody can claim while the fields below change
    failure = null;
    finished.set(0);
    task = job;
    blocks = count;
    helpers = wanted;
    ensureWorkers(wanted);
    cursor.set((number + 2) << 32);
    for (int i = 0; i < wanted; i++) {
      if (workers[i].parked) {
        LockSupport.unpark(workers[i]);
      }
    }
  }

  private void ensureWorkers(int wanted) {
    if (workers.length >= wanted) {
      return;
    }
    Worker[] more = java.util.Arrays.copyOf(workers, wanted);
    for (int i = workers.length; i < wanted; i++) {
      more[i] = new Worker(i);
      more[i].start();
    }
    workers = more;
  }

  /** Claims and runs blocks of the current job until none is left. */
  private void work() {
    while (true) {
      long c = cursor.get();
      int block = (int) c;
      if (block >= blocks) {
        return;
      }
      if (cursor.compareAndSet(c, c + 1)) {
        runBlock(block);
      }
    }
  }

  private void runBlock(int block) {
    try {
      Parallel.Task job = task;
      if (job != null) {
        job.run(block);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      finished.incrementAndGet();
    }
  }

  private void rethrow() {
    Throwable t = failure;
    failure = null;
    if (t instanceof RuntimeException e) {
      throw e;
    }
    if (t instanceof Error e) {
      throw e;
    }
  }

  private final class Worker extends Thread {
    private final int number;
    private volatile boolean parked;

    Worker(int number) {
      super("elbo4j-" + number);
      this.number = number;
      setDaemon(true);
    }

    @Override
    public void run() {
      long seen = 0;
      while (true) {
        seen = awaitJob(seen);
        if (number < helpers) {
          work();
        }
      }
    }

    /** Waits for a job with another number than {@code seen}: spins a little, then parks. */
    private long awaitJob(long seen) {
      long until = System.nanoTime() + SPIN_NANOS;
      while (true) {
        long job = cursor.get() >>> 32;
        if (job != seen) {
          return job;
        }
        if (System.nanoTime() < until) {
          Thread.onSpinWait();
          continue;
        }
        parked = true;
        if (cursor.get() >>> 32 == seen) {
          LockSupport.park(this);
        }
        parked = false;
      }
    }
  }
}
