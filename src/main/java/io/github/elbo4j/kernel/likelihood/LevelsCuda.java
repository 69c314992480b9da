package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link LevelsKernels} on a device: cuda/levels.cu. */
public final class LevelsCuda extends LevelsKernels {
  private final Cuda cuda;
  private final Categorical[] categoricals;
  private final LocationCuda logistic;

  /** The kernels for up to {@code levels} levels. */
  private record Categorical(int levels, RowKernel forward, RowKernel backward) {}

  public LevelsCuda(Cuda cuda) {
    this.cuda = cuda;
    categoricals =
        new Categorical[] {categorical(cuda, 1), categorical(cuda, 8), categorical(cuda, 32)};
    logistic = new LocationCuda(cuda, "levels", "levels_discretized_logistic");
  }

  /** Of a dimension's logits each of that many threads holds eight. */
  private static Categorical categorical(Cuda cuda, int lanes) {
    String name = "levels_categorical_" + lanes;
    return new Categorical(
        8 * lanes, cuda.rows("levels", name), cuda.rows("levels", name + "_backward"));
  }

  private Categorical categorical(int levels) {
    for (Categorical kernels : categoricals) {
      if (levels <= kernels.levels()) {
        return kernels;
      }
    }
    throw new IllegalArgumentException(levels + " levels"); // checked before
  }

  @Override
  protected void doCategorical(Tensor logits, ByteTensor x, Tensor logLik) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logits)).pass(call.in(x)).pass(call.out(logLik));
    launch(call, categorical(levels(logits, x)).forward(), logits, x);
  }

  @Override
  protected void doCategoricalBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logits)).pass(call.in(x)).pass(call.in(dLogLik)).pass(call.inOut(dLogits));
    launch(call, categorical(levels(logits, x)).backward(), logits, x);
  }

  private static void launch(DeviceCall call, RowKernel kernel, Tensor logits, ByteTensor x) {
    call.pass(logits.rows()).pass(LocationCuda.samples(logits, x.rows())).pass(x.columns());
    call.pass(levels(logits, x)).launchRows(kernel, logits.rows(), logits.columns());
    call.end();
  }

  @Override
  protected void doDiscretizedLogistic(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik) {
    DeviceCall call = cuda.begin();
    logistic.forward(call, mean, CudaData.of(call, x), logScale, logLik);
  }

  @Override
  protected void doDiscretizedLogisticBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    DeviceCall call = cuda.begin();
    logistic.backward(call, mean, CudaData.of(call, x), logScale, dLogLik, dMean, dLogScale);
  }
}
