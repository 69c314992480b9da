package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link LikelihoodKernels} on a device: cuda/likelihood.cu. */
public final class LikelihoodCuda extends LikelihoodKernels {
  private final Cuda cuda;
  private final CudaKernel noneOutside;
  private final CudaKernel firstOutside;
  private final RowKernel bernoulli;
  private final RowKernel bernoulliDrawn;
  private final RowKernel bernoulliBackward;
  private final RowKernel bernoulliDrawnBackward;
  private final RowKernel continuousBernoulli;
  private final RowKernel continuousBernoulliBackward;
  private final LocationCuda gaussian;
  private final LocationCuda laplace;

  public LikelihoodCuda(Cuda cuda) {
    this.cuda = cuda;
    String f = "likelihood";
    noneOutside = cuda.kernel(f, "likelihood_none_outside");
    firstOutside = cuda.kernel(f, "likelihood_first_outside");
    bernoulli = cuda.rows(f, "likelihood_bernoulli");
    bernoulliDrawn = cuda.rows(f, "likelihood_bernoulli_drawn");
    bernoulliBackward = cuda.rows(f, "likelihood_bernoulli_backward");
    bernoulliDrawnBackward = cuda.rows(f, "likelihood_bernoulli_drawn_backward");
    continuousBernoulli = cuda.rows(f, "likelihood_continuous_bernoulli");
    continuousBernoulliBackward = cuda.rows(f, "likelihood_continuous_bernoulli_backward");
    gaussian =
        new LocationCuda(
            cuda,
            cuda.rows(f, "likelihood_gaussian"),
            cuda.rows(f, "likelihood_gaussian_backward"),
            cuda.kernel(f, "likelihood_gaussian_columns"));
    laplace =
        new LocationCuda(
            cuda,
            cuda.rows(f, "likelihood_laplace"),
            cuda.rows(f, "likelihood_laplace_backward"),
            cuda.kernel(f, "likelihood_laplace_columns"));
  }

  @Override
  protected int doFirstOutsideUnit(Tensor x) {
    DeviceCall call = cuda.begin();
    long address = call.in(x);
    long found = call.status();
    call.pass(found).launch(noneOutside, 1, 32, 0);
    call.pass(address).pass(found).pass(x.size()).launchFlat(firstOutside, (x.size() + 3L) / 4);
    int index = call.check(found, i -> LikelihoodArguments.outsideUnit("likelihood", x, i));
    call.end();
    return index;
  }

  @Override
  protected void doBernoulli(Tensor logits, Tensor x, Tensor logLik) {
    DeviceCall call = cuda.begin();
    forward(call, bernoulli, logits, CudaData.of(call, x), logLik);
  }

  @Override
  protected void doBernoulliBytes(
      Tensor logits, ByteTensor x, @Nullable NoiseKey binarization, Tensor logLik) {
    DeviceCall call = cuda.begin();
    if (binarization == null) {
      forward(call, bernoulli, logits, CudaData.of(call, x), logLik);
      return;
    }
    call.pass(call.in(logits)).pass(call.in(x)).pass(binarization).pass(call.out(logLik));
    launch(call, bernoulliDrawn, logits, x.rows());
  }

  @Override
  protected void doBernoulliBackward(Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits) {
    DeviceCall call = cuda.begin();
    backward(call, bernoulliBackward, logits, CudaData.of(call, x), dLogLik, dLogits);
  }

  @Override
  protected void doBernoulliBytesBackward(
      Tensor logits,
      ByteTensor x,
      @Nullable NoiseKey binarization,
      Tensor dLogLik,
      Tensor dLogits) {
    DeviceCall call = cuda.begin();
    if (binarization == null) {
      backward(call, bernoulliBackward, logits, CudaData.of(call, x), dLogLik, dLogits);
      return;
    }
    call.pass(call.in(logits)).pass(call.in(x)).pass(binarization);
    call.pass(call.in(dLogLik)).pass(call.inOut(dLogits));
    launch(call, bernoulliDrawnBackward, logits, x.rows());
  }

