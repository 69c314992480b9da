package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;

/**
 * What a likelihood's kernel reads its data from: see Data in cuda/pixels.cuh.
 *
 * @param floats address of float32, or 0
 * @param bytes address of unsigned bytes, or 0
 * @param points rows of data
 */
record CudaData(long floats, long bytes, int points) {
  static CudaData of(DeviceCall call, Tensor x) {
    return new CudaData(call.in(x), 0, x.rows());
  }

  static CudaData of(DeviceCall call, ByteTensor x) {
    return new CudaData(0, call.in(x), x.rows());
  }

  /** The next two arguments. */
  DeviceCall pass(DeviceCall call) {
    return call.pass(floats).pass(bytes);
  }
}
