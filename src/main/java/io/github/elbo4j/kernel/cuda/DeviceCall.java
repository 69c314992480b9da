package io.github.elbo4j.kernel.cuda;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;
import static io.github.elbo4j.kernel.cuda.CudaKernel.WARP;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.DeviceStorage;
import io.github.elbo4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one hook on their way to the device: addresses of its tensors, scratch memory,
 * launches, and the way back. Tensors on the device are used where they are, and nothing waits.
 * Tensors of the host are copied there and, when {@link #end} is called, back: right, and as slow
 * as the copies are.
 *
 * <pre>
 * DeviceCall call = cuda.begin();
 * long x = call.in(tensor), y = call.out(result);
 * call.pass(x).pass(y).pass(n).launchFlat(kernel, n);
 * call.end();
 * </pre>
 *
 * One a thread, used again by each hook.
 */
public final class DeviceCall {
  private static final int MOST_ARGUMENTS = 48;

  /** The grid of a flat kernel: blocks a multiprocessor. */
  private static final int BLOCKS_EACH = 16;

  private static final int WARPS = THREADS / WARP;

  private final Cuda cuda;

  /** Values, 8 bytes each, and behind them their addresses: what cuLaunchKernel wants. */
  private final MemorySegment values;

  private final Pointer addresses;
  private final List<Staged> staged = new ArrayList<>();
  private final List<Long> blocks = new ArrayList<>();

  /** What the addresses point into: alive until the launches are queued. */
  private final List<DeviceStorage> held = new ArrayList<>();

  private int passed;

  /** What this hook's launches are written down in. */
  private @Nullable Recording recording;

  /** What those of this thread's next hooks are. */
  private @Nullable Recording next;

  /** A tensor of the host and its place on the device. */
  private static final class Staged {
    final Tensor host;
    final long device;
    boolean uploaded;
    boolean written;

    Staged(Tensor host, long device) {
      this.host = host;
      this.device = device;
    }

    @SuppressWarnings("ReferenceEquality") // sharing memory is about identity
    boolean holds(Tensor t) {
      return host.array() == t.array() && host.offset() == t.offset() && host.size() == t.size();
    }
  }

  DeviceCall(Cuda cuda) {
    this.cuda = cuda;
    values = Arena.ofAuto().allocate(2L * Long.BYTES * MOST_ARGUMENTS, Long.BYTES);
    MemorySegment table = values.asSlice((long) Long.BYTES * MOST_ARGUMENTS);
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      table.setAtIndex(ValueLayout.JAVA_LONG, i, values.address() + (long) Long.BYTES * i);
    }
    addresses = Pointer.to(table.asByteBuffer());
  }

  DeviceCall begin() {
    giveBack(); // what a hook that failed left behind
    recording = next;
    return this;
  }

  /** Has the launches of this thread's next hooks written down, or, for null, no longer. */
  void record(@Nullable Recording into) {
    next = into;
  }

  /** What the launches of this thread are written down in, or null. */
  @Nullable Recording recording() {
    return next;
  }

  /** Device address of what the kernels read; 0 for null. */
  public long in(@Nullable Tensor t) {
    return address(t, true, false);
  }

  /** Device address of what the kernels write whole; 0 for null. */
  public long out(@Nullable Tensor t) {
    return address(t, false, true);
  }

  /** Device address of what the kernels read and write, such as a gradient they add to. */
  public long inOut(@Nullable Tensor t) {
    return address(t, true, true);
  }

  /** Device address of bytes that the kernels read. */
  public long in(ByteTensor t) {
    long place = place(t.array(), t.offset(), t.size());
    if (place != 0) {
      return place;
    }
    long address = scratch(t.size());
    Pointer host = Pointer.to(t.array()).withByteOffset(t.offset());
    upload(host, address, t.size());
    return address;
  }

  /** Device address of integers that the kernels read. */
  public long in(int[] a, int from, int n) {
    long offset = (long) Integer.BYTES * from;
    long bytes = (long) Integer.BYTES * n;
    long place = place(a, offset, bytes);
    if (place != 0) {
      return place;
    }
    long address = scratch(bytes);
    upload(Pointer.to(a).withByteOffset(offset), address, bytes);
    return address;
  }

  /**
   * Device address of numbers of the host that change from step to step, where the launches are
   * captured and so cannot have them as arguments; else 0.
   */
  public long changing(Tensor t) {
    return recording == null ? 0 : in(t);
  }

  /** Device address of an integer that kernels write for {@link #check}. */
  public long status() {
    return recording == null ? scratch(Integer.BYTES) : recording.status();
  }

  /**
   * What kernels left at {@link #status}: −1 where all was well. Where launches are captured, −1
   * before they are done; the failure is then thrown when the step is.
   */
  public int check(long status, IntFunction<RuntimeException> failure) {
    if (recording != null) {
      recording.checkLater(failure);
      return -1;
    }
    int[] value = new int[1];
    fetch(status, value, 0, 1);
    return value[0];
  }

  /** Copies {@code n} integers from the device once all launches so far are done. */
  public void fetch(long address, int[] a, int from, int n) {
    cuda.synchronize();
    if (n > 0) {
      Pointer to = Pointer.to(a).withByteOffset((long) Integer.BYTES * from);
      cuda.download(address, to, (long) Integer.BYTES * n);
    }
  }

  /** Memory for this call alone, with whatever was in it. */
  public long scratch(long bytes) {
    long address = recording == null ? cuda.memory().take(bytes) : recording.scratch(bytes);
    blocks.add(address);
    return address;
  }

  /** The next argument: an address or a 64-bit integer. */
  public DeviceCall pass(long value) {
    values.setAtIndex(ValueLayout.JAVA_LONG, passed++, value);
    return this;
  }

  /** The next argument: a 32-bit integer, or a 64-bit one. */
  public DeviceCall pass(int value) {
    return pass((long) value);
  }

  /** The next argument: 1 or 0 as an {@code int}. */
  public DeviceCall pass(boolean value) {
    return pass(value ? 1L : 0L);
  }

  /** The next argument. */
  public DeviceCall pass(float value) {
    return pass((long) Float.floatToRawIntBits(value));
  }

  /**
   * The next four arguments: {@code unsigned long long seed, unsigned stream, step, const unsigned
   * *clock}. While launches are captured, noise of the step that is captured is at step 0 from a
   * clock, which each replay moves; noise of any other step stays there.
   */
  public DeviceCall pass(NoiseKey noise) {
    if (recording != null && noise.step() == recording.step()) {
      return pass(noise.seed()).pass(noise.stream()).pass(0).pass(recording.clock());
    }
    return pass(noise.seed()).pass(noise.stream()).pass(noise.step()).pass(0L);
  }

  /** Launches a kernel that walks {@code n} elements with flat_index() and flat_count(). */
  public void launchFlat(CudaKernel kernel, long n) {
    long most = (long) BLOCKS_EACH * cuda.processors();
    launch(kernel, Math.min(most, (n + THREADS - 1) / THREADS), THREADS, 0);
  }

  /** Launches a kernel that walks {@code n} elements of noise, from first on, with each_block(). */
  public void launchNoise(CudaKernel kernel, long first, long n) {
    long groups = ((first & (Philox.GROUP - 1)) + n + Philox.GROUP - 1) / Philox.GROUP;
    launchFlat(kernel, n == 0 ? 0 : groups * Philox.BLOCKS);
  }

  /** Launches the form of a ROW_KERNEL that suits rows of that length. */
  public void launchRows(RowKernel kernel, long rows, long columns) {
    if (columns <= RowKernel.LONGEST_FOR_WARP) {
      launch(kernel.warp(), (rows + WARPS - 1) / WARPS, THREADS, 0);
    } else {
      launch(kernel.block(), rows, THREADS, 0);
    }
  }

  /** Launches a grid of one dimension with the arguments passed so far; none where blocks is 0. */
  public void launch(CudaKernel kernel, long grid, int threads, int sharedBytes) {
    launch(kernel, grid, 1, threads, sharedBytes);
  }

  /** Launches a grid of two dimensions with the arguments passed so far; none where it is empty. */
  public void launch(CudaKernel kernel, long gridX, int gridY, int threads, int sharedBytes) {
    if (gridX == 0 || gridY == 0) {
      passed = 0;
      return;
    }
    long shape = LaunchList.mix(LaunchList.mix(gridX, gridY), ((long) threads << 32) | sharedBytes);
    written(kernel.name(), shape);
    int code;
    synchronized (cuda.turn()) {
      code =
          JCudaDriver.cuLaunchKernel(
              kernel.function(),
              Math.toIntExact(gridX),
              gridY,
              1,
              threads,
              1,
              1,
              sharedBytes,
              cuda.stream(),
              addresses,
              null);
      if (code == 0 && Cuda.SYNC) {
        code = JCudaDriver.cuStreamSynchronize(cuda.stream());
      }
    }
    if (code != 0) {
      throw new CudaException(
          "%s <<<(%d,%d), %d, %d bytes>>>"
              .formatted(kernel.name(), gridX, gridY, threads, sharedBytes),
          code);
    }
  }

  /**
   * Tells a recording of work that a library does with the arguments passed so far, as {@link
   * #launch} does of a kernel.
   */
  void written(String name, long shape) {
    int arguments = passed;
    passed = 0;
    if (recording != null) {
      long sum = shape;
      for (int i = 0; i < arguments; i++) {
        sum = LaunchList.mix(sum, values.getAtIndex(ValueLayout.JAVA_LONG, i));
      }
      recording.launched(name, sum);
    }
  }

  /** Copies the host's outputs back, and hands scratch memory back. */
  public void end() {
    for (Staged s : staged) {
      if (s.written) { // which a captured step cannot do: refused in read
        cuda.read(s.device, s.host.array(), s.host.offset(), s.host.size());
      }
    }
    giveBack();
  }

  private void giveBack() {
    for (long block : blocks) {
      if (recording == null) {
        cuda.memory().release(block);
      } else {
        recording.release(block);
      }
    }
    blocks.clear();
    staged.clear();
    held.clear(); // being used here is what keeps them alive
    passed = 0;
  }

  private long address(@Nullable Tensor t, boolean read, boolean written) {
    if (t == null) {
      return 0;
    }
    if (t.storage() instanceof DeviceStorage device) {
      held.add(device);
      if (recording != null) {
        recording.hold(device.owner());
      }
      return device.address();
    }
    if (read && !written) {
      long input = place(t.array(), (long) Float.BYTES * t.offset(), (long) Float.BYTES * t.size());
      if (input != 0) {
        return input;
      }
    }
    Staged place = place(t);
    if (read && !place.uploaded) {
      long bytes = (long) Float.BYTES * t.size();
      upload(
          Pointer.to(t.array()).withByteOffset((long) Float.BYTES * t.offset()),
          place.device,
          bytes);
      place.uploaded = true;
    }
    place.written |= written;
    return place.device;
  }

  /** The place of elements of a recorded step's input, or 0: they go to a block of their own. */
  private long place(Object array, long from, long bytes) {
    return recording == null || bytes == 0 ? 0 : recording.input(array, from, bytes);
  }

  /** The same place for the same elements: a hook that works in place does so on the device too. */
  private Staged place(Tensor t) {
    for (Staged s : staged) {
      if (s.holds(t)) {
        return s;
      }
    }
    int misaligned = Float.BYTES * (t.offset() % 4); // as in the host's array
    long bytes = (long) Float.BYTES * t.size();
    Staged place = new Staged(t, scratch(bytes + misaligned) + misaligned);
    staged.add(place);
    return place;
  }

  private void upload(Pointer host, long address, long bytes) {
    if (bytes > 0) {
      cuda.upload(host, address, bytes);
    }
  }
}
