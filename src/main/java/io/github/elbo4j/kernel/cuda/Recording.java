package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.tensor.DeviceStorage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One form of work that a device does again and again. A first run launches kernels and writes down
 * what was launched; the next one captures them, and when both launched the same, the capture is
 * what every later run launches.
 *
 * <p>A graph has fixed addresses. What lies there stays while it lives: scratch memory is its own
 * ({@link BlockPool}), arrays of the host have places of their own ({@link StepInputs}), and
 * tensors of the device are held.
 */
final class Recording implements AutoCloseable {
  /** Most runs between two attempts to capture work whose launches changed. */
  private static final int LONGEST_PAUSE = 1024;

  /** So many attempts may come to nothing before it is worth a word. */
  private static final int FEW = 2;

  /** In so many runs that are not captured arrays of the host get places; later ones do not. */
  private static final int RUNS_WITH_PLACES = 3;

  /** Thrown out of work that is being captured and cannot be. */
  private static final class NotCapturable extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotCapturable(String why) {
      super(why);
    }
  }

  private final Cuda cuda;
  private final StepResults results;
  private final BlockPool pool;
  private final StepInputs inputs;
  private final LaunchList launches = new LaunchList();
  private final List<IntFunction<RuntimeException>> checks = new ArrayList<>();
  private final Set<DeviceStorage.Owner> held = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean capturing;
  private int step;
  private boolean writtenDown;
  private int launched;
  private int pause;
  private int nextPause = 1;
  private int attempts;
  private @Nullable CudaGraph graph;

  /** What the last run did that a graph cannot. */
  private @Nullable String refused;

  /** Why the last attempt to capture came to nothing. */
  private @Nullable String failed;

  Recording(Cuda cuda, StepResults results) {
    this.cuda = cuda;
    this.results = results;
    pool = new BlockPool(cuda.memory());
    inputs = new StepInputs(cuda);
  }

  /** Queues the work; whether as a single launch. */
  boolean run(int clock, boolean capture, Runnable work) {
    step = clock;
    inputs.take(clock);
    if (graph == null && capture && writtenDown && refused == null && pause-- <= 0) {
      graph = capture(work);
    }
    if (graph == null) {
      launch(work);
      return false;
    }
    synchronized (cuda.turn()) {
      graph.launch(cuda.stream());
    }
    return true;
  }

  /** Why the work is not captured, or null where it is or nothing speaks against it. */
  @Nullable String whyNot() {
    if (graph != null) {
      return null;
    }
    return refused == null && attempts > FEW ? failed : refused;
  }

  private void launch(Runnable work) {
    refused = null;
    writtenDown = false;
    launched++;
    launches.rewind(false);
    cuda.record(this);
    try {
      queue(work);
    } finally {
      cuda.record(null);
    }
    writtenDown = true;
  }

  /** The work as a graph, or null where it cannot be one. */
  private @Nullable CudaGraph capture(Runnable work) {
    synchronized (cuda.turn()) {
      return captureAlone(work);
    }
  }

  private @Nullable CudaGraph captureAlone(Runnable work) {
    launches.rewind(true);
    cuda.record(this);
    capturing = true;
    boolean open = false;
    try {
      CudaGraph.begin(cuda.stream());
      open = true;
      queue(work);
      open = false;
      return same(CudaGraph.end(cuda.stream()));
    } catch (NotCapturable | CudaException e) {
      return giveUp(String.valueOf(e.getMessage()));
    } finally {
      if (open) {
        CudaGraph.abandon(cuda.stream());
      }
      capturing = false;
      cuda.record(null);
    }
  }

  private void queue(Runnable work) {
    checks.clear();
    synchronized (cuda.turn()) {
      inputs.upload(cuda.stream());
    }
    work.run();
    synchronized (cuda.turn()) {
      results.download(cuda.stream());
    }
  }

  /** The graph where it is what the run before it launched. */
  private @Nullable CudaGraph same(CudaGraph captured) {
    String difference = launches.difference();
    if (difference == null) {
      attempts = 0;
      return captured;
    }
    captured.close();
    return giveUp(difference);
  }

  /** Work that changes now may not do so for ever: tried again, less and less often. */
  private @Nullable CudaGraph giveUp(String why) {
    failed = why;
    attempts++;
    held.clear();
    pause = nextPause;
    nextPause = Math.min(2 * nextPause, LONGEST_PAUSE);
    return null;
  }

  boolean capturing() {
    return capturing;
  }

  /** The step that noise is at. */
  int step() {
    return step;
  }

  /** Device address of the step that noise is at. */
  long clock() {
    return inputs.clock();
  }

  /** Says that the work does what a graph cannot. */
  void refuse(String what) {
    if (capturing) {
      throw new NotCapturable(what);
    }
    if (refused == null) {
      refused = what;
    }
  }

  /** Says that the work takes memory from the device, which it may do until it is captured. */
  void allocates() {
    if (capturing) {
      throw new NotCapturable("it takes more memory than in the step before");
    }
  }

  /** Scratch memory, until it is {@link #release}d. */
  long scratch(long bytes) {
    if (capturing && !pool.has(bytes)) {
      allocates();
    }
    return pool.take(bytes);
  }

  void release(long address) {
    pool.release(address);
  }

  /**
   * Device address of elements of an array of the host, or 0 where they changed since the start.
   */
  long input(Object array, long from, long bytes) {
    long place = inputs.find(array, from, bytes);
    if (place == 0) {
      if (capturing) {
        throw new NotCapturable("it reads an array of the host that it did not read before");
      }
      if (launched > RUNS_WITH_PLACES) {
        refuse("it reads other arrays of the host in each step");
        return 0;
      }
      synchronized (cuda.turn()) {
        return inputs.add(array, from, bytes, cuda.stream());
      }
    }
    if (!inputs.current(array, from, bytes)) {
      refuse("the host changes an array that the device reads");
      return 0;
    }
    return place;
  }

  /** Keeps the memory of a tensor from being given to others. */
  void hold(DeviceStorage.Owner owner) {
    if (capturing) {
      held.add(owner);
    }
  }

  /** Device address of an integer for {@link #checkLater}, in the order of the checks. */
  long status() {
    if (checks.size() == StepResults.MOST_STATUSES) {
      throw new IllegalStateException(
          "a step has more than " + StepResults.MOST_STATUSES + " checks of data");
    }
    return results.status(checks.size());
  }

  /** Has {@link #check} look at what is left at the {@link #status} asked for last. */
  void checkLater(IntFunction<RuntimeException> failure) {
    checks.add(failure);
  }

  /** Once the device is done: throws what a kernel found. */
  void check() {
    for (int i = 0; i < checks.size(); i++) {
      int value = results.statusValue(i);
      if (value != -1) {
        throw checks.get(i).apply(value);
      }
    }
  }

  void launched(String kernel, long sum) {
    launches.add(kernel, sum);
  }

  /** Gives the graph up, if there is one. */
  void forget() {
    if (graph != null) {
      graph.close();
      graph = null;
    }
    held.clear();
    writtenDown = false;
  }

  /** Frees what it owns; nothing that was queued may be running any more. */
  @Override
  public void close() {
    forget();
    checks.clear();
    inputs.close();
    pool.close();
  }
}
