package io.github.elbo4j.kernel.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
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
 * until the JVM ends. {@link #whyNot} says why there is none, without touching JCuda where there is
 * no driver: it would leave classes behind that cannot be loaded again.
 */
public final class Cuda {
  /** Waits after each launch, so that an error is reported by the kernel that made it. */
  static final boolean SYNC = Boolean.getBoolean("elbo4j.cuda.sync");

  private static final Map<Integer, Cuda> OPEN = new HashMap<>();

  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final CUstream stream = new CUstream();
  private final Map<String, CUmodule> modules = new HashMap<>();
  private final DeviceMemory memory = new DeviceMemory();
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
    CudaException.check(JCudaDriver.cuStreamCreate(stream, 0), "cuStreamCreate");
    processors = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    capability =
        10 * attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
            + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  }

  /** Why no device can be had here, or null when one can. */
  public static @Nullable String whyNot() {
    return Probe.REASON;
  }

  /**
   * The device of that number.
   *
   * @throws IllegalStateException with the reason when it cannot be had
   */
  public static synchronized Cuda open(int ordinal) {
    String reason = whyNot();
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

  /** Waits until the device has done all that it was given. */
  public void synchronize() {
    CudaException.check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
  }

  CUstream stream() {
    return stream;
  }

  private DeviceCall newCall() {
    return new DeviceCall(this);
  }

  private void makeCurrent() {
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

  /** Asked once: what is missing does not appear while the JVM runs. */
  private static final class Probe {
    static final @Nullable String REASON = reason();

    @SuppressWarnings("restricted")
    private static @Nullable String reason() {
      String os = System.getProperty("os.name", "");
      boolean windows = os.startsWith("Windows");
      String library = windows ? "nvcuda.dll" : "libcuda.so.1";
      try (Arena arena = Arena.ofConfined()) {
        SymbolLookup.libraryLookup(library, arena);
      } catch (IllegalArgumentException e) {
        return "no NVIDIA driver: " + library + " was not found";
      }
      try {
        Class.forName("jcuda.driver.JCudaDriver", false, Cuda.class.getClassLoader());
      } catch (ClassNotFoundException e) {
        return "JCuda is not on the class path: add org.jcuda:jcuda and its natives";
      }
      return Natives.load(os);
    }
  }

  /** Loaded only where there is a driver and JCuda. */
  private static final class Natives {
    static @Nullable String load(String os) {
      try {
        JCudaDriver.setExceptionsEnabled(false);
        int code = JCudaDriver.cuInit(0);
        return code == 0 ? null : "cuInit: " + jcuda.driver.CUresult.stringFor(code);
      } catch (LinkageError e) {
        String arch = System.getProperty("os.arch", "");
        return "JCuda has no native library for " + os + " " + arch + ": " + e.getMessage();
      }
    }
  }
}
