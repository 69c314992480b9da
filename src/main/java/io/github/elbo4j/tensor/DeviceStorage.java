package io.github.elbo4j.tensor;

/**
 * Elements in the memory of a device, where kernels of the backend that allocated it work on them.
 *
 * @param address of the first element, on the device
 * @param owner keeps the memory allocated while a tensor looks at it, and moves elements
 */
public record DeviceStorage(long address, Owner owner) implements Storage {
  /**
   * Moves elements between a device and arrays, after all work that the device was given before.
   */
  public interface Owner {
    /** {@code to[at + i] = } element i from {@code address} on, i &lt; n. */
    void read(long address, float[] to, int at, int n);

    /** Element i from {@code address} on {@code = from[at + i]}, i &lt; n. */
    void write(long address, float[] from, int at, int n);
  }

  /** The same memory, {@code elements} floats further on. */
  public DeviceStorage plus(int elements) {
    return new DeviceStorage(address + (long) Float.BYTES * elements, owner);
  }
}
