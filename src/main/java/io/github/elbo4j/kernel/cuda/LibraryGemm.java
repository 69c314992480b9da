package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.kernel.dense.Activation;

/**
 * Matrix products by cuBLAS, bias and activation by a kernel of ours after it. A row-major matrix
 * is a column-major one transposed, and so {@code c = op(a)·op(b)} is {@code cᵀ = op(b)ᵀ·op(a)ᵀ} to
 * cuBLAS: operands swapped, nothing moved.
 */
final class LibraryGemm implements GemmProvider {
  private final Cuda cuda;
  private final Cublas library;
  private final TiledGemm own;
  private final CudaKernel epilogue;

  /** Takes the handle: closes it when closed. */
  LibraryGemm(Cuda cuda, Cublas library, TiledGemm own) {
    this.cuda = cuda;
    this.library = library;
    this.own = own;
    epilogue = cuda.kernel("gemm", "gemm_epilogue");
  }

  @Override
  public String name() {
    return library.name();
  }

  @Override
  public String description() {
    return library.description();
  }

  @Override
  public void product(
      DeviceCall call,
      long a,
      boolean transposeA,
      long b,
      boolean transposeB,
      boolean accumulate,
      long c,
      long m,
      long n,
      long k) {
    if (m == 0 || n == 0) {
      return;
    }
    if (k == 0) { // a leading dimension of 0 is refused
      own.product(call, a, transposeA, b, transposeB, accumulate, c, m, n, k);
      return;
    }
    int rows = Math.toIntExact(m);
    int columns = Math.toIntExact(n);
    int depth = Math.toIntExact(k);
    int form = (transposeA ? 1 : 0) | (transposeB ? 2 : 0) | (accumulate ? 4 : 0);
    call.pass(a).pass(b).pass(c).pass(m).pass(n).pass(k).written(name(), form);
    int status;
    synchronized (cuda.turn()) { // nor is a handle made for several threads
      status =
          library.sgemm(
              transposeB,
              transposeA,
              columns,
              rows,
              depth,
              b,
              transposeB ? depth : columns,
              a,
              transposeA ? rows : depth,
              accumulate,
              c,
              columns);
    }
    if (status != 0) {
      throw CudaException.ofCublas(describe(transposeA, transposeB, accumulate, m, n, k), status);
    }
    if (Cuda.SYNC) {
      cuda.synchronize(describe(transposeA, transposeB, accumulate, m, n, k));
    }
  }

  @Override
  public void layer(
      DeviceCall call,
      long x,
      long w,
      long bias,
      Activation f,
      long pre,
      long y,
      long m,
      long n,
      long k) {
    product(call, x, false, w, false, false, pre == 0 ? y : pre, m, n, k);
    if (bias != 0 || pre != 0 || f != Activation.NONE) {
      call.pass(bias).pass(f.code()).pass(pre).pass(y).pass(m).pass(n);
      call.launchFlat(epilogue, m * ((n + 3) / 4));
    }
  }

  /** {@code cublas: c[64,400] += a[784,64]^T · b[784,400]}. */
  private String describe(
      boolean transposeA, boolean transposeB, boolean accumulate, long m, long n, long k) {
    return "%s: c[%d,%d] %s a%s · b%s"
        .formatted(
            name(),
            m,
            n,
            accumulate ? "+=" : "=",
            transposeA ? "[%d,%d]^T".formatted(k, m) : "[%d,%d]".formatted(m, k),
            transposeB ? "[%d,%d]^T".formatted(n, k) : "[%d,%d]".formatted(k, n));
  }

  @Override
  public void close() {
    cuda.makeCurrent();
    library.close();
  }
}
