package io.github.elbo4j.tensor;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Dimensions of a dense, row-major array of at most 2^31 − 1 rows and elements; a dimension may be
 * 0.
 */
public final class Shape {
  private final int[] dims;
  private final int rows;
  private final int columns;
  private final int size;

  private Shape(int[] dims) {
    this.dims = dims;
    this.columns = dims.length == 0 ? 1 : dims[dims.length - 1];
    this.rows = product(dims, Math.max(0, dims.length - 1), "rows");
    this.size = product(dims, dims.length, "elements");
  }

  /** The product of the first {@code count} dimensions. */
  private static int product(int[] dims, int count, String what) {
    BigInteger product = BigInteger.ONE;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] < 0) {
        throw new IllegalArgumentException("Shape: dimension " + dims[i] + " must be >= 0");
      }
      product = i < count ? product.multiply(BigInteger.valueOf(dims[i])) : product;
    }
    if (product.bitLength() > 31) {
      throw new IllegalArgumentException(
          "Shape: %s has %s %s, at most 2^31-1 are possible".formatted(text(dims), product, what));
    }
    return product.intValue();
  }

  /** The shape of the given dimensions; none at all is a scalar of one element. */
  public static Shape of(int... dims) {
    return new Shape(dims.clone());
  }

  /** Number of dimensions. */
  public int rank() {
    return dims.length;
  }

  /** Length of dimension {@code axis}, counted from 0. */
  public int dim(int axis) {
    return dims[axis];
  }

  /** Number of elements. */
  public int size() {
    return size;
  }

  /** Length of the last dimension, 1 for a scalar. */
  public int columns() {
    return columns;
  }

  /** Product of all dimensions but the last; 1 for a vector or a scalar. */
  public int rows() {
    return rows;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape s && Arrays.equals(dims, s.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return text(dims);
  }

  private static String text(int[] dims) {
    return Arrays.stream(dims)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(",", "[", "]"));
  }
}
