package io.github.elbo4j.kernel.importance;

/**
 * The largest elements of a row, found with a heap of indices whose root is the smallest: one
 * comparison for an element that is not among them. Of equal elements the later counts as the
 * larger.
 */
final class LargestElements {
  private LargestElements() {}

  /**
   * {@code found[0 … n)}: the indices in 0 … count−1 of the n largest of {@code x[from …)}, the
   * smallest of them first. No element is NaN, and n &lt;= count.
   */
  static void ascending(float[] x, int from, int count, int[] found, int n) {
    for (int i = 0; i < n; i++) {
      found[i] = i;
    }
    for (int i = n / 2 - 1; i >= 0; i--) {
      sink(x, from, found, i, n);
    }
    for (int i = n; i < count; i++) {
      if (x[from + i] >= x[from + found[0]]) {
        found[0] = i;
        sink(x, from, found, 0, n);
      }
    }
    for (int size = n - 1; size > 0; size--) { // the smallest to the end of what is left
      int smallest = found[0];
      found[0] = found[size];
      found[size] = smallest;
      sink(x, from, found, 0, size);
    }
    for (int i = 0; i < n / 2; i++) {
      int other = found[n - 1 - i];
      found[n - 1 - i] = found[i];
      found[i] = other;
    }
  }

  private static void sink(float[] x, int from, int[] heap, int at, int size) {
    int moving = heap[at];
    int hole = at;
    for (int child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && less(x, from, heap[child + 1], heap[child])) {
        child++;
      }
      if (!less(x, from, heap[child], moving)) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = moving;
  }

  private static boolean less(float[] x, int from, int a, int b) {
    float left = x[from + a];
    float right = x[from + b];
    return left < right || (left == right && a < b);
  }
}
