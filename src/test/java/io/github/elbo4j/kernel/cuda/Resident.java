package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.tensor.DeviceStorage;
import io.github.elbo4j.tensor.HostStorage;
import io.github.elbo4j.tensor.Storage;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.Fixture;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Tensors of the host that live on a device for the time of a call: their whole arrays do, guards
 * included, so that they lie as far from 16 bytes as before. The tensors stay the same objects,
 * because the calls of the cases hold on to them: that is what the reflection is for.
 */
final class Resident {
  private static final Field STORAGE;

  static {
    try {
      STORAGE = Tensor.class.getDeclaredField("storage");
      STORAGE.setAccessible(true);
    } catch (NoSuchFieldException e) {
      throw new LinkageError("Tensor.storage", e);
    }
  }

  /** What reads and writes a tensor that is looked at meanwhile. */
  private record Owner(Cuda cuda) implements DeviceStorage.Owner {
    @Override
    public void read(long address, float[] to, int at, int n) {
      cuda.read(address, to, at, n);
    }

    @Override
    public void write(long address, float[] from, int at, int n) {
      cuda.write(address, from, at, n);
    }
  }

  private record Moved(Tensor tensor, HostStorage host, long block) {}

  private final Cuda cuda;
  private final List<Moved> moved = new ArrayList<>();

  /** Runs a call while the tensors of its fixture live on the device. */
  static void run(Fixture fixture, Runnable call) {
    Resident resident = new Resident(Cuda.open(0), fixture.given());
    try {
      call.run();
    } finally {
      resident.bringBack();
    }
  }

  private Resident(Cuda cuda, Collection<Tensor> tensors) {
    this.cuda = cuda;
    for (Tensor t : tensors) {
      HostStorage host = (HostStorage) t.storage();
      float[] array = host.array();
      long block = cuda.memory().take((long) Float.BYTES * array.length);
      cuda.write(block, array, 0, array.length);
      moved.add(new Moved(t, host, block));
      set(t, new DeviceStorage(block, new Owner(cuda)).plus(host.offset()));
    }
  }

  /** Brings everything back, guards included. */
  private void bringBack() {
    for (Moved m : moved) {
      float[] array = m.host.array();
      cuda.read(m.block, array, 0, array.length);
      cuda.memory().release(m.block);
      set(m.tensor, m.host);
    }
  }

  private static void set(Tensor t, Storage storage) {
    try {
      STORAGE.set(t, storage);
    } catch (IllegalAccessException e) {
      throw new LinkageError("Tensor.storage", e);
    }
  }
}
