package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.train.JsonLine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/**
 * What the device is, and how long its driver takes to compile the PTX of each family, and to load
 * it again once it is in the driver's cache.
 */
final class LoadTimes {
  private static final String HASH = "/io/github/elbo4j/cuda/sources.sha256";
  private static final String PTX = ".ptx";

  private LoadTimes() {}

  /**
   * Prints the device, then a row a family.
   *
   * @param args {@code --from=i}
   */
  public static void main(String[] args) throws IOException, URISyntaxException {
    Items items = new Items(args);
    Cuda cuda = Cuda.open(0);
    cuda.begin();
    if (items.begin("device")) {
      Items.row(device(cuda));
    }
    URI folder = Objects.requireNonNull(Cuda.class.getResource(HASH), HASH).toURI();
    if (folder.getScheme().equals("jar")) {
      try (FileSystem jar = FileSystems.newFileSystem(folder, java.util.Map.of())) {
        load(jar.getPath(HASH).getParent(), items);
      }
    } else {
      load(Path.of(folder).getParent(), items);
    }
    Items.end();
  }

  private static JsonLine device(Cuda cuda) {
    int[] version = new int[1];
    DeviceClock.check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
    long[] free = new long[1];
    long[] total = new long[1];
    DeviceClock.check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
    return new JsonLine()
        .put("device", cuda.description())
        .put("cudaVersion", "%d.%d".formatted(version[0] / 1000, version[0] % 1000 / 10))
        .put("memoryBytes", total[0])
        .put("freeBytes", free[0])
        .put("l2Bytes", cacheBytes());
  }

  /** The device's L2 cache. */
  static long cacheBytes() {
    CUdevice device = new CUdevice();
    int[] bytes = new int[1];
    DeviceClock.check(JCudaDriver.cuDeviceGet(device, 0), "cuDeviceGet");
    DeviceClock.check(
        JCudaDriver.cuDeviceGetAttribute(
            bytes, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, device),
        "cuDeviceGetAttribute");
    return bytes[0];
  }

  private static void load(Path folder, Items items) throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.list(folder)) {
      all = files.filter(p -> p.toString().endsWith(PTX)).sorted().toList();
    }
    for (Path file : all) {
      String name = String.valueOf(file.getFileName()).replace(PTX, "");
      if (items.begin("load " + name)) {
        try {
          byte[] ptx = Files.readAllBytes(file);
          Items.row(
              new JsonLine()
                  .put("module", name)
                  .put("ptxBytes", ptx.length)
                  .put("firstMillis", millis(ptx))
                  .put("cachedMillis", millis(ptx)));
        } catch (IllegalStateException | UncheckedIOException e) {
          Items.failed("load " + name, e);
        }
      }
    }
  }

  private static double millis(byte[] ptx) {
    byte[] text = Arrays.copyOf(ptx, ptx.length + 1); // ends with a zero
    CUmodule module = new CUmodule();
    long start = System.nanoTime();
    DeviceClock.check(JCudaDriver.cuModuleLoadData(module, text), "cuModuleLoadData");
    double millis = (System.nanoTime() - start) * 1e-6;
    DeviceClock.check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload");
    return millis;
  }
}
