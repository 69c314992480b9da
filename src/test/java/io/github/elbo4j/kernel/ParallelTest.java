package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Every block once, whatever happens in it, and the caller hears of what did. */
@Isolated
@Timeout(60)
class ParallelTest {
  private static final long LARGE = 1L << 40;
  private static final int BLOCKS = 64;

  private int before;

  @BeforeEach
  void threeThreads() {
    before = Parallel.threads();
    Parallel.setThreads(3);
  }

  @AfterEach
  void asBefore() {
    Parallel.setThreads(before);
  }

  /** Counts its runs, block by block. */
  private static final class Counter implements Parallel.Task {
    final AtomicIntegerArray runs;
    final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());

    Counter(int blocks) {
      runs = new AtomicIntegerArray(blocks);
    }

    @Override
    public void run(int block) {
      runs.incrementAndGet(block);
      threads.add(Thread.currentThread());
    }

    void assertOnceEach() {
      for (int i = 0; i < runs.length(); i++) {
        assertThat(runs.get(i)).as("runs of block %d of %d", i, runs.length()).isEqualTo(1);
      }
    }
  }

  private static void runOnce(int blocks) {
    Counter counter = new Counter(blocks);
    Parallel.run(counter, blocks, LARGE);
    counter.assertOnceEach();
  }

  @Test
  void everyBlockRunsOnce() {
    for (int i = 0; i < 2000; i++) {
      runOnce(i % 70);
    }
  }

  @Test
  void parkedWorkersWake() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      Thread.sleep(5); // a worker parks after 30 µs
      CountDownLatch both = new CountDownLatch(2);
      // neither block ends before the other has begun: it takes two threads
      Parallel.run(b -> arrive(both), 2, LARGE);
      assertThat(both.getCount()).isZero();
    }
  }

  private static void arrive(CountDownLatch latch) {
    latch.countDown();
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whateverABlockThrowsReachesTheCaller() {
    for (Throwable thrown :
        List.of(new IllegalStateException("r"), new AssertionError("e"), new IOException("c"))) {
      for (int bad : new int[] {0, 31, BLOCKS - 1}) {
        Counter counter = new Counter(BLOCKS);
        Throwable caught =
            catchThrowable(
                () ->
                    Parallel.run(
                        b -> {
                          counter.run(b);
                          if (b == bad) {
                            throw ParallelTest.<RuntimeException>sneaky(thrown);
                          }
                        },
                        BLOCKS,
                        LARGE));
        assertThat(caught).isSameAs(thrown);
        counter.assertOnceEach();
        runOnce(BLOCKS);
      }
    }
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> RuntimeException sneaky(Throwable t) throws T {
    throw (T) t;
  }

  @Test
  void theFirstFailureCarriesTheOthers() {
    Throwable caught =
        catchThrowable(
            () ->
                Parallel.run(
                    b -> {
                      throw new IllegalStateException("block " + b);
                    },
                    BLOCKS,
                    LARGE));
    List<String> messages = new ArrayList<>(List.of(caught.getMessage()));
    for (Throwable other : caught.getSuppressed()) {
      messages.add(other.getMessage());
    }
    assertThat(messages).hasSize(BLOCKS).doesNotHaveDuplicates();
    IllegalStateException same = new IllegalStateException("one object");
    assertThat(
            catchThrowable(
                () ->
                    Parallel.run(
                        b -> {
                          throw same;
                        },
                        BLOCKS,
                        LARGE)))
        .isSameAs(same)
        .hasNoSuppressedExceptions();
  }

  @Test
  void aRunInsideARunIsInline() {
    Parallel.run(
        b -> {
          Counter inner = new Counter(7);
          Parallel.run(inner, 7, LARGE);
          inner.assertOnceEach();
          assertThat(inner.threads).containsOnly(Thread.currentThread());
        },
        BLOCKS,
        LARGE);
  }

  @Test
  void twoCallersAtOnceWhileTheNumberOfThreadsChanges() throws Exception {
    try (ExecutorService users = Executors.newFixedThreadPool(3)) {
      CountDownLatch start = new CountDownLatch(3);
      Callable<Integer> caller =
          () -> {
            arrive(start);
            for (int i = 0; i < 3000; i++) {
              runOnce(1 + i % 40);
            }
            return 3000;
          };
      Callable<Integer> setter =
          () -> {
            arrive(start);
            for (int i = 0; i < 3000; i++) {
              Parallel.setThreads(1 + i % 5);
              Thread.onSpinWait();
            }
            return 3000;
          };
      for (Future<Integer> f : users.invokeAll(List.of(caller, caller, setter))) {
        assertThat(f.get()).isEqualTo(3000);
      }
    }
  }

  @Test
  void workersKeepNothingOfTheCaller() {
    InheritableThreadLocal<String> mine = new InheritableThreadLocal<>();
    mine.set("caller's");
    Team team = new Team();
    CountDownLatch both = new CountDownLatch(2);
    List<String> seen = Collections.synchronizedList(new ArrayList<>());
    Thread caller = Thread.currentThread();
    team.tryRun(
        b -> {
          arrive(both);
          Thread thread = Thread.currentThread();
          if (!thread.equals(caller)) {
            seen.add(mine.get() + " " + thread.getContextClassLoader() + " " + thread.isDaemon());
          }
        },
        2,
        2);
    assertThat(seen).containsExactly("null null true");
  }

  /** With the workers there are, or none: the second is refused here, then the first. */
  @Test
  void aRefusedThreadIsDoneWithout() {
    for (int allowed : new int[] {1, 0}) {
      int[] asked = {0};
      Team team =
          new Team(
              worker -> {
                if (asked[0]++ == allowed) {
                  throw new OutOfMemoryError("unable to create native thread");
                }
                worker.start();
              });
      for (int i = 0; i < 100; i++) {
        Counter counter = new Counter(BLOCKS);
        assertThat(team.tryRun(counter, BLOCKS, 4)).isTrue();
        counter.assertOnceEach();
      }
      assertThat(asked[0]).as("threads asked for").isEqualTo(allowed + 1);
    }
  }

  @Test
  void aNumberOfThreadsBelowOneIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Parallel.setThreads(0))
        .withMessage("setThreads: threads 0 must be >= 1");
  }

  /** In a JVM of its own, for the property is read once. */
  @Test
  void aBadPropertyIsRefusedAtEveryCallUntilTheNumberIsSet() throws Exception {
    assertThat(Jvm.run(List.of("-Delbo4j.threads=few"), BadThreads.class))
        .isEqualTo("-Delbo4j.threads=few must be a whole number >= 1|".repeat(2) + "2");
  }

  /** Asks twice and sets. */
  static final class BadThreads {
    private BadThreads() {}

    public static void main(String[] args) {
      for (int i = 0; i < 2; i++) {
        try {
          Parallel.run(b -> {}, 2, LARGE);
        } catch (IllegalArgumentException e) {
          System.out.print(e.getMessage() + "|");
        }
      }
      Parallel.setThreads(2);
      Parallel.run(b -> {}, 2, LARGE);
      System.out.print(Parallel.threads());
    }
  }
}
