package io.github.elbo4j.kernel.cuda;

import jcuda.driver.CUresult;

/** What the CUDA driver refused: the call, with its arguments where they matter, and the error. */
public final class CudaException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  private final int code;

  CudaException(String what, int code) {
    super(what + ": " + CUresult.stringFor(code));
    this.code = code;
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
