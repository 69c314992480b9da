package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/** How a fit went: a quantity at some of its iterations, in their order. */
public final class Trace {
  private final String quantity;
  private int[] iterations = new int[64];
  private double[] values = new double[64];
  private int size;

  /** An empty trace of {@code quantity}, "elbo" say. */
  public Trace(String quantity) {
    this.quantity = quantity;
  }

  void add(int iteration, double value) {
    if (size == values.length) {
      iterations = Arrays.copyOf(iterations, 2 * size);
      values = Arrays.copyOf(values, 2 * size);
    }
    iterations[size] = iteration;
    values[size++] = value;
  }

  /** What was recorded. */
  public String quantity() {
    return quantity;
  }

  /** How often it was recorded. */
  public int size() {
    return size;
  }

  /** When the i-th record was made. */
  public int iteration(int i) {
    return iterations[i];
  }

  /** The i-th record. */
  public double value(int i) {
    return values[i];
  }

  /** All records. */
  public double[] values() {
    return Arrays.copyOf(values, size);
  }

  /** The last record; NaN when there is none. */
  public double last() {
    return size == 0 ? Double.NaN : values[size - 1];
  }
}
