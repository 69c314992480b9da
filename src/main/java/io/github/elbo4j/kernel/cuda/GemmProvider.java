package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.kernel.dense.Activation;

/**
 * Matrix products on a device, all of them in the device's stream. {@link GemmProviders} opens one;
 * whoever does so closes it, since those of a library hold a handle and device memory.
 */
public interface GemmProvider extends AutoCloseable {
  /** {@code own}, {@code jcublas} or {@code cublas}. */
  String name();

  /** What it is, with the library's version. */
  String description();

  /**
   * {@code c = op(a)·op(b)}, or {@code c += op(a)·op(b)}: addresses of row-major matrices.
   *
   * @param a [m,k], or [k,m] when transposed
   * @param b [k,n], or [n,k] when transposed
   * @param c [m,n]
   * @throws CudaException naming the product, its shapes and the error
   */
  void product(
      DeviceCall call,
      long a,
      boolean transposeA,
      long b,
      boolean transposeB,
      boolean accumulate,
      long c,
      long m,
      long n,
      long k);

  /**
   * {@code pre = x·w + bias}, {@code y = f(pre)}: addresses of row-major matrices.
   *
   * @param x [m,k]
   * @param w [k,n]
   * @param bias n elements, or 0 for none
   * @param pre [m,n], or 0 where it is not wanted
   * @param y [m,n]
   * @throws CudaException naming the product, its shapes and the error
   */
  void layer(
      DeviceCall call,
      long x,
      long w,
      long bias,
      Activation f,
      long pre,
      long y,
      long m,
      long n,
      long k);

  /** Gives its handle and its device memory back, once the device has done what it was given. */
  @Override
  void close();
}
