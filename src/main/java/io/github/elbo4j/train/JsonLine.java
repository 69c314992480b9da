package io.github.elbo4j.train;

import java.io.StringWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * One JSON object on one line, its members in the order they were put. All output is ASCII (other
 * characters are escaped), so it survives any locale; NaN and infinities, which JSON lacks, become
 * null.
 */
public final class JsonLine {
  private static final JsonFactory JSON = JsonFactory.builder().highestNonEscapedChar(0x7F).build();

  private final Map<String, @Nullable Object> members = new LinkedHashMap<>();

  /** Puts a number; a non-finite one is written as null. */
  public JsonLine put(String name, double value) {
    return add(name, value);
  }

  /** Puts an integer. */
  public JsonLine put(String name, long value) {
    return add(name, value);
  }

  /** Puts a truth value. */
  public JsonLine put(String name, boolean value) {
    return add(name, value);
  }

  /** Puts a string, or null. */
  public JsonLine put(String name, @Nullable String value) {
    return add(name, value);
  }

  /** Puts an object. */
  public JsonLine put(String name, JsonLine value) {
    return add(name, value);
  }

  /** Puts a list of objects. */
  public JsonLine put(String name, List<JsonLine> values) {
    return add(name, List.copyOf(values));
  }

  /** Puts a list of numbers; a non-finite one is written as null. */
  public JsonLine put(String name, double[] values) {
    return add(name, list(values));
  }

  /** Puts a list of integers. */
  public JsonLine put(String name, int[] values) {
    return add(name, Arrays.stream(values).asLongStream().boxed().toList());
  }

  /** Puts a list of lists of numbers. */
  public JsonLine put(String name, double[][] rows) {
    return add(name, Arrays.stream(rows).map(JsonLine::list).toList());
  }

  private static List<Double> list(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private JsonLine add(String name, @Nullable Object value) {
    if (members.containsKey(name)) {
      throw new IllegalArgumentException("JSON member '" + name + "' is there already");
    }
    members.put(name, value);
    return this;
  }

  /** The object without a line break. */
  @Override
  public String toString() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      write(json);
    }
    return text.toString();
  }

  private void write(JsonGenerator json) {
    json.writeStartObject();
    members.forEach(
        (name, value) -> {
          json.writeName(name);
          writeValue(json, value);
        });
    json.writeEndObject();
  }

  private static void writeValue(JsonGenerator json, @Nullable Object value) {
    switch (value) {
      case null -> json.writeNull();
      case String s -> json.writeString(s);
      case Long l -> json.writeNumber(l);
      case Double d when Double.isFinite(d) -> json.writeNumber(d);
      case Double nonFinite -> json.writeNull();
      case Boolean b -> json.writeBoolean(b);
      case JsonLine object -> object.write(json);
      case List<?> list -> {
        json.writeStartArray();
        list.forEach(element -> writeValue(json, element));
        json.writeEndArray();
      }
      default -> throw new IllegalStateException("put() has no overload for " + value.getClass());
    }
  }
}
