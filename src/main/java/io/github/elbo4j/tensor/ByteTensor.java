package io.github.elbo4j.tensor;

/**
 * A dense, row-major {@code [rows, columns]} view of unsigned bytes: pixels stay bytes until a
 * kernel reads them.
 *
 * @param array the caller's own array, never copied
 * @param offset index of the first element
 * @param rows number of rows
 * @param columns elements in a row
 */
public record ByteTensor(byte[] array, int offset, int rows, int columns) {
  public ByteTensor {
    if (rows < 0 || columns < 0 || offset < 0) {
      throw new IllegalArgumentException(
          "ByteTensor: rows %d, columns %d and offset %d must be >= 0"
              .formatted(rows, columns, offset));
    }
    if ((long) rows * columns > array.length - offset) {
      throw new IllegalArgumentException(
          "ByteTensor: [%d,%d] needs %d bytes from offset %d, the array has %d"
              .formatted(rows, columns, (long) rows * columns, offset, array.length));
    }
  }

  public int size() {
    return rows * columns;
  }

  /** The shape in the notation of {@link Shape}. */
  public String shapeText() {
    return "[" + rows + "," + columns + "]";
  }
}
