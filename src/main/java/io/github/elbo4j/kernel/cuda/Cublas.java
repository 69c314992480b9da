package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.kernel.Precision;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * A handle of cuBLAS, in the stream of a device and with a workspace of its own: what cuBLAS would
 * allocate by itself cannot be captured in a graph, and another stream's would cost the same bits
 * run after run. Who opens one closes it.
 *
 * <p>cuBLAS documentation, sections 2.1.4 (reproducibility) and 2.4 (helper functions).
 */
abstract class Cublas implements AutoCloseable {
  static final int DEFAULT_MATH = 0;
  static final int TF32_TENSOR_OP_MATH = 3;

  /** What cuBLAS recommends: on Hopper and newer, and before. */
  private static final long LARGE_WORKSPACE = 32L << 20;

  private static final long SMALL_WORKSPACE = 4L << 20;
  private static final int HOPPER = 90;

  private static final AtomicInteger HANDLES = new AtomicInteger();

  private final CUdeviceptr workspace = new CUdeviceptr();
  private String version = "";
  private boolean handle;
  private boolean memory;

  /** {@code jcublas} or {@code cublas}. */
  abstract String name();

  /** The library's file. */
  abstract String library();

  // The functions of that name. They return a status.

  abstract int create();

  abstract int destroy();

  abstract int getVersion(int[] version);

  abstract int setStream(CUstream stream);

  abstract int setWorkspace(CUdeviceptr at, long bytes);

  abstract int setMathMode(int mode);

  /** {@code C = op(A)·op(B) + beta·C}, matrices column-major, beta 0 or 1. */
  abstract int sgemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      long a,
      int lda,
      long b,
      int ldb,
      boolean accumulate,
      long c,
      int ldc);

  /** Handles open in this process. */
  static int handles() {
    return HANDLES.get();
  }

  /**
   * Makes the handle.
   *
   * @throws CudaException naming the function that failed; nothing is held then
   */
  final void start(Cuda cuda, Precision precision) {
    cuda.makeCurrent();
    check(create(), "cublasCreate");
    handle = true;
    HANDLES.incrementAndGet();
    try {
      int[] number = new int[1];
      check(getVersion(number), "cublasGetVersion");
      version = readable(number[0]);
      check(setStream(cuda.stream()), "cublasSetStream");
      long bytes = cuda.capability() >= HOPPER ? LARGE_WORKSPACE : SMALL_WORKSPACE;
      CudaException.check(
          JCudaDriver.cuMemAlloc(workspace, bytes), "workspace of cuBLAS, " + bytes + " bytes");
      memory = true;
      check(setWorkspace(workspace, bytes), "cublasSetWorkspace"); // a new stream would undo it
      check(
          setMathMode(precision == Precision.TF32 ? TF32_TENSOR_OP_MATH : DEFAULT_MATH),
          "cublasSetMathMode");
    } catch (CudaException e) {
      close();
      throw e;
    }
  }

  private void check(int status, String what) {
    if (status != 0) {
      throw CudaException.ofCublas(what + " of " + library(), status);
    }
  }

  /** 130002 is 13.0.2; before cuBLAS 13 120605 was 12.6.5. */
  private static String readable(int number) {
    return "%d.%d.%d".formatted(number / 10_000, number / 100 % 100, number % 100);
  }

  /** {@code libcublas.so.13, version 13.0.2}. */
  final String description() {
    return library() + ", version " + version;
  }

  /** Destroys the handle, which waits for its work, and frees its workspace; once. */
  @Override
  public final void close() {
    if (handle) {
      handle = false;
      HANDLES.decrementAndGet();
      check(destroy(), "cublasDestroy");
    }
    if (memory) {
      memory = false;
      CudaException.check(JCudaDriver.cuMemFree(workspace), "cuMemFree");
    }
  }
}
