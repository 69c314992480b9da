package io.github.elbo4j.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/**
 * The content of a safetensors file (<a
 * href="https://github.com/huggingface/safetensors#format">format</a>): named tensors and a map of
 * strings.
 *
 * <p>The file is an 8-byte little-endian header length, a JSON header padded with spaces, and the
 * tensors' little-endian bytes without gaps. Ours also carries a checksum under {@value
 * #CHECKSUM_KEY} in {@code __metadata__}: the SHA-256 of the whole file with the checksum's 64
 * digits set to '0'. Other readers see an ordinary entry; {@link #read} refuses a file without it
 * or with another one, so no damage goes unseen, be it in length, header, padding or data.
 */
public final class SafeTensors {
  /** The reserved name of the string map in the header. */
  static final String METADATA_KEY = "__metadata__";

  /** The metadata key of the checksum. */
  static final String CHECKSUM_KEY = "elbo4j.sha256";

  static final int CHECKSUM_DIGITS = 64;

  /** The limit of the format's reference implementation. */
  static final int MAX_HEADER_BYTES = 100_000_000;

  /** Precedes the digits in the header; cannot occur inside a JSON string, where quotes escape. */
  private static final String CHECKSUM_MARK = "\"" + CHECKSUM_KEY + "\":\"";

  private static final int CHUNK_BYTES = 1 << 16;
  private static final String ADVICE = "use an undamaged copy that elbo4j wrote";

  private final Path file;
  private final SafeTensorsHeader header;
  private final Map<String, SafeTensorsHeader.Entry> entries = new LinkedHashMap<>();
  private final Map<String, Object> arrays = new LinkedHashMap<>();

  private SafeTensors(Path file, SafeTensorsHeader header) {
    this.file = file;
    this.header = header;
  }

  /** All metadata but the checksum. */
  public SortedMap<String, String> metadata() {
    return Collections.unmodifiableSortedMap(header.metadata());
  }

  /**
   * One metadata value.
   *
   * @throws CheckpointException when there is none
   */
  public String metadata(String key) throws CheckpointException {
    String value = header.metadata().get(key);
    if (value == null) {
      throw new CheckpointException(file, "has no metadata '" + key + "'", ADVICE);
    }
    return value;
  }

  /** A metadata value, or {@code otherwise} where the file has none of that key. */
  public String metadata(String key, String otherwise) {
    return header.metadata().getOrDefault(key, otherwise);
  }

  /** The tensors' names in the order of their data. */
  public Set<String> names() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  /**
   * The element type of a tensor.
   *
   * @throws CheckpointException when there is no such tensor
   */
  public DType dtype(String name) throws CheckpointException {
    return entry(name).dtype();
  }

  /**
   * The shape of a tensor, a fresh array.
   *
   * @throws CheckpointException when there is no such tensor
   */
  public int[] shape(String name) throws CheckpointException {
    return entry(name).shape().stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * The elements of an F32 tensor: the array itself, not a copy.
   *
   * @param shape what the shape must be
   * @throws CheckpointException when the tensor is missing or has another type or shape
   */
  public float[] f32(String name, int... shape) throws CheckpointException {
    return (float[]) array(name, DType.F32, shape);
  }

  /** As {@link #f32} for an F64 tensor. */
  public double[] f64(String name, int... shape) throws CheckpointException {
    return (double[]) array(name, DType.F64, shape);
  }

  /** As {@link #f32} for an I64 tensor. */
  public long[] i64(String name, int... shape) throws CheckpointException {
    return (long[]) array(name, DType.I64, shape);
  }

  /** As {@link #f32} for a U8 tensor. */
  public byte[] u8(String name, int... shape) throws CheckpointException {
    return (byte[]) array(name, DType.U8, shape);
  }

  private SafeTensorsHeader.Entry entry(String name) throws CheckpointException {
    SafeTensorsHeader.Entry entry = entries.get(name);
    if (entry == null) {
      throw new CheckpointException(
          file, "has no tensor '" + name + "'", "use a checkpoint of the same model");
    }
    return entry;
  }

  private Object array(String name, DType dtype, int[] shape) throws CheckpointException {
    SafeTensorsHeader.Entry entry = entry(name);
    if (entry.dtype() != dtype || !Arrays.equals(shape(name), shape)) {
      String problem =
          "tensor '%s' is %s %s and must be %s %s"
              .formatted(name, entry.dtype(), entry.shape(), dtype, Arrays.toString(shape));
      throw new CheckpointException(file, problem, "use a checkpoint of the same model");
    }
    Object array = arrays.get(name);
    if (array == null) {
      throw new IllegalStateException("read() has loaded every tensor of the header");
    }
    return array;
  }

  /**
   * Reads and checks a whole file. Memory use is bounded by the size of the file, whatever its
   * header claims.
   *
   * @throws CheckpointException when the file is missing, malformed or damaged
   * @throws IOException naming the file when it cannot be read at all
   */
  public static SafeTensors read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return read(file, channel);
    } catch (NoSuchFileException e) {
      throw new CheckpointException(file, "there is no such file", "check the path");
    } catch (SafeTensorsHeader.InvalidHeader e) {
      throw new CheckpointException(file, "damaged, " + e.getMessage(), ADVICE);
    } catch (IOException e) {
      throw new IOException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  private static SafeTensors read(Path file, FileChannel channel)
      throws IOException, SafeTensorsHeader.InvalidHeader {
    byte[] head = readHead(channel);
    SafeTensorsHeader header =
        SafeTensorsHeader.decode(Arrays.copyOfRange(head, Long.BYTES, head.length));
    long wanted = head.length + header.dataBytes();
    if (channel.size() != wanted) {
      throw new SafeTensorsHeader.InvalidHeader(
          "the file has %d bytes and its header describes %d".formatted(channel.size(), wanted));
    }
    String checksum = blankChecksum(head, header);
    MessageDigest digest = sha256();
    digest.update(head);
    SafeTensors content = new SafeTensors(file, header);
    for (SafeTensorsHeader.Entry entry : header.entries()) {
      content.entries.put(entry.name(), entry);
      content.arrays.put(entry.name(), readArray(channel, entry, digest));
    }
    if (!HexFormat.of().formatHex(digest.digest()).equals(checksum)) {
      throw new SafeTensorsHeader.InvalidHeader("the content does not match its checksum");
    }
    return content;
  }

  /** The length and the header it announces, at most what the file has. */
  private static byte[] readHead(FileChannel channel)
      throws IOException, SafeTensorsHeader.InvalidHeader {
    long size = channel.size();
    if (size < Long.BYTES) {
      throw new SafeTensorsHeader.InvalidHeader("the file has only " + size + " bytes");
    }
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length);
    long headerBytes = length.getLong(0);
    if (headerBytes < 0 || headerBytes > Math.min(MAX_HEADER_BYTES, size - Long.BYTES)) {
      throw new SafeTensorsHeader.InvalidHeader(
          "a header of %s bytes in a file of %d (at most %d)"
              .formatted(Long.toUnsignedString(headerBytes), size, MAX_HEADER_BYTES));
    }
    ByteBuffer head = ByteBuffer.allocate(Long.BYTES + (int) headerBytes);
    head.put(length.array());
    readFully(channel, head);
    return head.array();
  }

