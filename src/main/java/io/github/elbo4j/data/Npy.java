package io.github.elbo4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * NumPy's file of one array, format 1.0, as far as tables of numbers need it: two dimensions, C
 * order, little-endian {@code f4} (written and read) or {@code f8} (read).
 *
 * @param rows R
 * @param columns C
 * @param values [R,C], row by row
 */
public record Npy(int rows, int columns, float[] values) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  private static final int ALIGNMENT = 64;
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE =
      Pattern.compile("'shape'\\s*:\\s*\\(\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,?\\s*\\)");

  /** The bytes of a file with these values. */
  public byte[] bytes() {
    String header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(rows, columns);
    int unpadded = MAGIC.length + 2 + header.length() + 1;
    int padding = Math.ceilDiv(unpadded, ALIGNMENT) * ALIGNMENT - unpadded;
    String padded = header + " ".repeat(padding) + "\n";
    int start = MAGIC.length + 2 + padded.length();
    ByteBuffer file =
        ByteBuffer.allocate(Math.addExact(start, Math.multiplyExact(values.length, Float.BYTES)))
            .order(ByteOrder.LITTLE_ENDIAN);
    file.put(MAGIC).putShort((short) padded.length());
    file.put(padded.getBytes(StandardCharsets.US_ASCII));
    file.asFloatBuffer().put(values);
    return file.array();
  }

  /**
   * Reads a file.
   *
   * @throws DataException naming the file and what is wrong with it
   */
  public static Npy read(Path file) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new DataException(file + ": there is no such file", e);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int prefix = MAGIC.length + 2;
    if (bytes.length < prefix || !Arrays.equals(MAGIC, Arrays.copyOf(bytes, MAGIC.length))) {
      throw new DataException(file + ": is no NPY file of format 1.0");
    }
    int length = buffer.getShort(MAGIC.length) & 0xFFFF;
    if (bytes.length < prefix + length) {
      throw new DataException(file + ": ends within its header");
    }
    String header = new String(bytes, prefix, length, StandardCharsets.US_ASCII);
    Matcher shape = SHAPE.matcher(header);
    if (!shape.find()) {
      throw new DataException(file + ": must have two dimensions, its header is " + header);
    }
    if (!group(ORDER, header).equals("False")) {
      throw new DataException(file + ": must be in C order, not Fortran's");
    }
    boolean wide =
        switch (group(DESCR, header)) {
          case "<f4" -> false;
          case "<f8" -> true;
          default ->
              throw new DataException(
                  file + ": must hold <f4 or <f8, it holds " + group(DESCR, header));
        };
    return values(file, buffer.position(prefix + length).slice(), shape, wide);
  }

  private static Npy values(Path file, ByteBuffer slice, Matcher shape, boolean wide)
      throws DataException {
    ByteBuffer data = slice.order(ByteOrder.LITTLE_ENDIAN);
    long rows = number(file, shape.group(1));
    long columns = number(file, shape.group(2));
    long count = rows * columns;
    if (count * (wide ? Double.BYTES : Float.BYTES) != data.remaining()) {
      throw new DataException(
          "%s: has %d bytes of values, its shape (%d, %d) needs %d"
              .formatted(
                  file,
                  data.remaining(),
                  rows,
                  columns,
                  count * (wide ? Double.BYTES : Float.BYTES)));
    }
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = wide ? (float) data.getDouble(8 * i) : data.getFloat(4 * i);
    }
    return new Npy((int) rows, (int) columns, values);
  }

  private static long number(Path file, String digits) throws DataException {
    if (digits.length() > 9) {
      throw new DataException(file + ": a dimension of " + digits + " is too large");
    }
    return Long.parseLong(digits);
  }

  private static String group(Pattern pattern, String header) {
    Matcher matcher = pattern.matcher(header);
    return matcher.find() ? matcher.group(1) : "";
  }
}
