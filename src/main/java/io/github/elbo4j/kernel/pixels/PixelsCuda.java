package io.github.elbo4j.kernel.pixels;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;

/** {@link PixelsKernels} on a device: cuda/pixels.cu. */
public final class PixelsCuda extends PixelsKernels {
  private final Cuda cuda;
  private final CudaKernel scale;
  private final CudaKernel binarize;

  public PixelsCuda(Cuda cuda) {
    this.cuda = cuda;
    scale = cuda.kernel("pixels", "pixels_scale");
    binarize = cuda.kernel("pixels", "pixels_binarize");
  }

  @Override
  protected void doScale(ByteTensor x, Tensor out) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(call.out(out)).pass(x.size());
    call.launchFlat(scale, (x.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doBinarize(NoiseKey key, long first, ByteTensor x, Tensor out) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(key).pass(first).pass(call.out(out)).pass(x.size());
    call.launchNoise(binarize, first, x.size());
    call.end();
  }
}
