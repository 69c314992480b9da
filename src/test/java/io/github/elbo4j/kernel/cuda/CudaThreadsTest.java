package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.testkit.Families;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.KernelCase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Threads of the host that share a device: each has its own arguments, all have its memory. */
@Tag("cuda")
class CudaThreadsTest {
  private static final int THREADS = 3;

  private static final Backend CUDA = CudaBackend.get();

  /** Hooks of all families, in another order each, and at first all of them the same one. */
  @Test
  void hooksOfManyThreadsAtOnceGiveTheBitsOfOne() throws Exception {
    List<KernelCase> cases = Families.parity().stream().filter(KernelCase::hot).toList();
    assertThat(cases).hasSizeGreaterThan(100);
    List<Fixture> alone = new ArrayList<>();
    for (KernelCase kernel : cases) {
      alone.add(run(kernel, false));
    }
    CyclicBarrier together = new CyclicBarrier(THREADS);
    inThreads(
        thread -> {
          List<Integer> order = new ArrayList<>();
          for (int i = 0; i < cases.size(); i++) {
            order.add(i);
          }
          Collections.rotate(order, thread * cases.size() / THREADS);
          together.await();
          for (int i : order) {
            run(cases.get(i), thread == 1).assertSameBits(alone.get(i));
          }
        });
    assertThat(DeviceParity.blocksHeld()).isZero();
  }

  /** A thread that never opened a device looks at what lies there, and waits for it. */
  @Test
  void aThreadThatIsNewToTheDeviceReadsFromIt() throws Exception {
    Cuda device = Cuda.open(0);
    long block = device.memory().take(Float.BYTES);
    device.write(block, new float[] {7}, 0, 1);
    inThreads(
        thread -> {
          float[] got = new float[1];
          if (thread == 0) {
            device.synchronize();
          }
          device.read(block, got, 0, 1);
          assertThat(got).containsExactly(7);
        });
    device.memory().release(block);
  }

  private interface Work {
    void run(int thread) throws Exception;
  }

  private static void inThreads(Work work) throws Exception {
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int thread = i;
      tasks.add(
          () -> {
            work.run(thread);
            return null;
          });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
    }
  }

  private static Fixture run(KernelCase kernel, boolean resident) {
    Fixture fixture = new Fixture(1);
    KernelCase.Call call = kernel.setup().prepare(fixture);
    if (resident) {
      Resident.run(fixture, () -> call.run(CUDA));
    } else {
      call.run(CUDA);
    }
    return fixture;
  }
}
