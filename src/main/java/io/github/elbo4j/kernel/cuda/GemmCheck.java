package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.kernel.Precision;
import io.github.elbo4j.kernel.dense.Activation;

/**
 * Whether two providers agree, each transposition written and accumulated, and a layer: what a
 * library that misunderstands its arguments, or was built for something else, would not pass.
 */
final class GemmCheck {
  /** Odd sizes, so that a leading dimension taken for another one shows. */
  private static final int M = 37;

  private static final int N = 29;
  private static final int K = 53;

  private GemmCheck() {}

  /**
   * Nothing where they agree.
   *
   * @throws IllegalStateException naming the product, both results and how far apart they may be
   */
  static void requireAgreement(
      Cuda cuda, GemmProvider library, GemmProvider own, Precision precision) {
    DeviceCall call = cuda.begin();
    try {
      long a = numbers(cuda, call, M * K, 1);
      long b = numbers(cuda, call, K * N, 2);
      long bias = numbers(cuda, call, N, 3);
      for (int variant = 0; variant < 8; variant++) {
        boolean ta = (variant & 1) != 0;
        boolean tb = (variant & 2) != 0;
        boolean add = (variant & 4) != 0;
        float[] c = product(cuda, call, library, a, ta, b, tb, add);
        float[] wanted = product(cuda, call, own, a, ta, b, tb, add);
        compare((ta ? "a^T" : "a") + (tb ? "·b^T" : "·b"), c, wanted, precision);
      }
      float[] y = layer(cuda, call, library, a, b, bias);
      compare("tanh(a·b + bias)", y, layer(cuda, call, own, a, b, bias), precision);
    } finally {
      call.end();
    }
  }

  private static float[] product(
      Cuda cuda,
      DeviceCall call,
      GemmProvider gemm,
      long a,
      boolean ta,
      long b,
      boolean tb,
      boolean add) {
    long c = numbers(cuda, call, M * N, 4);
    gemm.product(call, a, ta, b, tb, add, c, M, N, K);
    return read(cuda, c);
  }

  private static float[] layer(
      Cuda cuda, DeviceCall call, GemmProvider gemm, long x, long w, long bias) {
    long y = call.scratch((long) Float.BYTES * M * N);
    gemm.layer(call, x, w, bias, Activation.TANH, 0, y, M, N, K);
    return read(cuda, y);
  }

  /** Numbers between −1 and 1 on the device. */
  private static long numbers(Cuda cuda, DeviceCall call, int n, int seed) {
    float[] values = new float[n];
    int state = seed;
    for (int i = 0; i < n; i++) {
      state = state * 1_664_525 + 1_013_904_223;
      values[i] = (state >> 8) * 0x1p-23f;
    }
    long address = call.scratch((long) Float.BYTES * n);
    cuda.write(address, values, 0, n);
    return address;
  }

  private static float[] read(Cuda cuda, long address) {
    float[] values = new float[M * N];
    cuda.read(address, values, 0, values.length);
    return values;
  }

  private static void compare(String product, float[] c, float[] wanted, Precision precision) {
    float bound = (float) bound(precision);
    for (int i = 0; i < c.length; i++) {
      if (!(Math.abs(c[i] - wanted[i]) <= bound)) {
        throw new IllegalStateException(
            "it disagrees with our own kernels: %s of [%d,%d,%d] has %s where they have %s"
                .formatted(product, M, K, N, c[i], wanted[i]));
      }
    }
  }

  /**
   * Of two sums of K + 1 terms below 1, each with K roundings of the sum; TF32 may cut both
   * operands of a term off at 10 bits.
   */
  private static double bound(Precision precision) {
    double term = precision == Precision.TF32 ? 0x1p-9 : 0;
    return (K + 1) * (2 * K * 0x1p-24 + term);
  }
}
