package io.github.elbo4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlVersion;

/** A {@link RunConfig} as TOML 1.0. */
final class RunConfigToml {
  private static final int MAX_BYTES = 1 << 20;

  private RunConfigToml() {}

  static String format(RunConfig config) {
    StringBuilder text = new StringBuilder("# Everything needed to repeat this run of elbo4j.\n");
    RunConfigBuilder.values(config)
        .forEach(
            (key, value) -> {
              String toml = value instanceof String s ? quote(key, s) : String.valueOf(value);
              text.append(key).append(" = ").append(toml).append('\n');
            });
    return text.toString();
  }

  /** A TOML basic string; control characters other than the named ones become {@code \\uXXXX}. */
  private static String quote(String key, String value) {
    StringBuilder quoted = new StringBuilder("\"");
    value
        .codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> appendPlain(quoted, key, c);
              }
            });
    return quoted.append('"').toString();
  }

  private static void appendPlain(StringBuilder quoted, String key, int c) {
    if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
      throw new ConfigException("config: " + key + " has a lone surrogate, which TOML cannot hold");
    }
    if (Character.isISOControl(c)) {
      quoted.append("\\u%04X".formatted(c));
    } else {
      quoted.appendCodePoint(c);
    }
  }

  /** The keys that the file has, with values of the fields' types. */
  static Map<String, Object> read(Path file) throws IOException {
    TomlParseResult toml = Toml.parse(readText(file), TomlVersion.V1_0_0);
    if (toml.hasErrors()) {
      TomlParseError first = toml.errors().getFirst();
      throw refusal(file, first.position(), String.valueOf(first.getMessage()));
    }
    Map<String, Object> values = new LinkedHashMap<>();
    for (String key : toml.keySet()) {
      List<String> path = List.of(key); // a list: in a string a dot would separate two keys
      TomlPosition position = Objects.requireNonNull(toml.inputPositionOf(path));
      if (key.equals("warmup-epochs") && toml.get(path) instanceof Long epochs) {
        values.put("warmup", Long.toString(epochs)); // what the key was called at first
        continue;
      }
      Class<?> type = RunConfigBuilder.TYPES.get(key);
      if (type == null) {
        String known = String.join(", ", RunConfigBuilder.TYPES.keySet());
        throw refusal(file, position, "unknown key '" + key + "', known are " + known);
      }
      Object raw = Objects.requireNonNull(toml.get(path));
      Object value =
          RunConfigBuilder.convert(type, raw instanceof TomlArray array ? array.toList() : raw);
      if (value == null) {
        throw refusal(file, position, key + " must be " + RunConfigBuilder.describe(type));
      }
      values.put(key, value);
    }
    return values;
  }

  private static ConfigException refusal(Path file, TomlPosition at, String problem) {
    return new ConfigException(
        "%s: line %d, column %d: %s".formatted(file, at.line(), at.column(), problem));
  }

  private static String readText(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new ConfigException(file + ": is not a configuration: more than 1 MiB");
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\ufeff") ? text.substring(1) : text; // some editors' mark of UTF-8
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": there is no such file: check the path");
    } catch (CharacterCodingException e) {
      throw new ConfigException(file + ": is not valid UTF-8: save it as UTF-8");
    } catch (IOException e) {
      throw new IOException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }
}
