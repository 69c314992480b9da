package io.github.elbo4j.kernel;

import static io.github.elbo4j.kernel.SimdMath.L;

import java.util.Arrays;

/**
 * The loop of an elementwise function over whole vectors. What all array functions share is here:
 * the checks and the ragged tail, which passes through one vector of scratch so that no body needs
 * a mask.
 */
@FunctionalInterface
interface ArrayFunction {
  /**
   * One vector for each thread: a tail is copied here, computed as a whole vector, and copied out.
   */
  ThreadLocal<float[]> TAIL = ThreadLocal.withInitial(() -> new float[L]);

  /** {@code out[outFrom + i] = f(a[aFrom + i])} for i in [0, n), n a multiple of L. */
  void whole(float[] a, int aFrom, float[] out, int outFrom, int n);

  /**
   * Checks the ranges and applies {@code f} to any n; {@code name} is for the message of an error.
   */
  static void apply(
      String name, ArrayFunction f, float[] a, int aFrom, float[] out, int outFrom, int n) {
    checkRange(name, "a", a, aFrom, n);
    checkRange(name, "out", out, outFrom, n);
    checkOverlap(name, a, aFrom, out, outFrom, n);
    int full = n - n % L;
    if (full > 0) {
      f.whole(a, aFrom, out, outFrom, full);
    }
    if (full < n) {
      tail(f, a, aFrom + full, out, outFrom + full, n - full);
    }
  }

  private static void tail(ArrayFunction f, float[] a, int aFrom, float[] out, int outFrom, int n) {
    float[] vector = TAIL.get();
    System.arraycopy(a, aFrom, vector, 0, n);
    Arrays.fill(vector, n, L, 1f); // a harmless argument for every function
    f.whole(vector, 0, vector, 0, L);
    System.arraycopy(vector, 0, out, outFrom, n);
  }

  @SuppressWarnings("ReferenceEquality") // sharing memory is about identity
  private static void checkOverlap(
      String name, float[] a, int aFrom, float[] out, int outFrom, int n) {
    if (a == out && aFrom != outFrom && Math.abs((long) aFrom - outFrom) < n) {
      throw new IllegalArgumentException(
          "%s: out from %d overlaps a from %d over %d elements; in place wants equal offsets"
              .formatted(name, outFrom, aFrom, n));
    }
  }

  private static void checkRange(String name, String argument, float[] array, int from, int n) {
    if (n < 0 || from < 0 || from > array.length - n) {
      throw new IndexOutOfBoundsException(
          "%s: %s[%d, %d) is outside its %d elements"
              .formatted(name, argument, from, (long) from + n, array.length));
    }
  }
}
