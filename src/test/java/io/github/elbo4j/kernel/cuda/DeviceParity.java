package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.testkit.Families;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.KernelCase;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Every case of every family on the device, against the reference; and again, for the same bits:
 * with its threads in other orders, and with its tensors on the device, where hooks use them in
 * place.
 */
final class DeviceParity {
  /** Families to test, all unless -Delbo4j.families=a,b names some. */
  private static final String ONLY = System.getProperty("elbo4j.families", "");

  private DeviceParity() {}

  /** The cases, in their order. */
  static List<KernelCase> cases() {
    Set<String> only = Set.of(ONLY.split(",", -1));
    return Families.parity().stream()
        .filter(c -> ONLY.isEmpty() || only.contains(c.hook().split("\\.", -1)[0]))
        .toList();
  }

  /** A case of each hook: one that is run often, which has a ragged shape. */
  static List<KernelCase> oneOfEachHook() {
    Map<String, KernelCase> one = new LinkedHashMap<>();
    cases().stream().filter(KernelCase::hot).forEach(c -> one.putIfAbsent(c.hook(), c));
    cases().forEach(c -> one.putIfAbsent(c.hook(), c));
    return List.copyOf(one.values());
  }

  /** Fails where the device is not the reference, twice the same, or keeps memory. */
  static void check(KernelCase kernel) throws InterruptedException {
    Fixture reference = run(kernel, Backends.reference());
    Fixture device = run(kernel, CudaBackend.get());
    device.assertMatches(reference);
    inOrder(1, () -> run(kernel, CudaBackend.get())).assertSameBits(device);
    Fixture resident = inOrder(2, () -> runResident(kernel));
    resident.assertMatches(reference);
    resident.assertSameBits(device);
    int held = blocksHeld();
    if (held != 0) {
      throw new AssertionError(held + " blocks of device memory held after a hook");
    }
  }

  /** What a stream keeps on the device is handed back once the stream is garbage; scratch never. */
  static int blocksHeld() throws InterruptedException {
    for (int i = 0; i < 200 && memory().blocks() > 0; i++) {
      System.gc();
      Thread.sleep(5);
    }
    return memory().blocks();
  }

  private static DeviceMemory memory() {
    return Cuda.open(0).memory();
  }

  /** On a GPU, whose order is its own: just again. */
  private static Fixture inOrder(int order, Supplier<Fixture> run) {
    EmulatedDevice.order(order);
    try {
      return run.get();
    } finally {
      EmulatedDevice.order(0);
    }
  }

  /** With its tensors on the device, where hooks use them in place. */
  private static Fixture runResident(KernelCase kernel) {
    Fixture fixture = new Fixture(1);
    KernelCase.Call call = kernel.setup().prepare(fixture);
    Resident.run(fixture, () -> call.run(CudaBackend.get()));
    return fixture;
  }

  private static Fixture run(KernelCase kernel, Backend backend) {
    Fixture fixture = new Fixture(1);
    kernel.setup().prepare(fixture).run(backend);
    return fixture;
  }
}
