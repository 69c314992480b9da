package io.github.elbo4j.tensor;

/**
 * A dense, row-major view of float32 elements. It owns nothing: several tensors may look at one
 * array, which is how parameters lie side by side in one flat buffer.
 */
public final class Tensor {
  /** A tensor without elements: what a field holds before it is given one. */
  public static final Tensor EMPTY = zeros(0);

  /** Stands for the array of a tensor on a device. */
  private static final float[] ON_DEVICE = {};

  private final Shape shape;
  private final Storage storage;
  private final float[] array;
  private final int offset;

  private Tensor(Shape shape, HostStorage storage) {
    if (storage.array().length - storage.offset() < shape.size()) {
      throw new IllegalArgumentException(
          "Tensor: shape %s needs %d elements from offset %d, the array has %d"
              .formatted(shape, shape.size(), storage.offset(), storage.array().length));
    }
    this.shape = shape;
    this.storage = storage;
    this.array = storage.array();
    this.offset = storage.offset();
  }

  private Tensor(Shape shape, DeviceStorage storage) {
    this.shape = shape;
    this.storage = storage;
    this.array = ON_DEVICE;
    this.offset = 0;
  }

  /** A view of device memory, which must hold as many elements as {@code shape} has. */
  public static Tensor of(DeviceStorage storage, Shape shape) {
    return new Tensor(shape, storage);
  }

  /** A view of {@code array} from {@code offset}; nothing is copied. */
  public static Tensor of(float[] array, int offset, int... dims) {
    return of(array, offset, Shape.of(dims));
  }

  /** A view of {@code array} from {@code offset}; nothing is copied. */
  public static Tensor of(float[] array, int offset, Shape shape) {
    return new Tensor(shape, new HostStorage(array, offset));
  }

  /** A new tensor of zeros. */
  public static Tensor zeros(int... dims) {
    Shape shape = Shape.of(dims);
    return of(new float[shape.size()], 0, shape);
  }

  public Shape shape() {
    return shape;
  }

  public Storage storage() {
    return storage;
  }

  /**
   * The backing array; element i of this tensor is {@code array()[offset() + i]}. For tensors in
   * host memory, as is {@link #offset}; see {@link #onHost}.
   */
  public float[] array() {
    if (storage instanceof DeviceStorage) {
      throw new IllegalStateException(
          "array: " + this + " is in device memory; copy it to a tensor of the host first");
    }
    return array;
  }

  /** A view of this tensor's elements from {@code from} under another shape; nothing is copied. */
  public Tensor slice(int from, Shape other) {
    if (from < 0 || from > size() - other.size()) {
      throw new IllegalArgumentException(
          "slice: shape %s from element %d does not fit in %s".formatted(other, from, shape));
    }
    return storage instanceof DeviceStorage device
        ? of(device.plus(from), other)
        : of(array, offset + from, other);
  }

  /** Index in {@link #array()} of the first element. */
  public int offset() {
    return offset;
  }

  /** Product of all dimensions but the last. */
  public int rows() {
    return shape.rows();
  }

  /** Length of the last dimension. */
  public int columns() {
    return shape.columns();
  }

  public int size() {
    return shape.size();
  }

  /** Element {@code index} in row-major order; from a device, by a copy that waits for it. */
  public float get(int index) {
    java.util.Objects.checkIndex(index, size());
    if (storage instanceof DeviceStorage device) {
      float[] one = new float[1];
      device.owner().read(device.plus(index).address(), one, 0, 1);
      return one[0];
    }
    return array[offset + index];
  }

  /** Sets every element; on a device, by a copy: {@code MemoryKernels.fill} is faster there. */
  public void fill(float value) {
    if (storage instanceof DeviceStorage) {
      float[] values = new float[size()];
      java.util.Arrays.fill(values, value);
      set(values);
    } else {
      java.util.Arrays.fill(array, offset, offset + size(), value);
    }
  }

  /**
   * Sets the elements to those of an array as long as this tensor; returns this.
   *
   * @throws IllegalArgumentException for another number of elements
   */
  public Tensor set(float[] values) {
    if (values.length != size()) {
      throw new IllegalArgumentException(
          "set: %d numbers given for %s".formatted(values.length, this));
    }
    if (storage instanceof DeviceStorage device) {
      device.owner().write(device.address(), values, 0, values.length);
    } else {
      System.arraycopy(values, 0, array, offset, values.length);
    }
    return this;
  }

  /** A copy of the elements. */
  public float[] toArray() {
    if (storage instanceof DeviceStorage device) {
      float[] values = new float[size()];
      device.owner().read(device.address(), values, 0, values.length);
      return values;
    }
    return java.util.Arrays.copyOfRange(array, offset, offset + size());
  }

  /** This tensor where it is in host memory, else a copy of it there. */
  public Tensor onHost() {
    return storage instanceof DeviceStorage ? of(toArray(), 0, shape) : this;
  }

  /** True where the two look at a common element; one without elements shares none. */
  @SuppressWarnings("ReferenceEquality") // sharing memory is about identity
  public boolean overlaps(Tensor other) {
    if (size() == 0 || other.size() == 0) {
      return false;
    }
    if (storage instanceof DeviceStorage mine) {
      return other.storage instanceof DeviceStorage theirs
          && mine.address() < theirs.plus(other.size()).address()
          && theirs.address() < mine.plus(size()).address();
    }
    return array == other.array
        && offset < other.offset + other.size()
        && other.offset < offset + size();
  }

  @Override
  public String toString() {
    return "Tensor" + shape;
  }
}
