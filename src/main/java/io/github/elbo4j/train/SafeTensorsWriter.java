package io.github.elbo4j.train;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Collects tensors and metadata and writes them as one safetensors file (see {@link SafeTensors}).
 * The bytes depend on the content only, not on the order of the calls. Arrays are not copied: leave
 * them unchanged until the file is written.
 */
public final class SafeTensorsWriter {
  private static final int CHUNK_BYTES = 1 << 16;

  private final SortedMap<String, String> metadata = new TreeMap<>();
  private final SortedMap<String, Pending> tensors = new TreeMap<>();

  /**
   * Copies elements {@code from … from + count - 1} of the source into a buffer at its position.
   */
  @FunctionalInterface
  private interface Filler {
    void fill(ByteBuffer into, int from, int count);
  }

  private record Pending(DType dtype, List<Integer> shape, int elements, Filler filler) {}

  /**
   * Adds one entry of {@code __metadata__}.
   *
   * @throws IllegalArgumentException when the key is there already or is the checksum's own
   */
  public SafeTensorsWriter metadata(String key, String value) {
    if (key.equals(SafeTensors.CHECKSUM_KEY)) {
      throw new IllegalArgumentException(
          "metadata: key '" + key + "' is reserved for the checksum");
    }
    if (metadata.putIfAbsent(key, value) != null) {
      throw new IllegalArgumentException("metadata: key '" + key + "' is there already");
    }
    return this;
  }

  /** Adds the F32 tensor that starts at {@code data[offset]}, in row-major order. */
  public SafeTensorsWriter f32(String name, int[] shape, float[] data, int offset) {
    Filler filler = (into, from, n) -> into.asFloatBuffer().put(data, offset + from, n);
    return add(name, DType.F32, shape, data.length, offset, filler);
  }

  /** Adds the F64 tensor that starts at {@code data[offset]}, in row-major order. */
  public SafeTensorsWriter f64(String name, int[] shape, double[] data, int offset) {
    Filler filler = (into, from, n) -> into.asDoubleBuffer().put(data, offset + from, n);
    return add(name, DType.F64, shape, data.length, offset, filler);
  }

  /** Adds the I64 tensor that starts at {@code data[offset]}, in row-major order. */
  public SafeTensorsWriter i64(String name, int[] shape, long[] data, int offset) {
    Filler filler = (into, from, n) -> into.asLongBuffer().put(data, offset + from, n);
    return add(name, DType.I64, shape, data.length, offset, filler);
  }

  /** Adds the U8 tensor that starts at {@code data[offset]}, in row-major order. */
  public SafeTensorsWriter u8(String name, int[] shape, byte[] data, int offset) {
    Filler filler = (into, from, n) -> into.put(into.position(), data, offset + from, n);
    return add(name, DType.U8, shape, data.length, offset, filler);
  }

  private SafeTensorsWriter add(
      String name, DType dtype, int[] shape, int length, int offset, Filler filler) {
    int elements = elements(name, shape);
    if (offset < 0 || elements > length - offset) {
      throw new IllegalArgumentException(
          "tensor '%s': shape %s at offset %d needs more than the array's %d elements"
              .formatted(name, Arrays.toString(shape), offset, length));
    }
    if (name.equals(SafeTensors.METADATA_KEY)) {
      throw new IllegalArgumentException("tensor '" + name + "': the name is reserved");
    }
    List<Integer> sizes = Arrays.stream(shape).boxed().toList();
    if (tensors.putIfAbsent(name, new Pending(dtype, sizes, elements, filler)) != null) {
      throw new IllegalArgumentException("tensor '" + name + "' is there already");
    }
    return this;
  }

  private static int elements(String name, int[] shape) {
    long product = 1;
    for (int size : shape) {
      product = size < 0 ? -1 : product * size;
      if (product < 0 || product > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "tensor '%s': shape %s must have 0 to 2^31-1 elements"
                .formatted(name, Arrays.toString(shape)));
      }
    }
    return (int) product;
  }

  /**
   * Replaces {@code file} atomically.
   *
   * @throws IOException naming the file when it cannot be written; it is then unchanged
   */
  public void write(Path file) throws IOException {
    AtomicFiles.write(file, this::writeTo);
  }

  /** Writes the whole file to a stream; the data is walked twice, once for the checksum. */
  void writeTo(OutputStream out) throws IOException {
    List<Pending> order = new ArrayList<>();
    byte[] head = head(order);
    MessageDigest digest = SafeTensors.sha256();
    digest.update(head);
    for (Pending tensor : order) {
      eachChunk(tensor, digest::update);
    }
    byte[] hex = HexFormat.of().formatHex(digest.digest()).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(hex, 0, head, SafeTensors.checksumPosition(head), hex.length);
    out.write(head);
    for (Pending tensor : order) {
      eachChunk(tensor, out::write);
    }
  }

  @FunctionalInterface
  private interface Sink {
    void accept(byte[] bytes, int offset, int length) throws IOException;
  }

  private static void eachChunk(Pending tensor, Sink sink) throws IOException {
    int size = tensor.dtype.bytes();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int from = 0;
    while (from < tensor.elements) {
      int count = Math.min(CHUNK_BYTES / size, tensor.elements - from);
      tensor.filler.fill(chunk, from, count);
      sink.accept(chunk.array(), 0, count * size);
      from += count;
    }
  }

  /**
   * Length and header with a checksum of zeros. Wide types come first, so every tensor is aligned
   * to its element size; this is the order of the format's reference implementation.
   *
   * @param order receives the tensors in the order of their data
   */
  private byte[] head(List<Pending> order) {
    List<SafeTensorsHeader.Entry> entries = new ArrayList<>();
    long[] end = {0};
    tensors.entrySet().stream()
        .sorted(Comparator.comparing(e -> e.getValue().dtype)) // stable: names stay sorted
        .forEach(
            e -> {
              Pending t = e.getValue();
              long begin = end[0];
              end[0] = begin + (long) t.elements * t.dtype.bytes();
              entries.add(new SafeTensorsHeader.Entry(e.getKey(), t.dtype, t.shape, begin, end[0]));
              order.add(t);
            });
    SortedMap<String, String> all = new TreeMap<>(metadata);
    all.put(SafeTensors.CHECKSUM_KEY, "0".repeat(SafeTensors.CHECKSUM_DIGITS));
    byte[] header = new SafeTensorsHeader(all, entries).encode();
    return ByteBuffer.allocate(Long.BYTES + header.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }
}
