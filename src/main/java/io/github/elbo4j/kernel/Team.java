package io.github.elbo4j.kernel;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
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
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final Consumer<Thread> starter;
  private volatile Parallel.@Nullable Task task;
  private volatile int blocks;
  private volatile int helpers;
  private Worker[] workers = new Worker[0];

  /** The system refused a thread: this team stays as small as it is. */
  private boolean refused;

  Team() {
    this(Thread::start);
  }

  /** {@code starter} starts a worker, or throws as {@link Thread#start} does. */
  Team(Consumer<Thread> starter) {
    this.starter = starter;
  }

  /**
   * Runs the job on up to {@code threads} threads; false when the team is taken, and nothing was
   * done. Every block runs, whatever others throw; the first failure is thrown here, the others are
   * its suppressed ones.
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
    failure.set(null);
    finished.set(0);
    task = job;
    blocks = count;
    int there = ensureWorkers(wanted);
    helpers = there;
    cursor.set((number + 2) << 32);
    for (int i = 0; i < there; i++) {
      if (workers[i].parked) {
        LockSupport.unpark(workers[i]);
      }
    }
  }

  /** Returns how many of {@code wanted} workers there are: fewer where the system has no more. */
  private int ensureWorkers(int wanted) {
    while (workers.length < wanted && !refused) {
      Worker next = new Worker(workers.length);
      try {
        starter.accept(next);
      } catch (OutOfMemoryError e) { // what Thread.start throws where there are no more threads
        refused = true;
        break;
      }
      workers = Arrays.copyOf(workers, workers.length + 1);
      workers[workers.length - 1] = next;
    }
    return Math.min(wanted, workers.length);
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
    } catch (Throwable e) { // a checked one too, thrown past the compiler: the caller has to know
      failed(e);
    } finally {
      finished.incrementAndGet();
    }
  }

  @SuppressWarnings("ReferenceEquality") // an exception does not take itself for a suppressed one
  private void failed(Throwable e) {
    Throwable first = failure.compareAndExchange(null, e);
    if (first != null && first != e) {
      first.addSuppressed(e);
    }
  }

  private void rethrow() {
    Throwable t = failure.getAndSet(null);
    if (t != null) {
      throw Team.<RuntimeException>unchecked(t);
    }
  }

  /** Throws t itself, whatever it is. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the cast is erased: the point
  private static <T extends Throwable> RuntimeException unchecked(Throwable t) throws T {
    throw (T) t;
  }

  private final class Worker extends Thread {
    private final int number;
    private volatile boolean parked;

    /** Nothing of the thread that happens to start it stays with it. */
    Worker(int number) {
      super(null, null, "elbo4j-" + number, 0, false);
      this.number = number;
      setContextClassLoader(null);
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
