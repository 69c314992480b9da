package io.github.elbo4j.train;

import io.github.elbo4j.tensor.Tensor;

/** What the trainer reads off small tensors. */
final class Sums {
  private Sums() {}

  /** The sum of all elements, in order, in double. */
  static double of(Tensor t) {
    double sum = 0;
    for (int i = 0; i < t.size(); i++) {
      sum += t.get(i);
    }
    return sum;
  }

  /** Whether every element is a finite number. */
  static boolean finite(Tensor t) {
    for (int i = 0; i < t.size(); i++) {
      if (!Float.isFinite(t.get(i))) {
        return false;
      }
    }
    return true;
  }
}
