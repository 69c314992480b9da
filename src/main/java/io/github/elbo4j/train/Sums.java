package io.github.elbo4j.train;

import io.github.elbo4j.tensor.Tensor;

/** What the trainer reads off small tensors. */
final class Sums {
  private Sums() {}

  /** The sum of all elements, in order, in double. */
  static double of(Tensor t) {
    Tensor host = t.onHost();
    double sum = 0;
    for (int i = 0; i < host.size(); i++) {
      sum += host.get(i);
    }
    return sum;
  }

  /** Whether every element is a finite number. */
  static boolean finite(Tensor t) {
    Tensor host = t.onHost();
    for (int i = 0; i < host.size(); i++) {
      if (!Float.isFinite(host.get(i))) {
        return false;
      }
    }
    return true;
  }
}
