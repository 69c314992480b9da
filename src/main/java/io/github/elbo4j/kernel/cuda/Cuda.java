package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.tensor.DeviceStorage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * One device: its context, its stream, its memory and its kernels. Opened once a device and kept
 * until the JVM ends.
 */
public final class Cuda implements DeviceStorage.Owner {
  /** Waits after each launch, so that an error is reported by the kernel that made it. */
  static final boolean SYNC = Boolean.getBoolean("elbo4j.cuda.sync");

  /** That of scripts/ptx.sh. */
  private static final int LEAST_CAPABILITY = 75;

  private static final Map<Integer, Cuda> OPEN = new HashMap<>();

  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final CUstream stream = new CUstream();
  private final Object turn = new Object();
  private final Map<String, CUmodule> modules = new HashMap<>();
  private final DeviceMemory memory = new DeviceMemory(this::makeCurrent);
  private final ThreadLocal<DeviceCall> calls = ThreadLocal.withInitial(this::newCall);
  private final String name;
  private final int processors;
  private final int capability;

  private Cuda(int ordinal) {
    CudaException.check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet " + ordinal);
    byte[] text = new byte[256];
    CudaException.check(JCudaDriver.cuDeviceGetName(text, text.length, device), "cuDeviceGetName");
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    name = new String(text, 0, end, StandardCharsets.UTF_8);
    CudaException.check(
        JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain");
    CudaException.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
    // A stream that waits for the default one: copies to and from arrays go through that.
    CudaException.check(JCudaDriver.cuStreamCreate(stream, 0), "cuStreamCreate");
    processors = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    capability =
        10 * attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
            + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    if (capability < LEAST_CAPABILITY) {
      throw new IllegalStateException(
          "device %d (%s) is too old: the kernels need compute capability 7.5"
              .formatted(ordinal, description()));
    }
  }

  /**
   * The device of that number.
   *
   * @throws IllegalStateException with the reason when it cannot be had
   */
  public static synchronized Cuda open(int ordinal) {
    String reason = CudaProbe.whyNot();
    if (reason != null) {
      throw new IllegalStateException("backend cuda is not available: " + reason);
    }
    int[] count = new int[1];
    CudaException.check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
    if (ordinal < 0 || ordinal >= count[0]) {
      throw new IllegalArgumentException(
          "device %d: there are %d, numbered from 0".formatted(ordinal, count[0]));
    }
    return OPEN.computeIfAbsent(ordinal, Cuda::new);
  }

  /** What the driver calls the device, with its compute capability. */
  public String description() {
    return "%s, compute capability %d.%d, %d multiprocessors"
        .formatted(name, capability / 10, capability % 10, processors);
  }

  /** Multiprocessors: enough blocks to keep them busy is a small multiple of it. */
  public int processors() {
    return processors;
  }

  /** Compute capability: 90 for 9.0. */
  int capability() {
    return capability;
  }

  public DeviceMemory memory() {
    return memory;
  }

  /**
   * A kernel of {@code cuda/<family>.cu}.
   *
   * @throws IllegalStateException when that file has none of this name
   */
  public synchronized CudaKernel kernel(String family, String entry) {
    makeCurrent();
    CUfunction function = new CUfunction();
    CudaException.check(
        JCudaDriver.cuModuleGetFunction(function, module(family), entry),
        "kernel " + entry + " of " + family + ".ptx");
    return new CudaKernel(entry, function);
  }

  /** The two kernels of {@code ROW_KERNEL(entry)}. */
  public RowKernel rows(String family, String entry) {
    return new RowKernel(kernel(family, entry + "_warp"), kernel(family, entry + "_block"));
  }

  /** The arguments of this thread's next hook, empty. */
  public DeviceCall begin() {
    makeCurrent();
    return calls.get().begin();
  }

  /**
   * The monitor that whoever gives work to the stream, or waits for it, holds meanwhile. A thread
   * that captures a graph holds it all the time: what others gave the stream would become part of
   * the graph, and what they wait for would not come.
   */
  public Object turn() {
    return turn;
  }

  /** What this thread's launches are written down in, or null. */
  private @Nullable Recording recording() {
    return calls.get().recording();
  }

  /** Has this thread's launches written down from now on, or, for null, no longer. */
  void record(@Nullable Recording into) {
    calls.get().record(into);
  }

  /** Memory for so many floats, all 0; work that is captured cannot have any. */
  public long allocate(int floats) {
    Recording r = recording();
    if (r != null) {
      r.allocates();
    }
    long address = memory.take((long) Float.BYTES * floats);
    makeCurrent();
    if (floats > 0) {
      synchronized (turn) {
        CudaException.check(
            JCudaDriver.cuMemsetD32Async(DeviceMemory.at(address), 0, floats, stream),
            "cuMemsetD32Async");
      }
    }
    return address;
  }

  /** Work that is captured may not look at elements or wait: says so to whoever records it. */
  private void refuse(String what) {
    Recording r = recording();
    if (r != null) {
      r.refuse(what);
    }
  }

  /** Waits until the device has done all that it was given. */
  public void synchronize() {
    synchronize("cuStreamSynchronize");
  }

  /** The same, with what to say when that failed. */
  void synchronize(String what) {
    refuse("the host waits for the device");
    synchronized (turn) {
      CudaException.check(JCudaDriver.cuStreamSynchronize(stream), what);
    }
  }

  /** Copies n floats from the device, once it has done all that it was given. */
  @Override
  public void read(long address, float[] to, int at, int n) {
    refuse("the host reads elements of the device");
    makeCurrent();
    synchronize();
    if (n > 0) {
      download(
          address, Pointer.to(to).withByteOffset((long) Float.BYTES * at), (long) Float.BYTES * n);
    }
  }

  /** Copies n floats to the device, once it has done all that it was given. */
  @Override
  public void write(long address, float[] from, int at, int n) {
    refuse("the host writes elements of the device");
    makeCurrent();
    synchronize();
    if (n > 0) {
      upload(
          Pointer.to(from).withByteOffset((long) Float.BYTES * at),
          address,
          (long) Float.BYTES * n);
    }
  }

  /** Copies bytes from the device; the array is filled when this returns. */
  void download(long address, Pointer to, long bytes) {
    synchronized (turn) {
      CudaException.check(
          JCudaDriver.cuMemcpyDtoH(to, DeviceMemory.at(address), bytes), "cuMemcpyDtoH");
    }
  }

  /** Copies bytes to the device; the array is free when this returns. */
  void upload(Pointer from, long address, long bytes) {
    synchronized (turn) {
      CudaException.check(
          JCudaDriver.cuMemcpyHtoD(DeviceMemory.at(address), from, bytes), "cuMemcpyHtoD");
    }
  }

  /** Where every kernel is launched, in the order of the calls: what events are recorded in. */
  public CUstream stream() {
    return stream;
  }

  private DeviceCall newCall() {
    return new DeviceCall(this);
  }

  /** Makes the device's context that of the thread. */
  void makeCurrent() {
    CudaException.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  private int attribute(int attribute) {
    int[] value = new int[1];
    CudaException.check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
    return value[0];
  }

  private CUmodule module(String family) {
    return modules.computeIfAbsent(
        family,
        f -> {
          byte[] ptx = ptx(f);
          CUmodule module = new CUmodule();
          CudaException.check(
              JCudaDriver.cuModuleLoadData(module, Arrays.copyOf(ptx, ptx.length + 1)),
              f + ".ptx on " + description());
          return module;
        });
  }

  private static byte[] ptx(String family) {
    String resource = "/io/github/elbo4j/cuda/" + family + ".ptx";
    try (InputStream in = Cuda.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + resource);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }
}
