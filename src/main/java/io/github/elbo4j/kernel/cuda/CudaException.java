package io.github.elbo4j.kernel.cuda;

import jcuda.driver.CUresult;

/** What the CUDA driver refused: the call, with its arguments where they matter, and the error. */
public final class CudaException extends IllegalStateException {
  private static final long serialVersionUID = 1;
  private static final int FAULTS_END = 720;

  private final int code;

  CudaException(String what, int code) {
    super(what + ": " + CUresult.stringFor(code) + hint(code));
    this.code = code;
  }

  /** A fault of a kernel is reported by whatever comes after it. */
  private static String hint(int code) {
    boolean fault = code >= CUresult.CUDA_ERROR_ILLEGAL_ADDRESS && code < FAULTS_END;
    return fault && !Cuda.SYNC
        ? " in a kernel before; -Delbo4j.cuda.sync=true tells which, in a new process"
        : "";
  }

  /** The driver's error code. */
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
