package io.github.elbo4j.kernel.cuda;

import jcuda.driver.CUresult;

/**
 * What the CUDA driver or cuBLAS refused: the call, with its arguments where they matter, and the
 * error.
 */
public final class CudaException extends IllegalStateException {
  private static final long serialVersionUID = 1;
  private static final int FAULTS_END = 720;

  private final int code;

  CudaException(String what, int code) {
    super(what + ": " + CUresult.stringFor(code) + hint(code));
    this.code = code;
  }

  private CudaException(int code, String message) {
    super(message);
    this.code = code;
  }

  /** Of a status of cuBLAS that is no success. */
  static CudaException ofCublas(String what, int status) {
    return new CudaException(status, what + ": " + CublasStatus.name(status));
  }

  /** A fault of a kernel is reported by whatever comes after it. */
  private static String hint(int code) {
    boolean fault = code >= CUresult.CUDA_ERROR_ILLEGAL_ADDRESS && code < FAULTS_END;
    return fault && !Cuda.SYNC
        ? " in a kernel before; -Delbo4j.cuda.sync=true tells which, in a new process"
        : "";
  }

  /** The error code of the driver, or of cuBLAS. */
  public int code() {
    return code;
  }

  /** Throws unless {@code code} is success. */
  static void check(int code, String what) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw new CudaException(what, code);
    }
  }
}
