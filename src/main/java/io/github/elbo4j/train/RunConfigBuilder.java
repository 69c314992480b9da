package io.github.elbo4j.train;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Layers of a {@link RunConfig}: each call overrides what came before. The keys and their types are
 * the record's own components, so a new field needs no change here.
 */
public final class RunConfigBuilder {
  private static final RecordComponent[] COMPONENTS = RunConfig.class.getRecordComponents();

  /** Every key in the order of the record, with its type. */
  static final Map<String, Class<?>> TYPES = types();

  private final Map<String, Object> values;

  RunConfigBuilder(RunConfig start) {
    values = values(start);
  }

  /**
   * Overrides the keys that the TOML file has; every key is optional.
   *
   * @throws ConfigException naming file, line and column of a syntax error, an unknown key or a
   *     value of the wrong type
   * @throws IOException when the file cannot be read
   */
  public RunConfigBuilder load(Path file) throws IOException {
    values.putAll(RunConfigToml.read(file));
    return this;
  }

  /**
   * Overrides one key, as a flag does.
   *
   * @param key as in the file, for example {@code learning-rate}
   * @param value of the field's type; an Integer will do for a long or a double
   * @throws ConfigException when the key is unknown or the value has another type
   */
  public RunConfigBuilder set(String key, Object value) {
    Class<?> type = TYPES.get(key);
    if (type == null) {
      throw new ConfigException(
          "config: unknown key '" + key + "', known are " + String.join(", ", TYPES.keySet()));
    }
    Object converted = convert(type, value);
    if (converted == null) {
      throw new ConfigException(
          "config: %s is %s and must be %s".formatted(key, value, describe(type)));
    }
    values.put(key, converted);
    return this;
  }

  /**
   * The configuration.
   *
   * @throws ConfigException naming a value that is out of range
   */
  public RunConfig build() {
    Class<?>[] types =
        Arrays.stream(COMPONENTS).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return RunConfig.class.getDeclaredConstructor(types).newInstance(values.values().toArray());
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof ConfigException refused) {
        throw refused;
      }
      throw new IllegalStateException("the record's constructor only checks", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a record has its canonical constructor", e);
    }
  }

  /** The values of all keys in the order of the record. */
  static Map<String, Object> values(RunConfig config) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (RecordComponent component : COMPONENTS) {
      try {
        values.put(key(component), component.getAccessor().invoke(config));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("a record's accessors are public", e);
      }
    }
    return values;
  }

  /** Keys whose values differ, each with the value of {@code a} and then of {@code b}. */
  static Map<String, List<Object>> differences(RunConfig a, RunConfig b) {
    Map<String, List<Object>> differences = new LinkedHashMap<>();
    Map<String, Object> other = values(b);
    values(a)
        .forEach(
            (key, value) -> {
              Object theirs = other.get(key);
              if (theirs != null && !value.equals(theirs)) {
                differences.put(key, List.of(value, theirs));
              }
            });
    return differences;
  }

  private static Map<String, Class<?>> types() {
    Map<String, Class<?>> types = new LinkedHashMap<>();
    for (RecordComponent component : COMPONENTS) {
      types.put(key(component), component.getType());
    }
    return types;
  }

  /** {@code learningRate} becomes {@code learning-rate}. */
  private static String key(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  /** The value as the field's type, or null when it is of another type or out of its range. */
  static @Nullable Object convert(Class<?> type, Object value) {
    boolean whole = value instanceof Long || value instanceof Integer;
    if (type == String.class) {
      return value instanceof String ? value : null;
    }
    if (type == boolean.class) {
      return value instanceof Boolean ? value : null;
    }
    if (type == List.class) {
      return value instanceof List<?> list ? integers(list) : null;
    }
    if (type == double.class) {
      return whole || value instanceof Double ? ((Number) value).doubleValue() : null;
    }
    if (!whole) {
      return null;
    }
    long number = ((Number) value).longValue();
    if (type == long.class) {
      return number;
    }
    return number == (int) number ? (Integer) (int) number : null;
  }

  private static @Nullable List<Integer> integers(List<?> list) {
    List<Integer> integers = new ArrayList<>();
    for (Object element : list) {
      if (!(convert(int.class, element) instanceof Integer integer)) {
        return null;
      }
      integers.add(integer);
    }
    return integers;
  }

  /** What a value must be, in words. */
  static String describe(Class<?> type) {
    return switch (type.getSimpleName()) {
      case "String" -> "a string in quotes";
      case "List" -> "a list of whole numbers such as [400, 200]";
      case "boolean" -> "true or false";
      case "double" -> "a number";
      case "long" -> "a whole number";
      default -> "a whole number below 2^31";
    };
  }
}
