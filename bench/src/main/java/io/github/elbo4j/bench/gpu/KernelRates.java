package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.bench.Spread;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TimedBenchmark;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.tensor.DeviceStorage;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.train.JsonLine;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Param;

/**
 * The device's own copy, then every hook of every family: the benchmarks of bench/kernel, with the
 * shapes of {@link GpuShapes} and their arguments in device memory.
 */
final class KernelRates {
  /** Kernels of moving families that compute more than they move. */
  private static final Set<String> COMPUTING = Set.of("importance.tailIndex");

  /** Floats of the copy: a gigabyte, many times an L2 cache. */
  private static final int COPIED = 1 << 28;

  /** What the L2 cache is flushed with, in its sizes. */
  private static final int FLUSH = 2;

  private static final long LEAST_FLUSH = 1L << 20;
  private static final int LEAST_RUNS = 5;

  /** Sets of arguments that runs take in turn. */
  private static final int SETS = 3;

  private static final int SETS_OF_LARGE = 2;

  private final Cuda cuda = Cuda.open(0);
  private final Backend backend = CudaBackend.get();
  private final long cache = LoadTimes.cacheBytes();
  private final DeviceClock clock =
      new DeviceClock(cuda, backend, Math.max(LEAST_FLUSH, FLUSH * cache));
  private final Items items;
  private final boolean tiny;
  private final double seconds;

  private KernelRates(String... args) {
    List<String> all = Arrays.asList(args);
    this.items = new Items(args);
    this.tiny = all.contains("--tiny");
    this.seconds = tiny ? 0 : all.contains("--quick") ? 0.03 : 0.12;
  }

  /**
   * Prints a row a measurement.
   *
   * @param args {@code --tiny} for the smallest shapes, {@code --quick} for the last one of each
   *     family, {@code --gemm} for matrix products alone, {@code --from=i}
   */
  public static void main(String[] args) {
    List<String> all = Arrays.asList(args);
    boolean gemm = all.contains("--gemm");
    KernelRates rates;
    try {
      rates = new KernelRates(args);
    } catch (IllegalStateException e) {
      if (!gemm) {
        throw e;
      }
      // A provider of matrix products that is not here.
      Items.row(new JsonLine().put("unavailable", Items.reasons(e)));
      Items.end();
      return;
    }
    if (!gemm) {
      rates.copies();
    }
    for (GpuShapes family : gemm ? GpuShapes.GEMM : GpuShapes.ALL) {
      List<String> shapes = family.shapes();
      if (rates.tiny) {
        shapes = List.of(family.tiny());
      } else if (all.contains("--quick") && !gemm) {
        shapes = List.of(shapes.getLast());
      }
      for (String shape : shapes) {
        rates.measure(family, shape, gemm);
      }
    }
    Items.end();
  }

  /** The large copy by the driver: what the rates of kernels are compared with. */
  private void copies() {
    if (!items.begin("copy")) {
      return;
    }
    int n = tiny ? 1 << 10 : COPIED;
    Tensor from = backend.memory().allocate(n);
    Tensor to = backend.memory().allocate(n);
    backend.random().uniform(new NoiseKey(1, 2), 0, from);
    Runnable copy =
        () ->
            DeviceClock.check(
                JCudaDriver.cuMemcpyDtoDAsync(
                    at(to), at(from), (long) Float.BYTES * n, cuda.stream()),
                "cuMemcpyDtoDAsync");
    Spread micros = clock.time(List.of(copy), seconds, LEAST_RUNS).micros();
    long moved = 2L * Float.BYTES * n;
    Items.row(
        new JsonLine()
            .put("copy", "device to device, bytes read and written")
            .put("bytes", moved)
            .put("micros", micros.median())
            .put("gbPerSecond", moved / micros.median() * 1e-3));
  }

  private static CUdeviceptr at(Tensor t) {
    return new CUdeviceptr().withByteOffset(((DeviceStorage) t.storage()).address());
  }

  private void measure(GpuShapes family, String shape, boolean gemm) {
    List<KernelBenchmark> sets = new ArrayList<>();
    cuda.memory().trim();
    for (String method : gemm ? List.of("gemm") : family.methods()) {
      String kernel = kernel(family.type(), method);
      if (items.begin(kernel + " " + shape)) {
        try {
          if (sets.isEmpty()) {
            sets.addAll(prepared(family, shape));
          }
          Items.row(row(family, kernel, shape, method, sets));
        } catch (RuntimeException | OutOfMemoryError e) {
          Items.failed(kernel + " " + shape, e);
          stopIfLost();
        }
      }
    }
    sets.clear();
    System.gc(); // hands back what the arguments lay in
  }

  private JsonLine row(
      GpuShapes family, String kernel, String shape, String method, List<KernelBenchmark> sets) {
    Work work = sets.getFirst().workOf(method);
    List<Runnable> calls = new ArrayList<>();
    sets.forEach(set -> calls.add(() -> set.call(method)));
    DeviceClock.Times times = clock.time(calls, seconds, tiny ? 2 : LEAST_RUNS);
    double micros = times.micros().median();
    return new JsonLine()
        .put("kernel", kernel)
        .put("shape", shape)
        .put("hooks", String.join(" ", family.hooks(method)))
        .put("micros", micros)
        .put("min", times.micros().min())
        .put("max", times.micros().max())
        .put("runs", times.runs())
        .put("bytes", work.bytes())
        .put("footprint", work.footprint())
        .put("gbPerSecond", work.bytes() / micros * 1e-3)
        .put("flops", work.flops())
        .put("tflopPerSecond", work.flops() / micros * 1e-6)
        .put("memoryBound", family.memoryBound() && !COMPUTING.contains(kernel))
        .put("pastCache", work.footprint() >= FLUSH * cache)
        .put("waited", times.waited());
  }

  /** The same benchmark with several sets of arguments on the device. */
  private List<KernelBenchmark> prepared(GpuShapes family, String shape) {
    Class<? extends KernelBenchmark> type = family.type();
    Map<String, String> values = values(type, shape);
    KernelBenchmark first = TimedBenchmark.create(type, values);
    first.setUp(Numbers.repeating());
    OnDevice.move(first, backend.memory());
    long footprint =
        family.methods().stream().mapToLong(m -> first.workOf(m).footprint()).max().orElse(0);
    List<KernelBenchmark> sets = new ArrayList<>(List.of(first));
    while (sets.size() < (footprint > cache ? SETS_OF_LARGE : SETS)) {
      KernelBenchmark next = TimedBenchmark.create(type, values);
      OnDevice.copy(first, next, backend.memory());
      sets.add(next);
    }
    return sets;
  }

  /** The first value of each parameter but the shape and the backend. */
  private static Map<String, String> values(Class<? extends KernelBenchmark> type, String shape) {
    Map<String, String> values = new TreeMap<>();
    for (Field field : type.getFields()) {
      @Nullable Param param = field.getAnnotation(Param.class);
      if (param != null) {
        values.put(field.getName(), param.value()[0]);
      }
    }
    values.put("shape", shape);
    values.put("backend", "cuda");
    return values;
  }

  private static String kernel(Class<?> type, String method) {
    String name = type.getSimpleName().replace("Benchmark", "");
    return name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1) + "." + method;
  }

  private void stopIfLost() {
    try {
      cuda.synchronize();
    } catch (IllegalStateException e) {
      System.exit(Items.LOST);
    }
  }
}
