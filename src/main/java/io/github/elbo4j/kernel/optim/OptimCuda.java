package io.github.elbo4j.kernel.optim;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.Totals;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link OptimKernels} on a device: cuda/optim.cu. */
public final class OptimCuda extends OptimKernels {
  private final Cuda cuda;
  private final CudaKernel adam;
  private final CudaKernel squaredNorm;
  private final CudaKernel total;
  private final CudaKernel clipScale;
  private final CudaKernel polyak;

  public OptimCuda(Cuda cuda) {
    this.cuda = cuda;
    adam = cuda.kernel("optim", "optim_adam");
    squaredNorm = cuda.kernel("optim", "optim_squared_norm");
    total = cuda.kernel("optim", "optim_total");
    clipScale = cuda.kernel("optim", "optim_clip_scale");
    polyak = cuda.kernel("optim", "optim_polyak");
  }

  @Override
  protected void doAdam(
      Tensor param,
      Tensor grad,
      Tensor m,
      Tensor v,
      @Nullable Tensor gradScale,
      @Nullable Tensor guard,
      AdamStep s) {
    DeviceCall call = cuda.begin();
    call.pass(call.inOut(param)).pass(call.inOut(grad)).pass(call.inOut(m)).pass(call.inOut(v));
    call.pass(call.in(gradScale)).pass(call.in(guard));
    call.pass((float) (1 - s.beta1())).pass((float) (1 - s.beta2()));
    Tensor numbers = s.numbers();
    long changing = call.changing(numbers);
    call.pass(changing);
    for (int i = 0; i < numbers.size(); i++) {
      call.pass(changing == 0 ? numbers.get(i) : 0);
    }
    call.pass(s.decayed()).pass(param.size());
    call.launchFlat(adam, (param.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doSquaredNorm(Tensor x, Tensor out) {
    DeviceCall call = cuda.begin();
    long to = call.out(out);
    long blocks = Totals.blocks(x.size());
    long part = call.scratch(blocks * Float.BYTES);
    call.pass(call.in(x)).pass(x.size()).pass(part).pass(to);
    call.launch(squaredNorm, blocks, THREADS, 0);
    if (blocks > 1) {
      call.pass(part).pass(blocks).pass(to).launch(total, 1, THREADS, 0);
    }
    call.end();
  }

  @Override
  protected void doClipScale(Tensor norm, float maxNorm, Tensor scale) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(norm)).pass(maxNorm).pass(call.out(scale)).launch(clipScale, 1, 1, 0);
    call.end();
  }

  @Override
  protected void doPolyak(Tensor average, Tensor param, float decay, @Nullable Tensor guard) {
    DeviceCall call = cuda.begin();
    call.pass(call.inOut(average)).pass(call.in(param)).pass(decay).pass(call.in(guard));
    call.pass(param.size());
    call.launchFlat(polyak, (param.size() + 3L) / 4);
    call.end();
  }
}
