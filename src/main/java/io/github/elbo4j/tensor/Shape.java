package io.github.elbo4j.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Dimensions of a dense, row-major array of at most 2^31 − 1 elements; a dimension may be 0. */
public final class Shape {
  private final int[] dims;
  private final int size;

  private Shape(int[] dims) {
    long product = 1;
    for (int d : dims) {
      if (d < 0) {
        throw new IllegalArgumentException("Shape: dimension " + d + " must be >= 0");
      }
      product = Math.multiplyExact(product, (long) d);
    }
    if (product > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "Shape: " + text(dims) + " has " + product + " elements, at most 2^31-1 are possible");
    }
    this.dims = dims;
    this.size = (int) product;
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
    return dims.length == 0 ? 1 : dims[dims.length - 1];
  }

  /** Product of all dimensions but the last; 1 for a vector or a scalar. */
  public int rows() {
    int rows = 1;
    for (int i = 0; i < dims.length - 1; i++) {
      rows *= dims[i];
    }
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
