package io.github.elbo4j.kernel.random;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.Tensor;

/** {@link RandomKernels} on a device: cuda/random.cu. */
public final class RandomCuda extends RandomKernels {
  private final Cuda cuda;
  private final CudaKernel bits;
  private final CudaKernel uniform;
  private final CudaKernel normal;
  private final CudaKernel dropout;
  private final CudaKernel dropoutBackward;

  public RandomCuda(Cuda cuda) {
    this.cuda = cuda;
    bits = cuda.kernel("random", "random_bits");
    uniform = cuda.kernel("random", "random_uniform");
    normal = cuda.kernel("random", "random_normal");
    dropout = cuda.kernel("random", "random_dropout");
    dropoutBackward = cuda.kernel("random", "random_dropout_backward");
  }

  /** The integers are the host's, so this waits for the device. */
  @Override
  protected void doBits(NoiseKey key, long first, int[] out, int from, int n) {
    DeviceCall call = cuda.begin();
    long address = call.scratch((long) Integer.BYTES * n);
    call.pass(key).pass(first).pass(address).pass(n).launchNoise(bits, first, n);
    call.fetch(address, out, from, n);
    call.end();
  }

  @Override
  protected void doUniform(NoiseKey key, long first, Tensor out) {
    fill(uniform, key, first, out);
  }

  @Override
  protected void doNormal(NoiseKey key, long first, Tensor out) {
    fill(normal, key, first, out);
  }

  private void fill(CudaKernel kernel, NoiseKey key, long first, Tensor out) {
    DeviceCall call = cuda.begin();
    call.pass(key).pass(first).pass(call.out(out)).pass(out.size());
    call.launchNoise(kernel, first, out.size());
    call.end();
  }

  @Override
  protected void doDropout(Tensor x, float p, NoiseKey noise, Tensor y) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(p).pass(scale(p)).pass(noise).pass(call.out(y)).pass(x.size());
    call.launchNoise(dropout, 0, x.size());
    call.end();
  }

  @Override
  protected void doDropoutBackward(Tensor dY, float p, NoiseKey noise, Tensor dX) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(dY)).pass(p).pass(scale(p)).pass(noise).pass(call.inOut(dX));
    call.pass(dY.size()).launchNoise(dropoutBackward, 0, dY.size());
    call.end();
  }

  /** 1/(1 − p), rounded once. */
  private static float scale(float p) {
    return (float) (1 / (1 - (double) p));
  }
}
