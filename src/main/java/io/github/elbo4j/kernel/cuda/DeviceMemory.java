package io.github.elbo4j.kernel.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Device memory in blocks of a few sizes, kept for the next taker when released: an allocation on
 * the device waits for all its work.
 */
public final class DeviceMemory {
  private static final long SMALLEST = 512;

  /** What a device hands out memory by. */
  private static final long LARGE = 2L << 20;

  /** How often it is asked again when it has none: the last ones after garbage collections. */
  private static final int TRIES = 6;

  /**
   * Every block is as long as was asked for and goes back to the device at once, so that a checker
   * of the device sees each access beyond one.
   */
  private static final boolean EXACT = Boolean.getBoolean("elbo4j.cuda.exact");

  private final Map<Long, Deque<Long>> free = new HashMap<>();
  private final Map<Long, Long> sizes = new HashMap<>();
  private final Runnable makeCurrent;
  private long taken;

  /** {@code makeCurrent} makes the device's context that of the thread, whichever asks. */
  DeviceMemory(Runnable makeCurrent) {
    this.makeCurrent = makeCurrent;
  }

  /**
   * Address of a block of at least {@code bytes} bytes, with whatever was in it.
   *
   * @throws CudaException when the device has none left; the message says how much was asked for,
   *     and is held
   */
  public synchronized long take(long bytes) {
    long size = sizeFor(bytes);
    Deque<Long> blocks = free.get(size);
    long address;
    if (blocks != null && !blocks.isEmpty()) {
      address = blocks.pop();
    } else {
      address = allocate(size, bytes);
    }
    sizes.put(address, size);
    taken += size;
    return address;
  }

  /** Hands a block back. The device's stream may still use it: its next taker comes after in it. */
  public synchronized void release(long address) {
    Long size = sizes.remove(address);
    if (size == null) {
      throw new IllegalArgumentException("release: 0x%x was not taken".formatted(address));
    }
    taken -= size;
    if (EXACT) {
      makeCurrent.run();
      CudaException.check(JCudaDriver.cuMemFree(at(address)), "cuMemFree");
      return;
    }
    free.computeIfAbsent(size, s -> new ArrayDeque<>()).push(address);
  }

  /** Blocks taken and not released. */
  public synchronized int blocks() {
    return sizes.size();
  }

  /** Bytes taken and not released. */
  public synchronized long bytes() {
    return taken;
  }

  /** Gives the blocks that nobody holds back to the device. */
  public synchronized void trim() {
    makeCurrent.run();
    free.values()
        .forEach(
            blocks -> {
              blocks.forEach(b -> CudaException.check(JCudaDriver.cuMemFree(at(b)), "cuMemFree"));
              blocks.clear();
            });
  }

  /** Length of the block that {@link #take} gives for so many bytes. */
  static long sizeFor(long bytes) {
    return EXACT ? Math.max(1, bytes) : roundedUp(bytes);
  }

  /** Powers of two up to 2 MiB, then multiples of that. */
  private static long roundedUp(long bytes) {
    return bytes <= LARGE
        ? Math.max(SMALLEST, Long.highestOneBit(Math.max(1, bytes - 1)) << 1)
        : Math.ceilDiv(bytes, LARGE) * LARGE;
  }

  private long allocate(long size, long asked) {
    makeCurrent.run();
    CUdeviceptr pointer = new CUdeviceptr();
    int code = JCudaDriver.cuMemAlloc(pointer, size);
    for (int tries = 0; tries < TRIES && code == CUresult.CUDA_ERROR_OUT_OF_MEMORY; tries++) {
      if (tries > 0) {
        waitForGarbage();
      }
      trim();
      code = JCudaDriver.cuMemAlloc(pointer, size);
    }
    if (code != CUresult.CUDA_SUCCESS) {
      long[] left = new long[1];
      long[] total = new long[1];
      JCudaDriver.cuMemGetInfo(left, total);
      throw new CudaException(
          "device memory: %,d bytes asked for, %,d of %,d free, %,d held in %,d blocks"
              .formatted(asked, left[0], total[0], taken, sizes.size()),
          code);
    }
    return addressOf(pointer);
  }

  /** Blocks of tensors that nobody looks at any more come back from the garbage collector. */
  @SuppressWarnings("WaitNotInLoop") // for a moment, whatever comes: the caller tries again
  private void waitForGarbage() {
    System.gc();
    try {
      wait(50); // lets the cleaner's thread in, which releases
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The pointer of an address. */
  static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** The address of a pointer. */
  static long addressOf(CUdeviceptr pointer) {
    return new Address(pointer).value();
  }

  /** JCuda keeps the number of a pointer to itself and its subclasses. */
  private static final class Address extends Pointer {
    Address(Pointer other) {
      super(other);
    }

    long value() {
      return getNativePointer() + getByteOffset();
    }
  }
}
