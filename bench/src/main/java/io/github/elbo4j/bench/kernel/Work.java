package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one call of a benchmark works on: for its rates, and for the comparison of its outputs with
 * the reference. Bytes are those that must move if each argument is touched once; what is added to
 * counts twice.
 */
public final class Work {
  private final long elements;
  private final List<Tensor> outputs = new ArrayList<>();
  private final List<int[]> words = new ArrayList<>();
  private final IdentityHashMap<Object, Long> sizes = new IdentityHashMap<>();
  private long bytes;
  private long flops;

  private Work(long elements) {
    this.elements = elements;
  }

  /** Work of so many elements, in the sense of "nanoseconds an element". */
  public static Work of(long elements) {
    return new Work(elements);
  }

  public Work reads(Tensor... tensors) {
    for (Tensor t : tensors) {
      touch(t, 4L * t.size());
    }
    return this;
  }

  public Work reads(ByteTensor pixels) {
    touch(pixels, pixels.size());
    return this;
  }

  public Work reads(int[] integers) {
    touch(integers, 4L * integers.length);
    return this;
  }

  private void touch(Object argument, long size) {
    bytes += size;
    sizes.put(argument, size);
  }

  public Work writes(Tensor... tensors) {
    outputs.addAll(List.of(tensors));
    return reads(tensors);
  }

  public Work writes(int[] integers) {
    words.add(integers);
    return reads(integers);
  }

  /** Outputs that are read and written. */
  public Work updates(Tensor... tensors) {
    return writes(tensors).reads(tensors);
  }

  /** Multiplications and additions, where that is the measure. */
  public Work flops(long count) {
    flops = count;
    return this;
  }

  /** Both of two calls in a row. */
  public Work and(Work next) {
    outputs.addAll(next.outputs);
    words.addAll(next.words);
    sizes.putAll(next.sizes);
    bytes += next.bytes;
    flops += next.flops;
    return this;
  }

  long elements() {
    return elements;
  }

  /** Bytes that must move if each argument is touched once; what is added to counts twice. */
  public long bytes() {
    return bytes;
  }

  /** Bytes of the different arguments: what a cache would have to hold. */
  public long footprint() {
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Multiplications and additions, 0 where that is not the measure. */
  public long flops() {
    return flops;
  }

  /**
   * Fails where the outputs are not those of {@code reference}: |a − b| &lt;= 1e-4·(|b| + the root
   * mean square of b) + 1e-6, the bound of the kernel contract for gradients with room for sums of
   * terms that cancel. The project's tests use tighter ones; this catches a kernel that is wrong.
   */
  void assertMatches(Work reference) {
    List<float @Nullable []> got = new ArrayList<>();
    outputs.forEach(output -> got.add(output.toArray()));
    reference.assertMatches(got);
    for (int w = 0; w < words.size(); w++) {
      if (!Arrays.equals(words.get(w), reference.words.get(w))) {
        throw new IllegalStateException("integer output " + w + " is not the reference's");
      }
    }
  }

  /** The same of outputs that another library computed; null stands for one not to compare. */
  void assertMatches(List<float @Nullable []> got) {
    if (outputs.isEmpty() && words.isEmpty()) {
      throw new IllegalStateException("this benchmark names no output to compare");
    }
    if (got.size() != outputs.size()) {
      throw new IllegalStateException(
          "%d outputs, the reference has %d".formatted(got.size(), outputs.size()));
    }
    for (int o = 0; o < outputs.size(); o++) {
      float[] values = got.get(o);
      if (values != null) {
        compare(values, outputs.get(o).toArray(), o);
      }
    }
  }

  private static void compare(float[] got, float[] wanted, int output) {
    if (got.length != wanted.length) {
      throw new IllegalStateException(
          "output %d: %d elements, the reference has %d"
              .formatted(output, got.length, wanted.length));
    }
    double squares = 0;
    for (float w : wanted) {
      squares += (double) w * w;
    }
    double scale = Math.sqrt(squares / Math.max(1, wanted.length));
    for (int i = 0; i < wanted.length; i++) {
      double bound = 1e-4 * (Math.abs(wanted[i]) + scale) + 1e-6;
      // Equal infinities have no difference.
      if (got[i] != wanted[i] && !(Math.abs((double) got[i] - wanted[i]) <= bound)) {
        throw new IllegalStateException(
            "output %d: element %d is %s, the reference has %s, bound %s"
                .formatted(output, i, got[i], wanted[i], bound));
      }
    }
  }
}
