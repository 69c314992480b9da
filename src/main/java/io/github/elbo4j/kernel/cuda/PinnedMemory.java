package io.github.elbo4j.kernel.cuda;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/** Memory of the host that stays where it is, so that a device copies from and to it by itself. */
final class PinnedMemory implements AutoCloseable {
  private static final AtomicInteger BLOCKS = new AtomicInteger();

  private final Pointer pointer = new Pointer();
  private final MemorySegment bytes;

  /** A block, with whatever was in it; the device's context must be current. */
  PinnedMemory(long size) {
    CudaException.check(
        JCudaDriver.cuMemHostAlloc(pointer, size, 0), "cuMemHostAlloc %,d bytes".formatted(size));
    bytes = MemorySegment.ofBuffer(pointer.getByteBuffer(0, size));
    BLOCKS.incrementAndGet();
  }

  /** Blocks that are not closed. */
  static int blocks() {
    return BLOCKS.get();
  }

  MemorySegment bytes() {
    return bytes;
  }

  Pointer pointer() {
    return pointer;
  }

  /** Frees it; nothing that was queued may use it any more. */
  @Override
  public void close() {
    CudaException.check(JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost");
    BLOCKS.decrementAndGet();
  }
}
