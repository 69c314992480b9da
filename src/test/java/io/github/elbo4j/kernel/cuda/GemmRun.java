package io.github.elbo4j.kernel.cuda;

import java.util.Random;

/** One product of random matrices by a provider. */
final class GemmRun {
  private GemmRun() {}

  /** a·b of [m,k] and [k,n], both uniform between −1 and 1. */
  static float[] product(Cuda cuda, GemmProvider gemm, Random random, int m, int n, int k) {
    return product(cuda, gemm, uniform(random, m * k), false, uniform(random, k * n), false, m, n);
  }

  /** op(a)·op(b), [m,n]. */
  static float[] product(
      Cuda cuda, GemmProvider gemm, float[] a, boolean ta, float[] b, boolean tb, int m, int n) {
    DeviceCall call = cuda.begin();
    long left = put(cuda, call, a);
    long right = put(cuda, call, b);
    float[] c = new float[m * n];
    long to = call.scratch((long) Float.BYTES * c.length);
    gemm.product(call, left, ta, right, tb, false, to, m, n, a.length / m);
    cuda.read(to, c, 0, c.length);
    call.end();
    return c;
  }

  static float[] uniform(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = 2 * random.nextFloat() - 1;
    }
    return values;
  }

  private static long put(Cuda cuda, DeviceCall call, float[] values) {
    long address = call.scratch((long) Float.BYTES * values.length);
    cuda.write(address, values, 0, values.length);
    return address;
  }
}
