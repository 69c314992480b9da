package io.github.elbo4j.kernel;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * How the double references read and write float32 tensors. A null tensor is read as null and
 * written to nowhere.
 */
public final class Doubles {
  private Doubles() {}

  /** A copy of the elements in double. */
  public static double[] read(Tensor t) {
    double[] copy = new double[t.size()];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = t.array()[t.offset() + i];
    }
    return copy;
  }

  /** A copy of the elements in double, or null. */
  public static double @Nullable [] readOptional(@Nullable Tensor t) {
    return t == null ? null : read(t);
  }

  /** Zeros to receive an output, or null when it is not wanted. */
  public static double @Nullable [] like(@Nullable Tensor t) {
    return t == null ? null : new double[t.size()];
  }

  /** {@code t = values}, rounded to float32 once. */
  public static void write(double @Nullable [] values, @Nullable Tensor t) {
    if (values != null && t != null) {
      for (int i = 0; i < values.length; i++) {
        t.array()[t.offset() + i] = (float) values[i];
      }
    }
  }

  /** {@code t += values}, rounded to float32 once. */
  public static void accumulate(double @Nullable [] values, @Nullable Tensor t) {
    if (values != null && t != null) {
      for (int i = 0; i < values.length; i++) {
        int at = t.offset() + i;
        t.array()[at] = (float) (t.array()[at] + values[i]);
      }
    }
  }
}
