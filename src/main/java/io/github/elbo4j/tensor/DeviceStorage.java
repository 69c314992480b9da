package io.github.elbo4j.tensor;

/**
 * Elements in the memory of a device, which only kernels of the backend that allocated it may read.
 *
 * @param address of the first element, on the device
 * @param owner what keeps the memory allocated while a tensor looks at it
 */
public record DeviceStorage(long address, Object owner) implements Storage {
  /** The same memory, {@code elements} floats further on. */
  public DeviceStorage plus(int elements) {
    return new DeviceStorage(address + (long) Float.BYTES * elements, owner);
  }
}
