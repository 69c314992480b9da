package io.github.elbo4j.train;

import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The JSON header of a safetensors file: its structure, encoded and decoded. Decoding accepts
 * exactly the structure of the format and data ranges without holes or overlaps.
 *
 * @param metadata the string map {@code __metadata__}
 * @param entries the tensors in the order of their data
 */
record SafeTensorsHeader(SortedMap<String, String> metadata, List<Entry> entries) {
  private static final JsonFactory JSON = new JsonFactory();

  /**
   * One tensor.
   *
   * @param begin first byte of its data, counted from the end of the header
   * @param end byte after its data
   */
  record Entry(String name, DType dtype, List<Integer> shape, long begin, long end) {
    int elements() {
      return (int) ((end - begin) / dtype.bytes());
    }
  }

  /** Why a header is refused; the caller knows the file. */
  static final class InvalidHeader extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidHeader(String problem) {
      super(problem);
    }
  }

  /** Size of the data that the header describes, in bytes. */
  long dataBytes() {
    return entries.isEmpty() ? 0 : entries.getLast().end;
  }

  /** UTF-8 JSON, padded with spaces so that the data starts at a multiple of 8 in the file. */
  byte[] encode() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeObjectPropertyStart(SafeTensors.METADATA_KEY);
      metadata.forEach(json::writeStringProperty);
      json.writeEndObject();
      entries.forEach(entry -> encode(json, entry));
      json.writeEndObject();
    }
    byte[] bytes = utf8(text.toString());
    byte[] padded = Arrays.copyOf(bytes, Math.ceilDiv(bytes.length, 8) * 8);
    Arrays.fill(padded, bytes.length, padded.length, (byte) ' ');
    if (padded.length > SafeTensors.MAX_HEADER_BYTES) {
      throw new IllegalArgumentException(
          "safetensors header has %d bytes, more than %d"
              .formatted(padded.length, SafeTensors.MAX_HEADER_BYTES));
    }
    return padded;
  }

  private static void encode(JsonGenerator json, Entry entry) {
    json.writeObjectPropertyStart(entry.name);
    json.writeStringProperty("dtype", entry.dtype.name());
    json.writeArrayPropertyStart("shape");
    entry.shape.forEach(json::writeNumber);
    json.writeEndArray();
    json.writeArrayPropertyStart("data_offsets");
    json.writeNumber(entry.begin).writeNumber(entry.end);
    json.writeEndArray();
    json.writeEndObject();
  }

  private static byte[] utf8(String text) {
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("a tensor name or metadata has a lone surrogate", e);
    }
  }

  /** Decodes and checks everything but the checksum. */
  static SafeTensorsHeader decode(byte[] header) throws InvalidHeader {
    if (header.length == 0 || header[0] != '{') {
      throw new InvalidHeader("the header does not start with '{'");
    }
    SortedMap<String, String> metadata = new TreeMap<>();
    List<Entry> entries = new ArrayList<>();
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), strictUtf8(header))) {
      json.nextToken();
      Set<String> names = new HashSet<>();
      for (String name = json.nextName(); name != null; name = json.nextName()) {
        if (!names.add(name)) {
          throw new InvalidHeader("the header has '" + name + "' twice");
        }
        if (name.equals(SafeTensors.METADATA_KEY)) {
          decodeMetadata(json, metadata);
        } else {
          entries.add(decodeEntry(json, name));
        }
      }
      if (json.nextToken() != null) {
        throw new InvalidHeader("the header goes on after its JSON object");
      }
    } catch (JacksonException e) {
      throw new InvalidHeader("the header is not valid JSON (" + e.getOriginalMessage() + ")");
    }
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    checkContiguous(entries);
    return new SafeTensorsHeader(metadata, List.copyOf(entries));
  }

  private static String strictUtf8(byte[] header) throws InvalidHeader {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidHeader("the header is not valid UTF-8");
    }
  }

  private static void decodeMetadata(JsonParser json, Map<String, String> metadata)
      throws InvalidHeader {
    expect(json, JsonToken.START_OBJECT, "__metadata__ must be an object");
    for (String key = json.nextName(); key != null; key = json.nextName()) {
      expect(json, JsonToken.VALUE_STRING, "__metadata__ '" + key + "' must be a string");
      if (metadata.putIfAbsent(key, json.getString()) != null) {
        throw new InvalidHeader("__metadata__ has '" + key + "' twice");
      }
    }
  }

  private static Entry decodeEntry(JsonParser json, String name) throws InvalidHeader {
    String who = "tensor '" + name + "'";
    DType dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    expect(json, JsonToken.START_OBJECT, who + " must be an object");
    for (String key = json.nextName(); key != null; key = json.nextName()) {
      switch (key) {
        case "dtype" -> dtype = once(who, key, dtype, decodeDType(json, who));
        case "shape" -> shape = once(who, key, shape, decodeNumbers(json, who, key));
        case "data_offsets" -> offsets = once(who, key, offsets, decodeNumbers(json, who, key));
        default -> throw new InvalidHeader(who + " has the unknown key '" + key + "'");
      }
    }
    if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
      throw new InvalidHeader(who + " needs dtype, shape and data_offsets [begin, end]");
    }
    long begin = offsets.getFirst();
    long end = offsets.getLast();
    List<Integer> sizes = checkSize(who, dtype, shape, begin, end);
    return new Entry(name, dtype, sizes, begin, end);
  }

  private static <T> T once(String who, String key, @Nullable T before, T now)
      throws InvalidHeader {
    if (before != null) {
      throw new InvalidHeader(who + " has '" + key + "' twice");
    }
    return now;
  }

  private static DType decodeDType(JsonParser json, String who) throws InvalidHeader {
    expect(json, JsonToken.VALUE_STRING, who + ": dtype must be a string");
    String text = json.getString();
    for (DType dtype : DType.values()) {
      if (dtype.name().equals(text)) {
        return dtype;
      }
    }
    throw new InvalidHeader(
        who + ": dtype '" + text + "' must be one of " + Arrays.toString(DType.values()));
  }

  private static List<Long> decodeNumbers(JsonParser json, String who, String key)
      throws InvalidHeader {
    String wanted = who + ": " + key + " must be a list of integers from 0 to 2^63-1";
    expect(json, JsonToken.START_ARRAY, wanted);
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
          || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          || json.getLongValue() < 0) {
        throw new InvalidHeader(wanted);
      }
      numbers.add(json.getLongValue());
    }
    return numbers;
  }

  /** The data range must be what dtype and shape need, and fit a Java array. */
  private static List<Integer> checkSize(
      String who, DType dtype, List<Long> shape, long begin, long end) throws InvalidHeader {
    long elements = 1;
    List<Integer> sizes = new ArrayList<>();
    for (long size : shape) {
      // Each factor is checked too, so that the product of two of them cannot overflow.
      if (size > Integer.MAX_VALUE || elements * size > Integer.MAX_VALUE) {
        throw new InvalidHeader(who + ": shape " + shape + " has more than 2^31-1 elements");
      }
      elements *= size;
      sizes.add((int) size);
    }
    long bytes = elements * dtype.bytes();
    if (end < begin || end - begin != bytes) {
      throw new InvalidHeader(
          "%s: data_offsets [%d, %d] must span the %d bytes of %s %s"
              .formatted(who, begin, end, bytes, dtype, shape));
    }
    return List.copyOf(sizes);
  }

  private static void checkContiguous(List<Entry> sorted) throws InvalidHeader {
    long expected = 0;
    for (Entry entry : sorted) {
      if (entry.begin != expected) {
        throw new InvalidHeader(
            "tensor '%s': its data begins at %d and must begin at %d, without hole or overlap"
                .formatted(entry.name, entry.begin, expected));
      }
      expected = entry.end;
    }
  }

  private static void expect(JsonParser json, JsonToken token, String orElse) throws InvalidHeader {
    if (json.nextToken() != token) {
      throw new InvalidHeader(orElse);
    }
  }
}