  @Override
  protected void doContinuousBernoulli(Tensor logits, Tensor x, Tensor logLik) {
    DeviceCall call = cuda.begin();
    forward(call, continuousBernoulli, logits, CudaData.of(call, x), logLik);
  }

  @Override
  protected void doContinuousBernoulliBytes(Tensor logits, ByteTensor x, Tensor logLik) {
    DeviceCall call = cuda.begin();
    forward(call, continuousBernoulli, logits, CudaData.of(call, x), logLik);
  }

  @Override
  protected void doContinuousBernoulliBackward(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor dLogits) {
    DeviceCall call = cuda.begin();
    backward(call, continuousBernoulliBackward, logits, CudaData.of(call, x), dLogLik, dLogits);
  }

  @Override
  protected void doContinuousBernoulliBytesBackward(
      Tensor logits, ByteTensor x, Tensor dLogLik, Tensor dLogits) {
    DeviceCall call = cuda.begin();
    backward(call, continuousBernoulliBackward, logits, CudaData.of(call, x), dLogLik, dLogits);
  }

  private static void forward(
      DeviceCall call, RowKernel kernel, Tensor logits, CudaData x, Tensor logLik) {
    x.pass(call.pass(call.in(logits))).pass(call.out(logLik));
    launch(call, kernel, logits, x.points());
  }

  private static void backward(
      DeviceCall call, RowKernel kernel, Tensor logits, CudaData x, Tensor g, Tensor dLogits) {
    x.pass(call.pass(call.in(logits))).pass(call.in(g)).pass(call.inOut(dLogits));
    launch(call, kernel, logits, x.points());
  }

  private static void launch(DeviceCall call, RowKernel kernel, Tensor logits, int points) {
    call.pass(logits.rows()).pass(LocationCuda.samples(logits, points)).pass(logits.columns());
    call.launchRows(kernel, logits.rows(), logits.columns());
    call.end();
  }

  @Override
  protected void doGaussian(Tensor mean, Tensor x, Tensor logVar, Tensor logLik) {
    DeviceCall call = cuda.begin();
    gaussian.forward(call, mean, CudaData.of(call, x), logVar, logLik);
  }

  @Override
  protected void doGaussianBytes(Tensor mean, ByteTensor x, Tensor logVar, Tensor logLik) {
    DeviceCall call = cuda.begin();
    gaussian.forward(call, mean, CudaData.of(call, x), logVar, logLik);
  }

  @Override
  protected void doGaussianBackward(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    DeviceCall call = cuda.begin();
    gaussian.backward(call, mean, CudaData.of(call, x), logVar, dLogLik, dMean, dLogVar);
  }

  @Override
  protected void doGaussianBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogVar) {
    DeviceCall call = cuda.begin();
    gaussian.backward(call, mean, CudaData.of(call, x), logVar, dLogLik, dMean, dLogVar);
  }

  @Override
  protected void doLaplace(Tensor mean, Tensor x, Tensor logScale, Tensor logLik) {
    DeviceCall call = cuda.begin();
    laplace.forward(call, mean, CudaData.of(call, x), logScale, logLik);
  }

  @Override
  protected void doLaplaceBytes(Tensor mean, ByteTensor x, Tensor logScale, Tensor logLik) {
    DeviceCall call = cuda.begin();
    laplace.forward(call, mean, CudaData.of(call, x), logScale, logLik);
  }

  @Override
  protected void doLaplaceBackward(
      Tensor mean,
      Tensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    DeviceCall call = cuda.begin();
    laplace.backward(call, mean, CudaData.of(call, x), logScale, dLogLik, dMean, dLogScale);
  }

  @Override
  protected void doLaplaceBytesBackward(
      Tensor mean,
      ByteTensor x,
      Tensor logScale,
      Tensor dLogLik,
      @Nullable Tensor dMean,
      @Nullable Tensor dLogScale) {
    DeviceCall call = cuda.begin();
    laplace.backward(call, mean, CudaData.of(call, x), logScale, dLogLik, dMean, dLogScale);
  }
}
