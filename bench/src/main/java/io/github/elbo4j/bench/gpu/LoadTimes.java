package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.train.JsonLine;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/**
 * What the device is, and how long its driver takes to compile the PTX of each family, and to load
 * it again once it is in the driver's cache.
 */
final class LoadTimes {
  private static final String FOLDER = "/io/github/elbo4j/cuda/";
  private static final String HASH = "sources.sha256";
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
    for (String name : modules()) {
      if (items.begin("load " + name)) {
        load(name);
      }
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

  /** The PTX in the jar, or beside the classes, by name. */
  private static List<String> modules() throws IOException, URISyntaxException {
    URL one = Objects.requireNonNull(Cuda.class.getResource(FOLDER + HASH), HASH);
    List<String> names = new ArrayList<>();
    if (one.openConnection() instanceof JarURLConnection jar) {
      String prefix = FOLDER.substring(1);
      jar.getJarFile().stream()
          .map(ZipEntry::getName)
          .filter(name -> name.startsWith(prefix))
          .forEach(name -> names.add(name.substring(prefix.length())));
    } else {
      try (Stream<Path> files = Files.list(Path.of(one.toURI()).resolveSibling("."))) {
        files.forEach(file -> names.add(String.valueOf(file.getFileName())));
      }
    }
    return names.stream()
        .filter(name -> name.endsWith(PTX))
        .map(name -> name.substring(0, name.length() - PTX.length()))
        .sorted()
        .toList();
  }

  private static void load(String name) {
    try (InputStream in = Cuda.class.getResourceAsStream(FOLDER + name + PTX)) {
      byte[] ptx = Objects.requireNonNull(in, name).readAllBytes();
      byte[] text = Arrays.copyOf(ptx, ptx.length + 1); // ends with a zero
      Items.row(
          new JsonLine()
              .put("module", name)
              .put("ptxBytes", ptx.length)
              .put("firstMillis", millis(text))
              .put("cachedMillis", millis(text)));
    } catch (IllegalStateException | IOException e) {
      Items.failed("load " + name, e);
    }
  }

  private static double millis(byte[] text) {
    CUmodule module = new CUmodule();
    long start = System.nanoTime();
    DeviceClock.check(JCudaDriver.cuModuleLoadData(module, text), "cuModuleLoadData");
    double millis = (System.nanoTime() - start) * 1e-6;
    DeviceClock.check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload");
    return millis;
  }
}