  /** Takes the digits out of the header's bytes and removes their entry from the metadata. */
  private static String blankChecksum(byte[] head, SafeTensorsHeader header)
      throws SafeTensorsHeader.InvalidHeader {
    int position = checksumPosition(head);
    String checksum = header.metadata().remove(CHECKSUM_KEY);
    if (position < 0 || checksum == null) {
      throw new SafeTensorsHeader.InvalidHeader("it has no checksum '" + CHECKSUM_KEY + "'");
    }
    int end = position + CHECKSUM_DIGITS;
    if (!checksum.matches("[0-9a-f]{64}")
        || !checksum.equals(
            new String(head, position, CHECKSUM_DIGITS, StandardCharsets.US_ASCII))) {
      throw new SafeTensorsHeader.InvalidHeader("its checksum must be 64 lower-case hex digits");
    }
    Arrays.fill(head, position, end, (byte) '0');
    return checksum;
  }

  /** Where the checksum's digits begin, or -1; {@code head} is the length and the header. */
  static int checksumPosition(byte[] head) {
    int mark = new String(head, StandardCharsets.ISO_8859_1).indexOf(CHECKSUM_MARK, Long.BYTES);
    int position = mark + CHECKSUM_MARK.length();
    return mark < 0 || position + CHECKSUM_DIGITS > head.length ? -1 : position;
  }

  private static Object readArray(
      FileChannel channel, SafeTensorsHeader.Entry entry, MessageDigest digest) throws IOException {
    int elements = entry.elements();
    return switch (entry.dtype()) {
      case F32 -> {
        float[] array = new float[elements];
        eachChunk(channel, entry, digest, (b, i, n) -> b.asFloatBuffer().get(array, i, n));
        yield array;
      }
      case F64 -> {
        double[] array = new double[elements];
        eachChunk(channel, entry, digest, (b, i, n) -> b.asDoubleBuffer().get(array, i, n));
        yield array;
      }
      case I64 -> {
        long[] array = new long[elements];
        eachChunk(channel, entry, digest, (b, i, n) -> b.asLongBuffer().get(array, i, n));
        yield array;
      }
      case U8 -> {
        byte[] array = new byte[elements];
        eachChunk(channel, entry, digest, (b, i, n) -> b.get(array, i, n));
        yield array;
      }
    };
  }

  @FunctionalInterface
  private interface ChunkReader {
    void read(ByteBuffer chunk, int firstElement, int count);
  }

  private static void eachChunk(
      FileChannel channel, SafeTensorsHeader.Entry entry, MessageDigest digest, ChunkReader reader)
      throws IOException {
    int size = entry.dtype().bytes();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int from = 0;
    while (from < entry.elements()) {
      int count = Math.min(CHUNK_BYTES / size, entry.elements() - from);
      readFully(channel, chunk.clear().limit(count * size));
      digest.update(chunk.array(), 0, count * size);
      reader.read(chunk.flip(), from, count);
      from += count;
    }
  }

  private static void readFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new IOException("the file became shorter while it was read");
      }
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
