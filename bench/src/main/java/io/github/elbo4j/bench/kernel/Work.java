package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What one call of a benchmark works on: for its rates, and for the comparison of its outputs with
 * the reference. Bytes are those that must move if each argument is touched once; what is added to
 * counts twice.
 */
public final class Work {
  private final long elements;
  private final List<Tensor> outputs = new ArrayList<>();
  private final List<int[]> words = new ArrayList<>();
  private long bytes;
  private long flops;

  private Work(long elements) {
    this.elements = elements;
  }

  /** Work of so many elements, in the sense of "nanoseconds an element". */
  static Work of(long elements) {
    return new Work(elements);
  }

  Work reads(Tensor... tensors) {
    for (Tensor t : tensors) {
      bytes += 4L * t.size();
    }
    return this;
  }

  Work reads(ByteTensor pixels) {
    bytes += pixels.size();
    return this;
  }

  Work writes(Tensor... tensors) {
    outputs.addAll(List.of(tensors));
    return reads(tensors);
  }

  Work writes(int[] integers) {
    words.add(integers);
    bytes += 4L * integers.length;
    return this;
  }

  /** Outputs that are read and written. */
  Work updates(Tensor... tensors) {
    return writes(tensors).reads(tensors);
  }

  /** Multiplications and additions, where that is the measure. */
  Work flops(long count) {
    flops = count;
    return this;
  }

  /** Both of two calls in a row. */
  Work and(Work next) {
    outputs.addAll(next.outputs);
    words.addAll(next.words);
    bytes += next.bytes;
    flops += next.flops;
    return this;
  }

  long elements() {
    return elements;
  }

  long bytes() {
    return bytes;
  }

  long flops() {
    return flops;
  }

  /**
   * Fails where the outputs are not those of {@code reference}: |a − b| &lt;= 1e-4·(|b| + the root
   * mean square of b) + 1e-6, the bound of the kernel contract for gradients with room for sums of
   * terms that cancel. The project's tests use tighter ones; this catches a kernel that is wrong.
   */
  void assertMatches(Work reference) {
    if (outputs.isEmpty() && words.isEmpty()) {
      throw new IllegalStateException("this benchmark names no output to compare");
    }
    for (int o = 0; o < outputs.size(); o++) {
      compare(outputs.get(o).toArray(), reference.outputs.get(o).toArray(), o);
    }
    for (int w = 0; w < words.size(); w++) {
      if (!java.util.Arrays.equals(words.get(w), reference.words.get(w))) {
        throw new IllegalStateException("integer output " + w + " is not the reference's");
      }
    }
  }

  private static void compare(float[] got, float[] wanted, int output) {
    double squares = 0;
    for (float w : wanted) {
      squares += (double) w * w;
    }
    double scale = Math.sqrt(squares / Math.max(1, wanted.length));
    for (int i = 0; i < wanted.length; i++) {
      double bound = 1e-4 * (Math.abs(wanted[i]) + scale) + 1e-6;
      if (!(Math.abs((double) got[i] - wanted[i]) <= bound)) {
        throw new IllegalStateException(
            "output %d: element %d is %s, the reference has %s, bound %s"
                .formatted(output, i, got[i], wanted[i], bound));
      }
    }
  }
}
