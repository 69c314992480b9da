package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;

/** Checks of tensors whose rows hold N variables of C categories. */
final class Variables {
  private Variables() {}

  /** N, the number of variables in a row of {@code t} with {@code categories} columns each. */
  static int count(String method, String name, Tensor t, int categories) {
    if (categories < 1) {
      throw Checks.fail(method, "categories " + categories + " must be >= 1");
    }
    if (t.columns() % categories != 0) {
      throw Checks.fail(
          method, name + " " + t.shape() + " must have a multiple of " + categories + " columns");
    }
    return t.columns() / categories;
  }

  /** Every element of {@code index} is a whole number in [0, categories). */
  static void checkIndex(String method, Tensor index, int categories) {
    Tensor host = index.onHost();
    float[] a = host.array();
    int from = host.offset();
    for (int i = 0; i < index.size(); i++) {
      float d = a[from + i];
      if (!(d >= 0 && d < categories && (int) d == d)) {
        throw Checks.fail(
            method,
            "index[" + i + "] is " + d + ", wanted a whole number in [0, " + categories + ")");
      }
    }
  }
}
