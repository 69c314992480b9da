package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.bench.Spread;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Times work on a device between two of its events. Before each run the L2 cache is filled with
 * something else: by reading, so that no line is left that must be written back while the clock
 * runs. That takes longer than launching, so the work is queued before the clock starts.
 */
final class DeviceClock {
  private static final int MOST_RUNS = 200;

  /** How often work runs before it is timed: kernels are loaded, buffers allocated, clocks up. */
  private static final int WARM_UP = 3;

  private final Cuda cuda;
  private final Backend backend;
  private final Tensor cold;
  private final Tensor sum;
  private final CUevent[] begin;
  private final CUevent[] end;

  /**
   * Times of some work.
   *
   * @param micros microseconds of a run: median, least, most
   * @param runs how many
   * @param waited whether most runs were over, on the device, when their call returned: the work
   *     waits for the device, or launching it takes longer than doing it
   */
  record Times(Spread micros, int runs, boolean waited) {}

  /** A clock that reads {@code coldBytes} before each run, a multiple of the L2 cache. */
  DeviceClock(Cuda cuda, Backend backend, long coldBytes) {
    this.cuda = cuda;
    this.backend = backend;
    this.cold = backend.memory().allocate(Math.toIntExact(coldBytes / Float.BYTES));
    this.sum = backend.memory().allocate(1);
    this.begin = events();
    this.end = events();
  }

  private CUevent[] events() {
    cuda.begin(); // makes the device's context that of this thread
    CUevent[] events = new CUevent[MOST_RUNS];
    for (int i = 0; i < events.length; i++) {
      events[i] = new CUevent();
      check(JCudaDriver.cuEventCreate(events[i], 0), "cuEventCreate");
    }
    return events;
  }

  /**
   * Times work in several sets of arguments, in turn, for about {@code seconds}; at least {@code
   * least} runs.
   */
  Times time(List<Runnable> sets, double seconds, int least) {
    cuda.begin();
    long start = System.nanoTime();
    for (int i = 0; i < WARM_UP; i++) {
      start = i == WARM_UP - 1 ? System.nanoTime() : start;
      evict();
      sets.get(i % sets.size()).run();
      cuda.synchronize();
    }
    double one = Math.max(1, System.nanoTime() - start) * 1e-9;
    int runs = (int) Math.clamp(seconds / one, least, MOST_RUNS);
    int waited = 0;
    for (int i = 0; i < runs; i++) {
      evict();
      check(JCudaDriver.cuEventRecord(begin[i], cuda.stream()), "cuEventRecord");
      sets.get(i % sets.size()).run();
      waited += JCudaDriver.cuStreamQuery(cuda.stream()) == CUresult.CUDA_SUCCESS ? 1 : 0;
      check(JCudaDriver.cuEventRecord(end[i], cuda.stream()), "cuEventRecord");
    }
    cuda.synchronize();
    return new Times(Spread.of(micros(runs)), runs, waited > runs / 2);
  }

  private void evict() {
    backend.reduce().addSum(cold, 1, sum);
  }

  private double[] micros(int runs) {
    double[] micros = new double[runs];
    float[] millis = new float[1];
    for (int i = 0; i < runs; i++) {
      check(JCudaDriver.cuEventElapsedTime(millis, begin[i], end[i]), "cuEventElapsedTime");
      micros[i] = 1e3 * millis[0];
    }
    return micros;
  }

  /**
   * Fails unless {@code code} is success.
   *
   * @throws IllegalStateException with the driver's name of the error
   */
  static void check(int code, String call) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw new IllegalStateException(call + ": " + CUresult.stringFor(code));
    }
  }
}
